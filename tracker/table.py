"""All live tracks as a structure of arrays: one row a track, rows recycled."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["CONFIRMED", "TENTATIVE", "TrackTable"]

TENTATIVE, CONFIRMED = 1, 2
"""States of a track. A deleted track has no row."""

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]

_COLUMNS: dict[str, tuple[tuple[int, ...], type]] = {
    "mean": ((4, 2), np.float64),
    "covariance": ((4, 3), np.float64),
    "birth": ((), np.int64),  # serial number of the track's start
    "id": ((), np.int64),  # public identity, 0 until confirmed
    "state": ((), np.int8),
    "hits": ((), np.int64),  # matched detections
    "time_since_update": ((), np.int64),  # frames since the last matched detection
    "misses": ((), np.int64),  # detector frames since the last match: as above, unless frames are skipped
    "score": ((), np.float32),  # of the last matched detection
    "class_id": ((), np.int64),  # of the last matched detection
    "detection": ((), np.int64),  # row of the detection matched in this frame, -1 without one
    "log_odds": ((), np.float64),  # that the track is real, see `existence`
    "last_xyxy": ((4,), np.float64),  # the last matched detection
    "path": ((4, 2), np.float64),  # centres of the last ones, newest first
    "seen_mean": ((4, 2), np.float64),  # the state right after the last match
    "seen_covariance": ((4, 3), np.float64),
    "seen_s": ((), np.float64),  # time of the last match
    "born_s": ((), np.float64),  # time of the first detection
    "whole_area": ((), np.float64),  # px^2 of the last detection that no border cut off, 0 before there is one
    "cut_area": ((), np.float64),  # px^2 of the last detection where the border cuts it off, else infinite
}


class TrackTable:
    """Columns over all tracks; `rows` lists the live ones in order of birth."""

    mean: Array
    covariance: Array
    birth: npt.NDArray[np.int64]
    id: npt.NDArray[np.int64]
    state: npt.NDArray[np.int8]
    hits: npt.NDArray[np.int64]
    time_since_update: npt.NDArray[np.int64]
    misses: npt.NDArray[np.int64]
    score: npt.NDArray[np.float32]
    class_id: npt.NDArray[np.int64]
    detection: npt.NDArray[np.int64]
    log_odds: Array
    last_xyxy: Array
    path: Array
    seen_mean: Array
    seen_covariance: Array
    seen_s: Array
    born_s: Array
    whole_area: Array
    cut_area: Array

    def __init__(self, capacity: int = 16) -> None:
        for name, (shape, dtype) in _COLUMNS.items():
            setattr(self, name, np.zeros((capacity, *shape), dtype))
        self.rows: Index = np.empty(0, np.intp)
        self._free = list(range(capacity - 1, -1, -1))

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def capacity(self) -> int:
        """Rows there is room for: the most tracks alive at once, rounded up to a power of two."""
        return len(self.birth)

    def add(self, count: int) -> Index:
        """Take `count` rows for new tracks and return them; their columns are the caller's to fill."""
        while len(self._free) < count:
            self._grow()
        taken = np.array([self._free.pop() for _ in range(count)], np.intp)
        self.rows = np.concatenate((self.rows, taken))
        return taken

    def remove(self, dead: npt.NDArray[np.bool_]) -> Index:
        """Free the rows at which `dead`, a mask over `rows`, is true; returns them."""
        freed = self.rows[dead]
        self._free.extend(freed.tolist())
        self.rows = self.rows[~dead]
        return freed

    def _grow(self) -> None:
        old = self.capacity
        for name in _COLUMNS:
            column = getattr(self, name)
            setattr(self, name, np.concatenate((column, np.zeros_like(column))))
        self._free = list(range(2 * old - 1, old - 1, -1)) + self._free
