"""What identities looked like while a run went on, so that a change of appearance can be told at its end."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from track.rows.appearance import AppearanceWatch
from track.rows.tracked import Tracked
from track.rows.types import FrameTracks
from tracker.border import cut_off

__all__ = ["AppearanceLog"]


class AppearanceLog:
    """Holds the embeddings of a frame until its rows are final, then hands them to an `AppearanceWatch`.

    Boxes that the border cuts off tell of appearance what is left there, and who comes in would seem to change.

    Args:
        gate: cosine distance from which appearances are unlike, that of the run.
    """

    def __init__(self, gate: float) -> None:
        self._watch = AppearanceWatch(gate)
        self._held: dict[int, npt.NDArray[np.float32]] = {}

    @property
    def changes_s(self) -> Mapping[int, float]:
        """When each identity changed its appearance, s, by id; goes on being filled."""
        return self._watch.changes_s

    def add(self, step: Tracked) -> None:
        """The embeddings of a frame."""
        if len(step.detections):
            cut = cut_off(step.detections.xyxy.astype(np.float64), step.size)
            self._held[step.frame.index] = np.where(cut[:, None], np.float32(0), step.embeddings)

    def name(self, tracks: FrameTracks) -> None:
        """The identities that they are of."""
        embeddings = self._held.pop(tracks.frame_index, None)
        if embeddings is None or tracks.detection_index is None:
            return
        matched = tracks.detection_index >= 0
        self._watch.see(tracks.time_s, tracks.ids[matched].tolist(), embeddings[tracks.detection_index[matched]])
