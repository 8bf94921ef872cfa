"""Turning crops."""

from __future__ import annotations

import numpy as np
import pytest

from reid.rotate import rotated

SQUARE = np.arange(7 * 7 * 3, dtype=np.uint8).reshape(7, 7, 3)


def test_a_quarter_turn_of_a_square_is_counter_clockwise() -> None:
    np.testing.assert_allclose(rotated(SQUARE, 90).astype(int), np.rot90(SQUARE).astype(int), atol=1)


def test_no_angle_changes_nothing() -> None:
    assert np.array_equal(rotated(SQUARE, 0), SQUARE)


def test_the_size_stays_and_the_border_is_repeated() -> None:
    image = np.full((40, 20, 3), 200, np.uint8)
    turned = rotated(image, 45)
    assert turned.shape == image.shape
    assert turned.min() == 200, "no black corner"


def test_an_angle_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="the angle is nan"):
        rotated(SQUARE, float("nan"))
