"""Box forms and overlap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.boxes import pairwise_iou, xyah_to_xyxy, xyxy_to_xyah

corner = st.floats(-1000, 1000)
side = st.floats(0.5, 1000)
boxes = st.lists(st.tuples(corner, corner, side, side), min_size=1, max_size=8).map(
    lambda rows: np.array([[x, y, x + w, y + h] for x, y, w, h in rows])
)


@given(boxes)
def test_xyah_and_back(xyxy):
    np.testing.assert_allclose(xyah_to_xyxy(xyxy_to_xyah(xyxy)), xyxy, atol=1e-9)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        pytest.param([0, 0, 10, 10], [0, 0, 10, 10], 1.0, id="the same"),
        pytest.param([0, 0, 10, 10], [5, 0, 15, 10], 1 / 3, id="half shifted"),
        pytest.param([0, 0, 10, 10], [10, 0, 20, 10], 0.0, id="touching edges"),
        pytest.param([0, 0, 10, 10], [50, 50, 60, 60], 0.0, id="apart"),
        pytest.param([0, 0, 10, 10], [2, 2, 4, 4], 0.04, id="inside"),
    ],
)
def test_iou(a, b, expected):
    assert pairwise_iou(np.array([a], float), np.array([b], float))[0] == pytest.approx(expected)
