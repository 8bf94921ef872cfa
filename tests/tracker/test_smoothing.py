"""Rauch-Tung-Striebel smoothing of a finished track."""

from __future__ import annotations

import numpy as np
import pytest

from tracker.smoothing import smooth_track


def walk(num_frames, jitter, seed=0):
    rng = np.random.default_rng(seed)
    centre = np.column_stack((100 + 3.0 * np.arange(num_frames), np.full(num_frames, 200.0)))
    true = np.concatenate((centre - [20, 50], centre + [20, 50]), axis=1)
    return true, true + rng.normal(0, jitter, true.shape)


def error(boxes, true):
    return np.sqrt(np.mean(np.square(boxes - true)))


def test_smoothed_boxes_are_closer_to_the_truth_than_the_detections():
    true, measured = walk(80, jitter=4)
    smoothed = smooth_track(np.arange(80), measured)
    assert error(smoothed, true) < 0.6 * error(measured, true)


def test_a_gap_is_bridged_from_both_sides():
    true, measured = walk(40, jitter=0)
    seen = measured.copy()
    seen[15:25] = np.nan
    smoothed = smooth_track(np.arange(40), seen)
    assert np.abs(smoothed[15:25] - true[15:25]).max() < 3


def test_frames_left_out_count_as_time():
    true, measured = walk(40, jitter=0)
    frames = np.r_[0:15, 25:40]
    np.testing.assert_allclose(smooth_track(frames, measured[frames]), true[frames], atol=3)


def test_one_box_stays_as_it_is():
    _, measured = walk(1, jitter=0)
    np.testing.assert_allclose(smooth_track(np.array([7]), measured), measured)


def test_the_first_box_must_be_a_detection():
    with pytest.raises(ValueError, match="first box of a track must be a detection"):
        smooth_track(np.arange(2), np.array([[np.nan] * 4, [0, 0, 1, 1]]))
