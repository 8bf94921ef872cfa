"""The camera's motion from pictures whose motion is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from track.setup.camera_motion import CameraMotion

NOBODY = np.empty((0, 4))


def texture(seed: int = 0) -> np.ndarray:
    """A large picture with structure at several sizes."""
    rng = np.random.default_rng(seed)
    picture = np.zeros((900, 1400), np.float32)
    for size in (8, 24, 60):
        small = rng.normal(0, 1, (900 // size + 1, 1400 // size + 1)).astype(np.float32)
        picture += cv2.resize(small, (1400, 900), interpolation=cv2.INTER_LINEAR)
    picture = cv2.normalize(picture, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)
    return cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)


def view(picture: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """What a camera of 960x540 sees after `affine` moved the world."""
    start = np.array([[1, 0, -200.0], [0, 1, -150.0]])
    both = np.vstack((affine, [0, 0, 1])) @ np.vstack((start, [0, 0, 1]))
    return cv2.warpAffine(picture, both[:2], (960, 540))


@pytest.mark.parametrize(
    ("angle", "zoom", "shift"),
    [
        pytest.param(0.0, 1.0, (12.0, -7.0), id="pan"),
        pytest.param(0.01, 1.0, (0.0, 5.0), id="shake"),
        pytest.param(0.0, 1.02, (-6.0, -4.0), id="zoom"),
    ],
)
def test_a_known_motion_is_found(angle, zoom, shift):
    cosine, sine = zoom * np.cos(angle), zoom * np.sin(angle)
    true = np.array([[cosine, -sine, shift[0]], [sine, cosine, shift[1]]])
    camera, picture = CameraMotion(), texture()
    camera.estimate(view(picture, np.eye(2, 3)), NOBODY)
    found = camera.estimate(view(picture, true), NOBODY)
    corners = np.array([[0, 0, 1], [960, 0, 1], [0, 540, 1], [960, 540, 1.0]])
    assert np.abs(corners @ (found - true).T).max() < 1.0
    assert (camera.num_frames, camera.num_failed, camera.num_moving) == (1, 0, 1)


def test_a_still_camera_gives_exactly_the_identity():
    camera, picture = CameraMotion(), view(texture(), np.eye(2, 3))
    rng = np.random.default_rng(1)
    for _ in range(3):
        noisy = np.clip(picture + rng.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)
        found = camera.estimate(noisy, NOBODY)
        np.testing.assert_array_equal(found, np.eye(2, 3))
    assert camera.num_moving == 0


def test_people_who_walk_are_not_taken_for_the_camera():
    """More than half of the picture moves, but in boxes."""
    still, walking = view(texture(0), np.eye(2, 3)), texture(5)[:540, :700]
    camera, boxes = CameraMotion(), np.array([[0.0, 0.0, 720.0, 540.0]])
    for step in range(3):
        picture = still.copy()
        picture[:, :700] = np.roll(walking, 9 * step, axis=1)
        found = camera.estimate(picture, boxes)
    np.testing.assert_array_equal(found, np.eye(2, 3))
    assert camera.num_failed == 0


def test_a_picture_without_corners_fails_and_says_so():
    camera, grey = CameraMotion(), np.full((360, 640, 3), 90, np.uint8)
    for _ in range(3):
        np.testing.assert_array_equal(camera.estimate(grey, NOBODY), np.eye(2, 3))
    assert (camera.num_frames, camera.num_failed) == (2, 2)
