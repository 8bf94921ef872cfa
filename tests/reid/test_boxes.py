"""Boxes as a caller may have them: what is no box is told, and no other row suffers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid import create_encoder
from reid.boxes import as_boxes, with_an_area

ENCODER = create_encoder("small-cnn", device="cpu", runtime="torch")
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
def test_a_row_that_is_no_box_is_told_and_leaves_the_others_as_they_are(
    box: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    """Rows stay those of the boxes, so that `DeepSort.update`, which rejects such a box, gets the right embeddings."""
    image = np.random.default_rng(0).integers(0, 255, (80, 60, 3), np.uint8)
    alone = ENCODER.encode(image, GOOD)
    assert not caplog.records
    among = ENCODER.encode(image, [GOOD[0], box, GOOD[1]])
    np.testing.assert_allclose(among[[0, 2]], alone, atol=1e-6)
    assert among[1].tolist() == np.eye(1, ENCODER.embedding_dim)[0].tolist()
    assert "1 of 3 boxes are not finite or have no area, such as [" in caplog.text


def test_nothing_but_such_boxes_is_no_error() -> None:
    nothing = ENCODER.encode(np.zeros((80, 60, 3), np.uint8), [[5, 5, 5, 5], [np.nan] * 4])
    np.testing.assert_array_equal(nothing, np.eye(1, ENCODER.embedding_dim).repeat(2, axis=0))


@given(st.integers(0, 2**32 - 1), st.integers(0, 9))
def test_a_box_is_usable_that_a_tracker_would_not_reject(seed: int, count: int) -> None:
    xyxy: Any = np.random.default_rng(seed).choice([0.0, 1.0, 2.0, np.nan, np.inf], (count, 4))
    expected = [all(map(math.isfinite, row)) and row[0] < row[2] and row[1] < row[3] for row in xyxy.tolist()]
    assert with_an_area(as_boxes(xyxy)).tolist() == expected
