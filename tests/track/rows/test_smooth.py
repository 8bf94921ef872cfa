"""Rows of finished tracks, smoothed: the same rows, steadier boxes."""

from __future__ import annotations

import numpy as np

from track.rows.smooth import smoothed_rows
from track.rows.types import FrameTracks, RowState
from tracker.config import TrackerConfig
from tracker.offline.smoothing import smooth_track


def _rows(frame: int, ids: list[int], boxes: list[list[float]], states: list[RowState]) -> FrameTracks:
    count = len(ids)
    return FrameTracks(
        frame,
        frame / 25,
        np.array(ids, np.int64),
        np.array(boxes, np.float64).reshape(count, 4),
        np.full(count, 0.9, np.float32),
        np.zeros(count, np.int64),
        np.array(states, np.uint8),
    )


def test_each_track_is_smoothed_on_its_own() -> None:
    """Two tracks in changing order of rows, one with a gap: each equals `smooth_track` of its own boxes."""
    frames = [0, 1, 2, 4]
    first = np.array([[10 + f, 10, 30 + f, 60 + f % 2] for f in frames], np.float64)
    second = np.array([[200 - 3 * f, 10, 230 - 3 * f, 90] for f in frames], np.float64)
    rows = [
        _rows(f, [1, 2] if i % 2 else [2, 1], [a, b] if i % 2 else [b, a], [RowState.DETECTED] * 2)
        for i, (f, a, b) in enumerate(zip(frames, first.tolist(), second.tolist(), strict=True))
    ]
    config = TrackerConfig()
    smoothed = list(smoothed_rows(rows, config))
    for track_id, boxes in ((1, first), (2, second)):
        found = [tracks.xyxy[tracks.ids == track_id][0] for tracks in smoothed]
        np.testing.assert_array_equal(found, smooth_track(np.array(frames), boxes, config.noise))


def test_states() -> None:
    """A box that was measured or filled in is smoothed; one that nobody saw stays predicted, and gets a box."""
    nothing = [float("nan")] * 4
    rows = [
        _rows(0, [1], [[10, 10, 30, 60]], [RowState.TENTATIVE]),
        _rows(1, [1], [[11, 10, 31, 60]], [RowState.DETECTED]),
        _rows(2, [1], [nothing], [RowState.PREDICTED]),
        _rows(3, [1], [[13, 10, 33, 60]], [RowState.DETECTED]),
        _rows(4, [1], [nothing], [RowState.TENTATIVE]),
    ]
    smoothed = list(smoothed_rows(rows, TrackerConfig()))
    expected = [RowState.SMOOTHED, RowState.SMOOTHED, RowState.PREDICTED, RowState.SMOOTHED, RowState.PREDICTED]
    assert [int(tracks.states[0]) for tracks in smoothed] == expected
    np.testing.assert_allclose(smoothed[2].xyxy[0], [12, 10, 32, 60], atol=0.5)
    assert np.isnan(rows[2].xyxy).all(), "the rows given stay as they were"


def test_frames_without_tracks() -> None:
    rows = [FrameTracks.empty(0, 0.0), FrameTracks.empty(1, 0.04)]
    assert [len(tracks) for tracks in smoothed_rows(rows, TrackerConfig())] == [0, 0]
    assert list(smoothed_rows([], TrackerConfig())) == []
