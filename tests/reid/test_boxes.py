"""Boxes as a caller may have them: what is no box is refused by its row, before an embedding stands for nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid import create_encoder
from reid.boxes import as_boxes

GOOD = [[10.0, 10.0, 30.0, 60.0], [-5.0, 0.0, 0.5, 1.0]]


@pytest.mark.parametrize(
    "box",
    [
        pytest.param([np.nan, 10, 30, 60], id="NaN"),
        pytest.param([10, 10, 30, np.nan], id="NaN at the end"),
        pytest.param([10, 10, np.inf, 60], id="infinite"),
        pytest.param([-np.inf, 10, 30, 60], id="infinite to the left"),
        pytest.param([30, 10, 10, 60], id="right before left"),
        pytest.param([10, 60, 30, 10], id="upside down"),
        pytest.param([10, 10, 10, 60], id="no width"),
        pytest.param([0, 0, 0, 0], id="nothing"),
        pytest.param([100, 200, 50, 60], id="x, y, width, height"),
    ],
)
@pytest.mark.parametrize("name", ["none", "file", "small-cnn"])
def test_a_row_that_is_no_box_is_refused_by_every_encoder(name: str, box: list[float]) -> None:
    encoder = create_encoder(name, runtime="auto")
    image = np.zeros((80, 60, 3), np.uint8)
    with pytest.raises(ValueError, match=r"xyxy has no box in row 2: .* expected finite corners with x1 < x2"):
        encoder.encode(image, [*GOOD, box], np.ones((3, 4), np.float32))


@given(st.integers(0, 2**32 - 1), st.integers(0, 9))
def test_the_way_out_that_is_told_is_one(seed: int, count: int) -> None:
    xyxy: Any = np.random.default_rng(seed).choice([0.0, 1.0, 2.0, np.nan, np.inf], (count, 4))
    kept = xyxy[(xyxy[:, 2:] > xyxy[:, :2]).all(axis=1) & np.isfinite(xyxy).all(axis=1)]
    np.testing.assert_array_equal(as_boxes(kept), kept)
    if len(kept) < count:
        with pytest.raises(ValueError, match="leave such rows out"):
            as_boxes(xyxy)
