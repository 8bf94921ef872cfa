"""What a score is worth is learned from what comes back in the next frame."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.calibration import ScoreCalibration
from tracker.existence import hit_evidence
from tracker.presets import load_preset


def play(num_frames, real_scores, clutter_scores, seed=0):
    """Five people who stay, and five boxes of clutter a frame anywhere; the calibration after `num_frames`."""
    rng = np.random.default_rng(seed)
    calibration = ScoreCalibration()
    people = np.column_stack((np.arange(5) * 100.0, np.zeros(5)))
    for _ in range(num_frames):
        corners = np.concatenate((people + rng.normal(0, 1, people.shape), rng.uniform(200, 5000, (5, 2))))
        scores = np.concatenate((rng.uniform(*real_scores, 5), rng.uniform(*clutter_scores, 5)))
        calibration.observe(np.concatenate((corners, corners + [40, 100]), axis=1), scores)
    return calibration


@pytest.mark.parametrize(
    ("real", "clutter"),
    [
        pytest.param((0.9, 1.0), (0.5, 0.8), id="a detector that says 0.7 of clutter"),
        pytest.param((0.5, 0.8), (0.1, 0.3), id="one that says 0.7 of people"),
        pytest.param((2.0, 9.0), (-1.0, 1.0), id="scores that are no probabilities"),
    ],
)
def test_what_comes_back_is_real_on_any_scale_of_scores(real, clutter):
    calibration = play(60, real, clutter)
    assert calibration.probabilities(np.array([np.mean(real)]))[0] > 0.8
    assert calibration.probabilities(np.array([np.mean(clutter)]))[0] < 0.2


def test_before_anything_is_known_all_scores_are_alike():
    found = ScoreCalibration().observe(np.array([[0, 0, 10, 20], [50, 0, 60, 20.0]]), np.array([0.1, 0.9]))
    assert found[0] == found[1]
    assert 0.5 < found[0] < 1


def test_one_sight_shows_no_track_before_anything_is_known():
    needed = load_preset("strong").config.confirm_evidence
    once = hit_evidence(ScoreCalibration().probabilities(np.array([0.99])))[0]
    assert once < needed <= 2 * once


def test_frames_without_detections_are_no_news():
    calibration = play(40, (0.9, 1.0), (0.3, 0.5))
    before = calibration.probabilities(np.array([0.4, 0.95]))
    assert calibration.observe(np.empty((0, 4)), np.empty(0)).shape == (0,)
    np.testing.assert_array_equal(calibration.probabilities(np.array([0.4, 0.95])), before)


def test_memory_is_bounded():
    assert play(600, (0.9, 1.0), (0.3, 0.5))._judged.size == play(1, (0.9, 1.0), (0.3, 0.5))._judged.size


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_higher_score_is_never_worth_less(seed):
    rng = np.random.default_rng(seed)
    calibration = ScoreCalibration()
    for _ in range(15):
        corners = rng.uniform(0, 200, (8, 2))
        calibration.observe(np.concatenate((corners, corners + [40, 100]), axis=1), rng.random(8))
    curve = calibration.probabilities(np.linspace(-0.5, 1.5, 50))
    assert (np.diff(curve) >= 0).all()
    assert ((curve > 0) & (curve < 1)).all()
