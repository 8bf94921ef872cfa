"""`--offline` and `track link`: finished tracks, linked (`tracker.offline.linking`), as rows for the sinks."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from track.rows.types import FrameTracks, RowState
from tracker.offline.linking import LinkConfig, Linked, TrackedDetections, link_tracks

__all__ = ["Moments", "linked_rows", "linking_facts", "missing_between", "moments_of"]

_FRAME_S = 1 / 30
"""s from a frame to the next where one frame is all there is."""


@dataclass(frozen=True)
class Moments:
    """When which frame was.

    Attributes:
        frames: `(K,)` frame numbers, increasing.
        times_s: `(K,)` s.
        missing: `(L, 2)` first and last number of each stretch that has no picture: damaged, lost, or left out of the
            numbering. No row stands for them.
    """

    frames: npt.NDArray[np.int64]
    times_s: npt.NDArray[np.float64]
    missing: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty((0, 2), np.int64))

    @property
    def frame_s(self) -> float:
        """s from a frame to the next, in the median."""
        if len(self.frames) < 2:
            return _FRAME_S
        median = float(np.median(np.diff(self.times_s) / np.diff(self.frames)))
        return median if median > 0 else _FRAME_S

    def at(self, frames: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Times of any frames: between two known ones in even steps."""
        if not len(self.frames):
            return np.zeros(len(frames))
        return np.interp(frames, self.frames, self.times_s)


def linked_rows(seen: TrackedDetections, moments: Moments, config: LinkConfig) -> tuple[list[FrameTracks], Linked]:
    """The rows after linking, a `FrameTracks` for each of the frames known and each with a box; and all that is known.

    No frame that is missing gets any.

    Args:
        seen: detections of the run.
        moments: of its frames.
        config: settings.
    """
    linked = link_tracks(seen, moments.frame_s, config, missing=moments.missing)
    there = linked.detection >= 0
    scores = np.full(len(there), np.nan, np.float32)
    scores[there] = seen.scores[linked.detection[there]]
    states = np.where(there, RowState.DETECTED, RowState.INTERPOLATED).astype(np.uint8)
    frames = np.union1d(moments.frames, linked.frames)
    borders = np.searchsorted(linked.frames, frames, side="left"), np.searchsorted(linked.frames, frames, side="right")
    rows = []
    for frame, time_s, start, stop in zip(frames.tolist(), moments.at(frames).tolist(), *borders, strict=True):
        here = slice(int(start), int(stop))
        ids, xyxy, class_ids = linked.ids[here], linked.xyxy[here], linked.class_ids[here]
        rows.append(FrameTracks(frame, time_s, ids, xyxy, scores[here], class_ids, states[here]))
    return rows, linked


def linking_facts(linked: Linked, config: LinkConfig) -> dict[str, Any]:
    """What `summary.json` tells of it."""
    return {**dataclasses.asdict(linked.report), "settings": dataclasses.asdict(config)}


def moments_of(rows: Sequence[FrameTracks]) -> Moments:
    """The frames of a run: all that had a picture, or could have had one, have their `FrameTracks`."""
    frames = np.array([row.frame_index for row in rows], np.int64)
    return Moments(frames, np.array([row.time_s for row in rows]), missing_between(frames))


def missing_between(frames: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """`(L, 2)`, the first and the last number of each stretch between `frames` (increasing) that is not among them."""
    before = np.flatnonzero(np.diff(frames) > 1)
    return np.column_stack((frames[before] + 1, frames[before + 1] - 1))
