"""Every detection of a run with its track and its embedding, noted while the run goes on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from track.rows.tracked import Tracked
from track.rows.types import FrameTracks
from tracker.border import cut_off
from tracker.offline.linking import Linked, TrackedDetections

__all__ = ["DetectionLog"]


@dataclass(frozen=True)
class _Frame:
    xyxy: npt.NDArray[np.floating]
    scores: npt.NDArray[np.floating]
    class_ids: npt.NDArray[np.int64]
    embeddings: npt.NDArray[np.float16]
    ids: npt.NDArray[np.int64]
    cut_off: npt.NDArray[np.bool_]


class DetectionLog:
    """Takes note of detections when they are made, and of their tracks when these are known.

    Embeddings are kept in half precision: 1 KiB for a detection with 512 numbers.

    Args:
        size: width and height (px) of frames that have no picture.
        watches_border: whether it matters what the border cuts off (`tracker.border.watches_border`).
    """

    def __init__(self, size: tuple[int, int] | None = None, *, watches_border: bool = False) -> None:
        self._size, self._watches_border = size, watches_border
        self._frames: dict[int, _Frame] = {}

    def add(self, step: Tracked) -> None:
        """The detections of a frame."""
        found = step.detections
        if len(found):
            embeddings = step.embeddings.astype(np.float16)
            ids = np.zeros(len(found), np.int64)
            cut = cut_off(found.xyxy.astype(np.float64), step.size or self._size if self._watches_border else None)
            self._frames[step.frame.index] = _Frame(found.xyxy, found.scores, found.class_ids, embeddings, ids, cut)

    def name(self, tracks: FrameTracks) -> None:
        """The tracks that these detections were matched to."""
        if tracks.detection_index is None or tracks.frame_index not in self._frames:
            return
        matched = tracks.detection_index >= 0
        self._frames[tracks.frame_index].ids[tracks.detection_index[matched]] = tracks.ids[matched]

    def rename(self, linked: Linked) -> None:
        """Take over what linking found: `linked` came from `detections()` of this log."""
        sizes = [len(frame.ids) for frame in self._frames.values()]
        ids = np.zeros(sum(sizes), np.int64)
        there = linked.detection >= 0
        ids[linked.detection[there]] = linked.ids[there]
        for frame, new in zip(self._frames.values(), np.split(ids, np.cumsum(sizes)[:-1]), strict=False):
            frame.ids[:] = new

    def id_at(self, frame: int, row: int) -> int:
        """The track that a detection of a frame was matched to; 0 for none."""
        return int(self._frames[frame].ids[row])

    def detections(self) -> TrackedDetections:
        """All of them, frames from 0."""
        if not self._frames:
            none = np.empty(0, np.int64)
            return TrackedDetections(none, none, np.empty((0, 4)), np.empty(0), none, cut_off=np.empty(0, np.bool_))
        kept = list(self._frames.values())
        frames = np.repeat(np.array(list(self._frames), np.int64), [len(frame.ids) for frame in kept])
        return TrackedDetections(
            frames,
            np.concatenate([frame.ids for frame in kept]),
            np.concatenate([frame.xyxy for frame in kept]).astype(np.float64),
            np.concatenate([frame.scores for frame in kept]).astype(np.float64),
            np.concatenate([frame.class_ids for frame in kept]),
            np.concatenate([frame.embeddings for frame in kept]),
            np.concatenate([frame.cut_off for frame in kept]),
        )
