"""Overlap of boxes, held against areas counted by hand and against TrackEval's function, to the last bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from trackeval.datasets._base_dataset import _BaseDataset

from evaluation.overlap import box_iou, box_share

BOXES = st.integers(0, 6).flatmap(lambda count: arrays(np.float64, (count, 4), elements=st.floats(-50, 200, width=32)))


@pytest.mark.parametrize(
    ("other", "iou", "share"),
    [
        pytest.param((0, 0, 10, 10), 1.0, 1.0, id="the same"),
        pytest.param((5, 0, 10, 10), 50 / 150, 0.5, id="half beside"),
        pytest.param((2, 2, 5, 5), 25 / 100, 0.25, id="inside"),
        pytest.param((-10, -10, 40, 40), 100 / 1600, 1.0, id="around"),
        pytest.param((10, 0, 10, 10), 0.0, 0.0, id="touching"),
        pytest.param((3, 3, 0, 5), 0.0, 0.0, id="no width"),
        pytest.param((8, 8, -4, -4), 0.0, 0.0, id="negative sides"),
    ],
)
def test_by_hand(other: tuple[float, ...], iou: float, share: float) -> None:
    box = np.array([[0.0, 0, 10, 10]])
    assert box_iou(box, np.array([other], np.float64)) == pytest.approx(iou)
    assert box_share(box, np.array([other], np.float64)) == pytest.approx(share)


@given(BOXES, BOXES)
def test_bit_for_bit_as_trackeval(first: np.ndarray, second: np.ndarray) -> None:
    """A threshold at 0.5 must fall on the same side."""
    theirs = _BaseDataset._calculate_box_ious(first.copy(), second.copy())
    np.testing.assert_array_equal(box_iou(first, second), theirs)
    shares = _BaseDataset._calculate_box_ious(first.copy(), second.copy(), do_ioa=True)
    np.testing.assert_array_equal(box_share(first, second), shares)


def test_arguments_are_left_alone() -> None:
    box = np.array([[1.0, 2, 3, 4]])
    box_iou(box, box)
    np.testing.assert_array_equal(box, [[1, 2, 3, 4]])
