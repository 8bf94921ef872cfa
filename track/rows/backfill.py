"""Holds frames back until the tentative tracks in them are confirmed or dead, then fills in their boxes.

DeepSORT confirms a track after `n_init` hits, so its first boxes are known only afterwards. A frame waits at most that
long; frames leave in order, each with the rows that a person looking at the finished run would expect.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from track.rows.types import FrameTracks, RowState
from track.sources import Frame
from tracker import Tracks

__all__ = ["Backfill", "frame_tracks"]

Boxes = npt.NDArray[np.floating]


def frame_tracks(
    frame: Frame, confirmed: Tracks, filled: Tracks | None = None, detected: Boxes | None = None
) -> FrameTracks:
    """The rows of one frame: its confirmed tracks, and boxes that were filled in after confirmation.

    Of all boxes `detected`, where they are given, those that are not in any row are kept beside them.
    """
    filled = Tracks.empty() if filled is None else filled
    tracks = (confirmed, filled)
    scores = [np.where(t.detection_index >= 0, t.scores, np.float32(np.nan)) for t in tracks]
    states = np.where(confirmed.detection_index >= 0, RowState.DETECTED, RowState.PREDICTED)
    return FrameTracks(
        frame.index,
        frame.time_s,
        np.concatenate((confirmed.ids, filled.ids)),
        np.concatenate((confirmed.xyxy, filled.xyxy)),
        np.concatenate(scores),
        np.concatenate((confirmed.class_ids, filled.class_ids)),
        np.concatenate((states, np.full(len(filled), RowState.TENTATIVE))).astype(np.uint8),
        matched := np.concatenate([t.detection_index for t in tracks]),
        None if detected is None else np.delete(detected, matched[matched >= 0], axis=0),
    )


@dataclass
class _Held:
    frame: Frame
    confirmed: Tracks
    tentative: Tracks
    detected: Boxes | None = None


class Backfill:
    """A queue of frames between the tracker and the sinks; as long as the longest wait for a confirmation.

    Args:
        max_frames: most frames to hold, whatever is undecided; what was tentative in a frame that had to go stays out.
    """

    def __init__(self, max_frames: int = 10_000) -> None:
        self._max_frames = max_frames
        self._held: deque[_Held] = deque()
        self._ids: dict[int, int] = {}

    def push(
        self, frame: Frame, confirmed: Tracks, tentative: Tracks, detected: Boxes | None = None
    ) -> Iterator[tuple[Frame, FrameTracks]]:
        """Take the tracks of a frame, and its detections (see `frame_tracks`); yields the frames whose rows are final
        now, in order."""
        self._held.append(_Held(frame, confirmed, tentative, detected))
        self._ids.update(zip(confirmed.births.tolist(), confirmed.ids.tolist(), strict=True))
        undecided = set(tentative.births.tolist())
        while self._held and (
            len(self._held) > self._max_frames or undecided.isdisjoint(self._held[0].tentative.births.tolist())
        ):
            yield self._release()
        waiting = {birth for held in self._held for birth in held.tentative.births.tolist()}
        self._ids = {birth: track_id for birth, track_id in self._ids.items() if birth in waiting}

    def flush(self) -> Iterator[tuple[Frame, FrameTracks]]:
        """The frames still held at the end; what is tentative then stays out."""
        while self._held:
            yield self._release()

    def _release(self) -> tuple[Frame, FrameTracks]:
        held = self._held.popleft()
        ids = np.array([self._ids.get(birth, 0) for birth in held.tentative.births.tolist()], np.int64)
        known = held.tentative[ids > 0]
        filled = Tracks(ids[ids > 0], known.xyxy, known.scores, known.class_ids, known.detection_index, known.births)
        return held.frame, frame_tracks(held.frame, held.confirmed, filled, held.detected)
