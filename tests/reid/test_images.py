"""Crops from files: 16 bits become 8, alike in a whole data set, and what is too large is told before it is decoded."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from reid.data import read_crops, read_image
from tests.track.media import huge_png


def write(path: Path, brightest: int) -> Path:
    """A ramp from black to `brightest`, 16 bits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ramp = np.linspace(0, brightest, 32).round().astype(np.uint16)
    assert cv2.imwrite(str(path), np.tile(ramp[None, :, None], (64, 1, 3)))
    return path


@pytest.mark.parametrize(("brightest", "bits"), [(4095, 12), (1023, 10), (65_535, 16), (255, 8)])
@pytest.mark.parametrize("ending", [".png", ".tiff"])
def test_the_bits_in_use_become_8(tmp_path: Path, brightest: int, bits: int, ending: str) -> None:
    """Twelve bits of a sensor were read as black."""
    path = write(tmp_path / "train" / f"a{ending}", brightest)
    expected = np.linspace(0, brightest, 32).round().astype(int) >> (bits - 8)
    np.testing.assert_array_equal(read_image(path)[0, :, 0], expected)


def test_a_dark_person_stays_dark_beside_bright_ones(tmp_path: Path) -> None:
    """In folders of one person each, too: all of a data set are scaled alike."""
    dark, bright = write(tmp_path / "train" / "7" / "a.png", 900), write(tmp_path / "train" / "8" / "a.png", 4000)
    assert [int(read_image(path).max()) for path in (dark, bright)] == [900 >> 4, 4000 >> 4]


def test_one_that_is_too_large_is_named_as_damaged_and_takes_no_memory(tmp_path: Path) -> None:
    huge, good = tmp_path / "huge.png", write(tmp_path / "good.png", 65_535)
    huge.write_bytes(huge_png())
    with pytest.raises(ValueError, match="megapixels"):
        read_image(huge)
    crops = read_crops([huge, good], (16, 8))
    assert crops.damaged == (huge,)
    assert crops.rows.tolist() == [1]
