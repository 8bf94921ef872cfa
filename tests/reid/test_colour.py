"""The encoder of colours: histograms in stripes, as their definition says, and what a tracker asks of any encoder."""

from __future__ import annotations

from collections import Counter

import cv2
import numpy as np
import pytest

from reid import create_encoder
from reid.colour import ColourEncoder
from reid.cropping import crop_batch

RED, BLUE, GREEN = (0, 0, 255), (255, 0, 0), (0, 255, 0)


def dressed(top: tuple[int, int, int], bottom: tuple[int, int, int]) -> np.ndarray:
    """A crop of 120x60 px: half and half."""
    image = np.empty((120, 60, 3), np.uint8)
    image[:60], image[60:] = top, bottom
    return image


def embed(*crops: np.ndarray) -> np.ndarray:
    encoder = create_encoder("colour")
    return np.concatenate([encoder.encode(crop, [[0, 0, crop.shape[1], crop.shape[0]]]) for crop in crops])


def test_the_vector_is_the_square_root_of_counts_by_stripe_and_colour() -> None:
    """Counted pixel by pixel, with the bins cut by hand."""
    image = np.random.default_rng(0).integers(0, 256, (100, 50, 3), np.uint8)
    box = np.array([[3.0, 5.0, 45.0, 95.0]])
    (crop,) = crop_batch(image, box, input_size=(128, 64), fill=(0, 0, 0))
    hsv = cv2.cvtColor(crop, cv2.COLOR_BGR2HSV).astype(int)
    rows = [22, 22, 21, 21, 21, 21]  # 128 rows over six stripes
    want = np.zeros((6, 8, 8, 4))
    for stripe, end in enumerate(np.cumsum(rows)):
        pixels = hsv[end - rows[stripe] : end].reshape(-1, 3)
        for (h, s, v), count in Counter((h * 8 // 180, s // 32, v // 64) for h, s, v in pixels.tolist()).items():
            want[stripe, h, s, v] = np.sqrt(count)
    want = want.ravel() / np.linalg.norm(want)
    np.testing.assert_allclose(create_encoder("colour").encode(image, box)[0], want, atol=1e-6)


@pytest.mark.parametrize(
    ("other", "distance"),
    [
        pytest.param(dressed(RED, BLUE), 0, id="the same clothes"),
        pytest.param(dressed(BLUE, RED), 1, id="the same colours at other heights"),
        pytest.param(dressed(RED, GREEN), 0.5, id="other trousers"),
        pytest.param(dressed(GREEN, GREEN), 1, id="other clothes"),
        pytest.param(cv2.resize(dressed(RED, BLUE), (30, 60)), 0, id="farther away"),
    ],
)
def test_clothes_decide_the_distance(other: np.ndarray, distance: float) -> None:
    first, second = embed(dressed(RED, BLUE), other)
    assert 1 - float(first @ second) == pytest.approx(distance, abs=0.05)


def test_it_is_an_encoder_like_the_others() -> None:
    encoder = create_encoder("colour")
    assert isinstance(encoder, ColourEncoder)
    assert (encoder.name, encoder.needs_images, encoder.embedding_dim) == ("colour", True, 1536)
    assert (encoder.runtime, encoder.precision, encoder.device) == (None, None, "cpu")
    assert encoder.encode(np.zeros((50, 50, 3), np.uint8), []).shape == (0, 1536)
    rows = encoder.encode(dressed(RED, BLUE), [[0, 0, 60, 120], [-50, -50, -10, -10], [10, 20, 30, 90]])
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    assert np.isfinite(rows).all(), "also of a box outside the picture"
    np.testing.assert_array_equal(encoder.encode(dressed(RED, BLUE), [[10, 20, 30, 90]])[0], rows[2])
    with pytest.raises(ValueError, match="--reid colour looks at pixels, but this source has no images"):
        encoder.encode(None, [[0, 0, 1, 1]])
