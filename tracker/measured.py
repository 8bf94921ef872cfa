"""The detections of a frame as the tracker works with them, once they are through the `door`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .pairs import Index

__all__ = ["Measured"]


@dataclass(slots=True)
class Measured:
    """The usable detections of a frame. `source` is their row in the arrays that the caller gave; `known`
    says whose embedding is one, `None`: all."""

    xyxy: npt.NDArray[np.float64]
    xyah: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float32]
    class_ids: npt.NDArray[np.int64]
    embeddings: npt.NDArray[np.float32]
    source: Index
    rejected: int
    known: npt.NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.xyxy)
