"""Crops for re-identification: right shape, reproducible, and people differ more than views do."""

from __future__ import annotations

import numpy as np
import pytest

from synthetic.crops import Shot, detector_box, render_crops, sample_pose
from synthetic.figure import View
from synthetic.sites import NUM_CAMERAS, site_of
from synthetic.wardrobe import sample_pedestrian


def _shots(number: int, seed: int, camera: int | None = None) -> list[Shot]:
    rng = np.random.default_rng(seed)
    return [
        Shot(
            site_of(0, camera or 1 + shot % NUM_CAMERAS, 1),
            sample_pose(rng),
            View(float(rng.uniform(0, 360)), 12.0),
            (seed, shot),
        )
        for shot in range(number)
    ]


@pytest.mark.parametrize("size", [(256, 128), (128, 64), (96, 96)])
def test_crops_have_the_asked_size(size: tuple[int, int]) -> None:
    crops = render_crops(sample_pedestrian(0, 3), _shots(2, 3), size)
    assert [crop.shape for crop in crops] == [(*size, 3)] * 2
    assert all(crop.dtype == np.uint8 for crop in crops)


def test_the_shots_decide_everything() -> None:
    person = sample_pedestrian(0, 5)
    np.testing.assert_array_equal(render_crops(person, _shots(3, 8)), render_crops(person, _shots(3, 8)))
    assert (render_crops(person, _shots(1, 8))[0] != render_crops(person, _shots(1, 9))[0]).any()


def test_a_crop_does_not_depend_on_the_crops_drawn_with_it() -> None:
    person, shots = sample_pedestrian(0, 6), _shots(5, 4)
    together = render_crops(person, shots)
    for shot, crop in zip(shots, together, strict=True):
        np.testing.assert_array_equal(render_crops(person, [shot])[0], crop)


def test_the_same_clothes_look_more_alike_than_different_clothes() -> None:
    # Mean colour of chest and legs before one camera: nearest neighbour finds the person far more often than chance.
    people, views = 12, 6
    features = []
    for person in range(0, 8 * people, 8):
        for crop in render_crops(sample_pedestrian(0, person), _shots(views, person, camera=2)):
            bands = [crop[30:58, 20:44], crop[72:100, 20:44]]
            features.append(np.concatenate([band.reshape(-1, 3).mean(axis=0) for band in bands]))
    rows = np.array(features)
    distance = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    right = distance.argmin(axis=1) // views == np.arange(people * views) // views
    assert right.mean() > 0.3  # chance is 5 in 71


def test_a_detectors_box_is_near_the_silhouette_and_sometimes_cuts_the_feet_off() -> None:
    silhouette = (-20.0, -120.0, 25.0, 3.0)
    boxes = np.array([detector_box(silhouette, np.random.default_rng(seed)) for seed in range(400)], float)
    overlap_width = np.minimum(boxes[:, 2], 25) - np.maximum(boxes[:, 0], -20)
    overlap_height = np.minimum(boxes[:, 3], 3) - np.maximum(boxes[:, 1], -120)
    overlap = overlap_width * overlap_height
    union = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) + 45 * 123 - overlap
    assert 0.7 < np.median(overlap / union) < 1
    assert (overlap / union).min() > 0.4
    assert 0.01 < (boxes[:, 3] < 3 - 0.15 * 123).mean() < 0.15
