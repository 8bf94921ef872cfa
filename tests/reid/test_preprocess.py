"""Crops: which pixels, in which order, on which scale."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reid.preprocess import crop_batch, normalise, preprocess

MEAN, STD = (0.5, 0.25, 0.75), (0.5, 0.25, 0.125)
RED = (0, 0, 255)  # BGR


def frame(colour: tuple[int, int, int] = (0, 0, 0), size: tuple[int, int] = (100, 200)) -> np.ndarray:
    return np.full((*size, 3), colour, np.uint8)


def boxes(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


def test_a_red_picture_is_high_in_the_first_channel() -> None:
    batch = preprocess(frame(RED), boxes((10, 10, 50, 90)), input_size=(8, 4), mean=MEAN, std=STD)
    want = torch.tensor([(1 - 0.5) / 0.5, (0 - 0.25) / 0.25, (0 - 0.75) / 0.125]).view(1, 3, 1, 1).expand(1, 3, 8, 4)
    assert batch.dtype == torch.float32
    torch.testing.assert_close(batch, want)


def test_normalises_every_byte_by_the_formula() -> None:
    crops = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 16, 16, 3)
    want = (np.arange(256) / 255).reshape(16, 16)
    got = normalise(crops, mean=MEAN, std=STD).numpy()[0]
    for channel in range(3):
        np.testing.assert_allclose(got[channel], (want - MEAN[channel]) / STD[channel], atol=1e-6)


def test_batch_is_channels_last_in_memory() -> None:
    batch = preprocess(frame(), boxes((0, 0, 9, 9), (0, 0, 5, 9)), input_size=(8, 4), mean=MEAN, std=STD)
    assert batch.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(
    ("box", "pixels"),
    [
        pytest.param((20, 10, 24, 18), (20, 10, 24, 18), id="whole pixels, x2 and y2 exclusive"),
        pytest.param((20.7, 10.2, 23.1, 17.5), (20, 10, 24, 18), id="fractions round outward"),
        pytest.param((-30, -5, 24, 18), (0, 0, 24, 18), id="over the top left corner"),
        pytest.param((190, 90, 999, 1e9), (190, 90, 200, 100), id="far over the bottom right corner"),
        pytest.param((-1e30, -1e30, 1e30, 1e30), (0, 0, 200, 100), id="larger than the frame"),
        pytest.param((20.2, 10.2, 20.4, 10.3), (20, 10, 21, 11), id="less than a pixel"),
    ],
)
def test_box_takes_exactly_these_pixels(box, pixels) -> None:
    image = np.random.default_rng(0).integers(0, 256, (100, 200, 3), np.uint8)
    x1, y1, x2, y2 = pixels
    crop = crop_batch(image, boxes(box), input_size=(y2 - y1, x2 - x1), fill=MEAN)
    np.testing.assert_array_equal(crop[0], image[y1:y2, x1:x2])


@pytest.mark.parametrize(
    "box",
    [
        pytest.param((300, 10, 340, 90), id="right of the frame"),
        pytest.param((-50, 10, -10, 90), id="left of the frame"),
        pytest.param((10, 100, 40, 150), id="below the frame"),
        pytest.param((10, 10, 10, 90), id="no width"),
        pytest.param((50, 90, 10, 10), id="corners exchanged"),
        pytest.param((np.nan, 10, 50, 90), id="NaN"),
        pytest.param((10, 10, np.inf, 90), id="infinite"),
    ],
)
def test_box_without_pixels_gives_a_blank_crop_and_spares_its_neighbours(box) -> None:
    batch = preprocess(frame(RED), boxes((10, 10, 50, 90), box), input_size=(8, 4), mean=MEAN, std=STD)
    alone = preprocess(frame(RED), boxes((10, 10, 50, 90)), input_size=(8, 4), mean=MEAN, std=STD)
    assert batch[1].abs().max() < 1 / 255 / min(STD)  # half a grey level of rounding
    torch.testing.assert_close(batch[:1], alone)


def test_no_boxes_give_an_empty_batch() -> None:
    assert preprocess(frame(), boxes(), input_size=(8, 4), mean=MEAN, std=STD).shape == (0, 3, 8, 4)


@pytest.mark.parametrize("form", ["(H, W)", "(H, W, 1)"])
def test_a_grey_image_is_that_grey_in_all_three_channels(form: str) -> None:
    grey = np.random.default_rng(0).integers(0, 256, (60, 40), np.uint8)
    image = grey if form == "(H, W)" else grey[..., None]
    crop = crop_batch(image, boxes((5, 10, 25, 50)), input_size=(40, 20), fill=MEAN)
    np.testing.assert_array_equal(crop[0], np.stack([grey[10:50, 5:25]] * 3, axis=-1))


def test_alpha_is_dropped_and_not_multiplied_in() -> None:
    image = np.random.default_rng(0).integers(0, 256, (60, 40, 4), np.uint8)
    crop = crop_batch(image, boxes((5, 10, 25, 50)), input_size=(40, 20), fill=MEAN)
    np.testing.assert_array_equal(crop[0], image[10:50, 5:25, :3])


def test_leaves_the_frame_as_it_was() -> None:
    image = np.random.default_rng(0).integers(0, 256, (100, 200, 3), np.uint8)
    before = image.copy()
    preprocess(image, boxes((0, 0, 100, 100), (-5, 3, 20, 20)), input_size=(8, 4), mean=MEAN, std=STD)
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(np.zeros(9, np.uint8), id="one row"),
        pytest.param(np.zeros((9, 9, 2), np.uint8), id="two channels"),
        pytest.param(np.zeros((3, 9, 9), np.uint8), id="channels first"),
        pytest.param(np.zeros((1, 9, 9, 3), np.uint8), id="a batch"),
        pytest.param(np.zeros((9, 9, 3), np.float32), id="floats"),
    ],
)
def test_refuses_another_kind_of_image(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="image must be uint8"):
        crop_batch(image, boxes((0, 0, 5, 5)), input_size=(8, 4), fill=MEAN)


def test_refuses_another_shape_of_boxes() -> None:
    with pytest.raises(ValueError, match=r"\(N, 4\)"):
        crop_batch(frame(), np.zeros((2, 5)), input_size=(8, 4), fill=MEAN)
