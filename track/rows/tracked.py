"""What tracking found at one frame, before any of it is final."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from detectors import Detections
from track.sources import Frame
from tracker import Tracks

__all__ = ["Tracked"]


@dataclass(frozen=True)
class Tracked:
    """What tracking found at one frame.

    Attributes:
        frame: with its picture.
        detections: the usable ones.
        confirmed, tentative: tracks.
        embeddings: `(N, D)`, of the detections.
    """

    frame: Frame
    detections: Detections
    confirmed: Tracks
    tentative: Tracks
    embeddings: npt.NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 0), np.float32))

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height (px) of the picture, `None` without one."""
        return None if self.frame.image is None else (self.frame.image.shape[1], self.frame.image.shape[0])

    def with_measured_boxes(self) -> Tracked:
        """The same with each track's detection for a box, NaN where it had none: what a smoother wants."""
        confirmed, tentative = (
            Tracks(t.ids, _measured(t, self.detections), t.scores, t.class_ids, t.detection_index, t.births)
            for t in (self.confirmed, self.tentative)
        )
        return Tracked(self.frame, self.detections, confirmed, tentative, self.embeddings)


def _measured(tracks: Tracks, detections: Detections) -> npt.NDArray[np.float32]:
    boxes = np.full((len(tracks), 4), np.nan, np.float32)
    seen = tracks.detection_index >= 0
    boxes[seen] = detections.xyxy[tracks.detection_index[seen]]
    return boxes
