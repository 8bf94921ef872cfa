"""`--smooth`: keep the rows of a run, and smooth each track once all of it is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from track.rows.types import FrameTracks, RowState
from tracker.config import TrackerConfig
from tracker.offline.smoothing import smooth_track

__all__ = ["smoothed_rows"]


def smoothed_rows(rows: list[FrameTracks], config: TrackerConfig) -> Iterator[FrameTracks]:
    """The same rows with smoothed boxes.

    Args:
        rows: of all frames in order, each box the detection that was matched there, NaN where there was none.
        config: of the tracker, for its noise.
    """
    places: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for position, tracks in enumerate(rows):
        for row, track_id in enumerate(tracks.ids.tolist()):
            places[track_id].append((position, row))
    boxes = [np.array(tracks.xyxy, np.float64) for tracks in rows]
    for where in places.values():
        frames = np.array([rows[position].frame_index for position, _ in where])
        measured = np.array([boxes[position][row] for position, row in where])
        for (position, row), box in zip(where, smooth_track(frames, measured, config.noise), strict=True):
            boxes[position][row] = box
    for tracks, xyxy in zip(rows, boxes, strict=True):
        seen = ~np.isnan(tracks.xyxy).any(axis=1)
        states = np.where(seen, RowState.SMOOTHED, RowState.PREDICTED)
        yield replace(tracks, xyxy=xyxy, states=states.astype(np.uint8))
