"""The motion of the camera, as the boxes tell it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker import DeepSort, TrackerConfig
from tracker.camera import camera_shift


def people(count: int, seed: int = 0) -> np.ndarray:
    """Boxes that stand apart, `(count, 4)`."""
    rng = np.random.default_rng(seed)
    corner = np.column_stack((np.arange(count) * 90.0, rng.uniform(0, 200, count)))
    return np.concatenate((corner, corner + (50, 120)), axis=1)


def seen_standing(boxes: np.ndarray) -> DeepSort:
    """After some frames, predicted to the next one."""
    tracker = DeepSort(TrackerConfig())
    for _ in range(6):
        tracker.update(boxes, np.full(len(boxes), 0.9))
    tracker.coast()
    tracker._table.misses += 1
    return tracker


@given(st.floats(-12, 12), st.floats(-12, 12), st.integers(0, 1000))
def test_a_jolt_of_the_camera_is_found(right, down, seed):
    """Each detection is shaken by a pixel of its own."""
    boxes = people(9, seed)
    table = seen_standing(boxes)._table
    shaken = boxes + np.tile(np.random.default_rng(seed).uniform(-0.5, 0.5, (9, 2)), 2)
    found = camera_shift(table, shaken + (right, down, right, down))
    for moved, told in zip((right, down), found, strict=True):
        assert abs(told - moved) < 1.0 or (told == 0 and abs(moved) < 1.5)


@pytest.mark.parametrize(
    ("count", "offsets"),
    [
        pytest.param(3, np.full((3, 2), 8.0), id="too few to tell"),
        pytest.param(8, np.array([[9.0, 0], [-9, 0]] * 4), id="people who go their own ways"),
        pytest.param(8, np.array([[9.0, 0]] * 3 + [[0.0, 0]] * 5), id="some who move among more who stand"),
        pytest.param(8, np.zeros((8, 2)), id="nobody moves"),
        pytest.param(8, np.full((8, 2), 400.0), id="so far that nothing overlaps"),
    ],
)
def test_what_tracks_do_not_have_in_common_is_not_the_cameras(count, offsets):
    boxes = people(count)
    table = seen_standing(boxes)._table
    assert camera_shift(table, boxes + np.tile(offsets, 2)).tolist() == [0.0, 0.0]


def test_who_was_hidden_while_the_camera_turned_is_found_where_it_looks_now():
    """Nobody tells the camera's motion: the others do."""
    boxes, pan = people(6), np.array([15.0, 0, 15, 0])
    ids = {}
    for switched_on in (False, True):
        config = TrackerConfig(recover_s=1.0, max_age_s=2.0, camera_from_boxes=switched_on)
        tracker = DeepSort(config)
        for _ in range(6):
            tracks = tracker.update(boxes, np.full(6, 0.9))
        hidden = int(tracks.ids[0])
        for frame in range(1, 5):
            tracker.update(boxes[1:] + frame * pan, np.full(5, 0.9))
        tracks = tracker.update(boxes + 5 * pan, np.full(6, 0.9))
        ids[switched_on] = hidden in tracks.ids[tracks.detection_index == 0].tolist()
    assert ids == {False: False, True: True}


def test_a_motion_that_is_told_is_believed_instead():
    boxes, jolt = people(6), np.array([10.0, 0, 10, 0])
    config = TrackerConfig(camera_from_boxes=True)
    here, there = DeepSort(config), DeepSort(dataclasses.replace(config, camera_from_boxes=False))
    for step in range(6):
        motion = np.array([[1.0, 0, 10.0 * (step > 0)], [0, 1, 0]])
        for tracker in (here, there):
            tracker.update(boxes + step * jolt, np.full(6, 0.9), motion=motion)
    np.testing.assert_array_equal(here.confirmed().xyxy, there.confirmed().xyxy)
