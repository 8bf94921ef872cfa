"""Augmentation of a batch, held against torchvision.transforms.v2 crop by crop."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torchvision.transforms.v2 import functional as v2

from reid.backbones.base import IMAGENET_MEAN, IMAGENET_STD
from reid.preprocess import normalise
from reid.training.augment import Changes, apply_colours, apply_geometry, draw_changes
from reid.training.recipe import Recipe

SIZE = (24, 12)
PLAIN = Recipe(flip=0, pad=0, erase=0, brightness=0, image_contrast=0, saturation=0, white_balance=0)
COUNT = 40


def soft_crops(count: int = COUNT) -> np.ndarray:
    """Colours from 90 to 150, so that no change of the default strength is cut off at 0 or 255."""
    return np.random.default_rng(3).integers(90, 151, (count, *SIZE, 3), dtype=np.uint8)


def changes_of(count: int = COUNT, **settings: float) -> Changes:
    return draw_changes(dataclasses.replace(PLAIN, **settings), count, SIZE, (0, 0, 0))


def colours(crops: np.ndarray, changes: Changes) -> torch.Tensor:
    return apply_colours(torch.from_numpy(crops), changes, mean=(0, 0, 0), std=(1, 1, 1))


def as_rgb(crops: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(crops[..., ::-1].copy()).permute(0, 3, 1, 2).float() / 255


def test_without_any_change_it_is_the_normalisation_of_the_encoder() -> None:
    crops = soft_crops()
    changed = apply_colours(torch.from_numpy(crops), changes_of(), mean=IMAGENET_MEAN, std=IMAGENET_STD)
    torch.testing.assert_close(changed, normalise(crops, mean=IMAGENET_MEAN, std=IMAGENET_STD), atol=1e-5, rtol=0)


def test_brightness_is_that_of_torchvision() -> None:
    crops, changes = soft_crops(), changes_of(brightness=0.4)
    expected = [
        v2.adjust_brightness(crop, float(gain[0])) for crop, gain in zip(as_rgb(crops), changes.gains, strict=True)
    ]
    torch.testing.assert_close(colours(crops, changes), torch.stack(expected), atol=1e-5, rtol=0)
    assert np.ptp(changes.gains) > 0.5


def test_contrast_is_that_of_torchvision() -> None:
    crops, changes = soft_crops(), changes_of(image_contrast=0.4)
    expected = [
        v2.adjust_contrast(crop, float(factor)) for crop, factor in zip(as_rgb(crops), changes.contrast, strict=True)
    ]
    torch.testing.assert_close(colours(crops, changes), torch.stack(expected), atol=1e-4, rtol=0)


def test_saturation_is_that_of_torchvision() -> None:
    crops, changes = soft_crops(), changes_of(saturation=0.8)
    expected = [
        v2.adjust_saturation(crop, float(factor))
        for crop, factor in zip(as_rgb(crops), changes.saturation, strict=True)
    ]
    torch.testing.assert_close(colours(crops, changes), torch.stack(expected), atol=1e-4, rtol=0)


def test_all_three_together_are_torchvisions_one_after_the_other() -> None:
    crops, changes = soft_crops(), changes_of(brightness=0.2, image_contrast=0.2, saturation=0.2)
    expected = []
    for crop, gain, contrast, saturation in zip(
        as_rgb(crops), changes.gains, changes.contrast, changes.saturation, strict=True
    ):
        bright = v2.adjust_contrast(v2.adjust_brightness(crop, float(gain[0])), float(contrast))
        expected.append(v2.adjust_saturation(bright, float(saturation)))
    torch.testing.assert_close(colours(crops, changes), torch.stack(expected), atol=1e-4, rtol=0)


def test_white_balance_scales_each_channel_by_itself() -> None:
    crops, changes = soft_crops(), changes_of(white_balance=0.3)
    expected = as_rgb(crops) * torch.from_numpy(changes.gains)[:, :, None, None]
    torch.testing.assert_close(colours(crops, changes), expected, atol=1e-5, rtol=0)
    assert (np.ptp(changes.gains, axis=1) > 0.01).mean() > 0.9


def test_values_stay_between_black_and_white() -> None:
    crops = np.random.default_rng(0).integers(0, 256, (COUNT, *SIZE, 3), dtype=np.uint8)
    changed = colours(crops, changes_of(brightness=0.9, image_contrast=0.9, saturation=1, white_balance=0.9))
    assert 0 <= float(changed.min()) <= float(changed.max()) <= 1


def test_shifts_and_flips_are_torchvisions_pad_crop_and_mirror() -> None:
    crops, changes = soft_crops(), changes_of(pad=5, flip=0.5)
    moved = as_rgb(apply_geometry(crops, changes, (0, 0, 0)))
    for crop, target, (down, right), flip in zip(
        as_rgb(crops), moved, changes.shifts.tolist(), changes.flips, strict=True
    ):
        shifted = v2.crop(v2.pad(crop, [5, 5, 5, 5]), 5 - down, 5 - right, *SIZE)
        assert torch.equal(target, v2.horizontal_flip(shifted) if flip else shifted)
    assert set(changes.shifts.ravel().tolist()) == set(range(-5, 6))
    assert 0.2 < changes.flips.mean() < 0.8


def test_what_comes_in_at_the_border_is_the_mean_colour() -> None:
    changes = dataclasses.replace(changes_of(1), shifts=np.array([[3, 0]]))
    moved = apply_geometry(soft_crops(1), changes, (1.0, 0.5, 0.0))
    assert moved[0, :3].reshape(-1, 3).tolist() == [[0, 128, 255]] * (3 * SIZE[1])  # BGR


def test_a_shift_larger_than_the_crop_leaves_the_fill_alone() -> None:
    changes = dataclasses.replace(changes_of(1), shifts=np.array([[-40, 30]]))
    assert (apply_geometry(soft_crops(1), changes, (0, 0, 0)) == 0).all()


def test_erasing_is_torchvisions_with_zeros() -> None:
    crops, changes = soft_crops(), changes_of(erase=1)
    for crop, target, (top, left, height, width) in zip(
        as_rgb(crops), colours(crops, changes), changes.erased.tolist(), strict=True
    ):
        expected = v2.erase(crop, top, left, height, width, torch.zeros(3, 1, 1)) if height else crop
        torch.testing.assert_close(target, expected, atol=1e-5, rtol=0)


def test_erased_rectangles_have_the_areas_of_the_paper() -> None:
    changes = draw_changes(dataclasses.replace(PLAIN, erase=1), 500, (128, 64), (0, 0, 0))
    share = changes.erased[:, 2] * changes.erased[:, 3] / (128 * 64)
    assert (share > 0).mean() > 0.95
    assert 0.015 < share[share > 0].min() < 0.05
    assert 0.35 < share.max() < 0.41


def test_drawing_again_gives_the_same_and_another_batch_gives_others() -> None:
    first, again = (draw_changes(Recipe(), 8, SIZE, (1, 2, 3)) for _ in range(2))
    other = draw_changes(Recipe(), 8, SIZE, (1, 2, 4))
    assert all((getattr(first, item.name) == getattr(again, item.name)).all() for item in dataclasses.fields(Changes))
    assert (first.gains != other.gains).all()


@pytest.mark.parametrize("cut", [slice(0, 4), slice(4, 8)])
def test_a_part_of_the_batch_is_changed_as_in_the_whole(cut: slice) -> None:
    crops, changes = soft_crops(8), draw_changes(Recipe(), 8, SIZE, (0, 0, 1))
    whole = colours(apply_geometry(crops, changes, (0, 0, 0)), changes)
    part = colours(apply_geometry(crops[cut], changes[cut], (0, 0, 0)), changes[cut])
    torch.testing.assert_close(part, whole[cut], atol=1e-6, rtol=0)
