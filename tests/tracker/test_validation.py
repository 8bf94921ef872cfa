"""Boxes that can't be tracked are turned away at the door, with the reason."""

from __future__ import annotations

import numpy as np
import pytest

from tracker.validation import REJECT_REASONS, reject_reasons


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        pytest.param([0, 0, 10, 10], "", id="usable"),
        pytest.param([-5, -5, 10, 10], "", id="over the border"),
        pytest.param([-90, 10, -10, 50], "", id="just outside"),
        pytest.param([0, 0, 10, np.nan], "not finite", id="NaN"),
        pytest.param([-np.inf, 0, 10, 10], "not finite", id="infinite"),
        pytest.param([0, 0, 0, 10], "no area", id="no width"),
        pytest.param([0, 0, 10, -10], "no area", id="upside down"),
        pytest.param([0, 0, 1e-200, 1e-200], "no area", id="an area that vanishes"),
        pytest.param([300, 10, 340, 50], "far outside the frame", id="far to the right"),
        pytest.param([10, -300, 40, -150], "far outside the frame", id="far above"),
    ],
)
def test_the_door(box, reason):
    found = reject_reasons(np.array([box], float), np.array([0.5]), frame_size=(100, 100))
    assert REJECT_REASONS[found[0]] == reason


def test_without_a_frame_size_only_absurd_coordinates_are_far_outside():
    boxes = np.array([[5e4, 0, 5e4 + 10, 10], [1e7, 0, 1e7 + 10, 10]])
    assert reject_reasons(boxes, np.array([0.5, 0.5])).tolist() == [0, 3]
