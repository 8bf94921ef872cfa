"""The verdict of `track tune`, from the interval alone."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from evaluation.pieces import Interval
from track.commands.tune.config import Outcome
from track.commands.tune.report import verdict


@pytest.mark.parametrize(
    ("low", "is_gain"),
    [
        pytest.param(2.7, True, id="far above 0"),
        pytest.param(0.06, True, id="shown as +0.1"),
        pytest.param(0.04, False, id="above 0, and shown as +0.0"),
        pytest.param(0.0, False, id="at 0"),
        pytest.param(-3.2, False, id="below 0"),
        pytest.param(-math.inf, False, id="too few pieces"),
        pytest.param(math.nan, False, id="unknown"),
    ],
)
def test_a_gain_is_one_that_is_seen_in_what_is_printed(low: float, is_gain: bool) -> None:
    scores = np.array([60.0, 70.0, 80.0])
    gain = Interval(value=3.0, low=low, high=6.0, num_pieces=12)
    outcome = Outcome(Path("runs/tune-a"), "strong", {"n_init": 2.0}, 8, 848, scores, scores + 3, (), gain)

    assert outcome.is_gain == is_gain
    assert verdict(outcome).startswith("gain: " if is_gain else "no gain: keep the preset strong; ")
