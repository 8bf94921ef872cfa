"""What the pipeline hands to every sink, the tracks shown at one frame, and the columns they become."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

__all__ = ["CSV_HEADER", "NAME", "FrameTracks", "RowState"]

CSV_HEADER = ("frame", "time_s", "id", "class", "x1", "y1", "x2", "y2", "score", "state")
"""The columns of `tracks.csv`."""
NAME = "name"
"""One more, the last, where identities have names."""


class RowState(IntEnum):
    """Where a box comes from; the lower-case name stands in `tracks.csv`."""

    DETECTED = 0
    """Matched to a detection at this frame."""
    PREDICTED = 1
    """The Kalman filter's guess at a frame without a detection."""
    TENTATIVE = 2
    """Seen before its track was confirmed, and filled in afterwards."""
    INTERPOLATED = 3
    """Between two detections of a finished track."""
    SMOOTHED = 4
    """A detected box, smoothed over the finished track."""


@dataclass(frozen=True)
class FrameTracks:
    """The tracks shown at one frame.

    Attributes:
        frame_index: 0-based index of the frame in the source.
        time_s: presentation time, s from the source's first frame.
        ids: `(M,)` int64, 1 or more, unique in the frame.
        xyxy: `(M, 4)` px.
        scores: `(M,)` float32 of the detection; NaN where there was none.
        class_ids: `(M,)` int64.
        states: `(M,)` uint8, values of `RowState`.
        detection_index: `(M,)` int64, row among the detections of the frame, -1 without one; `None` where not known.
        unnamed: `(K, 4)` px, the detections of the frame that belong to none of them; `None` where nobody asked.
    """

    frame_index: int
    time_s: float
    ids: npt.NDArray[np.int64]
    xyxy: npt.NDArray[np.floating]
    scores: npt.NDArray[np.float32]
    class_ids: npt.NDArray[np.int64]
    states: npt.NDArray[np.uint8]
    detection_index: npt.NDArray[np.int64] | None = None
    unnamed: npt.NDArray[np.floating] | None = None

    def __post_init__(self) -> None:
        count = len(self.ids)
        if self.xyxy.shape != (count, 4):
            raise ValueError(f"xyxy must have shape ({count}, 4), one row an id, but has {self.xyxy.shape}")
        for name in ("scores", "class_ids", "states"):
            if len(getattr(self, name)) != count:
                raise ValueError(f"{name} must have one row an id ({count}), but has {len(getattr(self, name))}")

    def __len__(self) -> int:
        return len(self.ids)

    @staticmethod
    def empty(frame_index: int, time_s: float) -> FrameTracks:
        """No tracks."""
        return FrameTracks(
            frame_index,
            time_s,
            np.empty(0, np.int64),
            np.empty((0, 4), np.float64),
            np.empty(0, np.float32),
            np.empty(0, np.int64),
            np.empty(0, np.uint8),
        )
