"""The detections of a frame as the tracker works with them, once `validation` has let them in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .pairs import Index

__all__ = ["NEUTRAL", "Measured"]

NEUTRAL = 0.5
"""Cost of a match whose appearance is not known, as a share of the appearance gate: neither as good as one person's,
which is near 0, nor refused."""


@dataclass(slots=True)
class Measured:
    """The usable detections of a frame.

    Attributes:
        xyxy, xyah: `(N, 4)` px.
        scores, class_ids: `(N,)`.
        embeddings: `(N, D)` of unit length.
        source: `(N,)`, their rows in the arrays that the caller gave.
        rejected: how many others there were.
        known: `(N,)`, whose embedding is one; `None`: all.
        misread: how many of the rejected cannot be corners, but could be x, y, width, height.
    """

    xyxy: npt.NDArray[np.float64]
    xyah: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float32]
    class_ids: npt.NDArray[np.int64]
    embeddings: npt.NDArray[np.float32]
    source: Index
    rejected: int
    known: npt.NDArray[np.bool_] | None = None
    misread: int = 0

    def __len__(self) -> int:
        return len(self.xyxy)
