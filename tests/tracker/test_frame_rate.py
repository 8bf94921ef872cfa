"""With `motion_in_seconds` the frame rate of a video says nothing about how people walk."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tracker import DeepSort
from tracker.presets import load_preset

STRONG = load_preset("strong").config
SPEED = np.array([90.0, 0.0, 90.0, 0.0])  # px/s: in a tenth of a second a quarter of the box
BOX = np.array([0.0, 100.0, 40.0, 200.0])


def at(time_s: float) -> np.ndarray:
    return BOX + SPEED * time_s


@pytest.mark.parametrize("rate", [7, 10, 25, 30, 60])
def test_the_place_after_half_a_second_unseen_is_the_same_at_any_frame_rate(rate):
    tracker = DeepSort(STRONG)
    for frame in range(2 * rate + 1):
        tracker.update([at(frame / rate)], [0.9], time_s=frame / rate)
    for frame in range(2 * rate + 1, 2 * rate + 1 + rate // 2):
        tracker.update([], [], time_s=frame / rate)
    found = tracker._table.expected_xyxy(np.array([0]))[0]
    np.testing.assert_allclose(found, at((2 * rate + rate // 2) / rate), atol=4)


@pytest.mark.parametrize(("in_seconds", "recovered"), [(False, False), (True, True)])
def test_who_is_hidden_while_pictures_are_missing_is_found_where_they_are_then(in_seconds, recovered):
    """Two thirds of a second without any picture: one frame, but not one frame's way."""
    tracker = DeepSort(dataclasses.replace(STRONG, motion_in_seconds=in_seconds))
    for frame in range(40):
        tracker.update([at(frame / 30)], [0.9], time_s=frame / 30)
    after = 39 / 30 + 2 / 3
    tracks = tracker.update([at(after)], [0.9], time_s=after)
    assert (tracks.ids[tracks.detection_index == 0].tolist() == [1]) == recovered


def test_no_time_no_way():
    """The same moment twice, as in a stream that stalls: nobody moves on."""
    tracker = DeepSort(STRONG)
    for frame in range(30):
        tracker.update([at(frame / 30)], [0.9], time_s=frame / 30)
    before = tracker._table.expected_xyxy(np.array([0]))
    tracker.coast(time_s=29 / 30)
    np.testing.assert_array_equal(tracker._table.expected_xyxy(np.array([0])), before)


def test_a_pause_of_hours_overflows_nothing():
    tracker = DeepSort(STRONG)
    for frame in range(10):
        tracker.update([at(frame / 30)], [0.9], time_s=frame / 30)
    tracks = tracker.update([at(0)], [0.9], time_s=1e9)
    assert np.isfinite(tracks.xyxy).all()
    assert np.isfinite(tracker._table.mean).all()
