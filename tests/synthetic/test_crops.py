"""Crops for re-identification: right shape, reproducible, and people differ more than views do not."""

from __future__ import annotations

import numpy as np
import pytest

from synthetic.appearance import sample_identity
from synthetic.crops import render_crop, sample_light, sample_pose, sample_view
from synthetic.figure import Light, View
from synthetic.skeleton import Pose


def _random_crop(person: int, seed: int, size: tuple[int, int] = (128, 64)) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return render_crop(sample_identity(person), sample_pose(rng), sample_view(rng), sample_light(rng), rng, size=size)


@pytest.mark.parametrize("size", [(256, 128), (128, 64), (96, 96)])
def test_a_crop_has_the_asked_size(size: tuple[int, int]) -> None:
    crop = _random_crop(3, 3, size)
    assert crop.shape == (*size, 3)
    assert crop.dtype == np.uint8


def test_the_generator_decides_everything() -> None:
    np.testing.assert_array_equal(_random_crop(5, 8), _random_crop(5, 8))
    assert (_random_crop(5, 8) != _random_crop(5, 9)).any()


def test_the_same_clothes_look_more_alike_than_different_clothes() -> None:
    # Mean colour of chest and legs, over many views: nearest neighbour finds the person far more often than chance.
    people, views = 12, 6
    features = []
    for person in range(people):
        for view in range(views):
            rng = np.random.default_rng(100 * person + view)
            crop = render_crop(
                sample_identity(person), Pose(view / views), View(60.0 * view), Light(), rng, size=(128, 64)
            )
            bands = [crop[30:58, 24:40], crop[72:100, 24:40]]
            features.append(np.concatenate([band.reshape(-1, 3).mean(axis=0) for band in bands]))
    rows = np.array(features)
    distance = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    right = distance.argmin(axis=1) // views == np.arange(people * views) // views
    assert right.mean() > 0.5  # chance is 5 in 71
