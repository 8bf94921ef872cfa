"""All live tracks as a structure of arrays: one row a track, in order of birth, without gaps.

So an operation on all tracks is one expression on whole columns. When a track dies, the rows after it move up; what is
too big to move (its gallery) stays at the track's slot, a number that is recycled.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .pairs import Index, Mask

__all__ = ["CONFIRMED", "TENTATIVE", "TrackTable"]

TENTATIVE, CONFIRMED = 1, 2
"""States of a track. A deleted track has no row."""

Array = npt.NDArray[np.float64]

_COLUMNS: dict[str, tuple[tuple[int, ...], type]] = {
    "slot": ((), np.intp),  # of what is kept elsewhere: gallery, votes
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
    "seen_s": ((), np.float64),  # time of the last match
    # Kept only for settings that ask for it, see `observation`:
    "last_xyxy": ((4,), np.float64),  # the last matched detection
    "path": ((4, 2), np.float64),  # centres of the last ones, newest first
    "seen_mean": ((4, 2), np.float64),  # the state right after the last match
    "seen_covariance": ((4, 3), np.float64),
    # Kept only for settings that ask for it, see `border`:
    "born_s": ((), np.float64),  # time of the first detection
    "whole_area": ((), np.float64),  # px^2 of the last detection that no border cut off, 0 before there is one
    "cut_area": ((), np.float64),  # px^2 of the last detection where the border cuts it off, else infinite
}


class TrackTable:
    """Columns over all live tracks, each an array with `len(table)` rows (a view: assign into it)."""

    slot: Index
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
    seen_s: Array
    last_xyxy: Array
    path: Array
    seen_mean: Array
    seen_covariance: Array
    born_s: Array
    whole_area: Array
    cut_area: Array

    def __init__(self, capacity: int = 16) -> None:
        self._store: dict[str, npt.NDArray[Any]] = {
            name: np.zeros((capacity, *shape), dtype) for name, (shape, dtype) in _COLUMNS.items()
        }
        self._free_slots = list(range(capacity - 1, -1, -1))
        self._show(0)

    def __len__(self) -> int:
        return self._count

    @property
    def capacity(self) -> int:
        """Rows, and slots, there is room for: the most tracks alive at once, rounded up to a power of two."""
        return len(self._store["slot"])

    def add(self, count: int) -> Index:
        """Append `count` rows for new tracks, each with a slot, and return them; the rest is the caller's to fill."""
        rows = np.arange(self._count, self._count + count)
        while self._count + count > self.capacity:
            self._grow()
        self._show(self._count + count)
        self.slot[rows] = [self._free_slots.pop() for _ in range(count)]
        return rows

    def remove(self, dead: Mask) -> Index:
        """Drop the rows at which `dead`, `(N,)`, is true; returns the slots that they leave."""
        freed, kept = self.slot[dead], np.flatnonzero(~dead)
        self._free_slots.extend(freed.tolist())
        # Rows before the first death stay where they are.
        first = int(np.argmax(dead))
        for column in self._store.values():
            column[first : len(kept)] = column.take(kept[first:], axis=0)
        self._show(len(kept))
        return freed

    def _show(self, count: int) -> None:
        """Let the columns end after `count` rows."""
        self._count = count
        for name, column in self._store.items():
            setattr(self, name, column[:count])

    def _grow(self) -> None:
        capacity = self.capacity
        self._store = {name: np.concatenate((column, np.zeros_like(column))) for name, column in self._store.items()}
        self._free_slots = list(range(2 * capacity - 1, capacity - 1, -1)) + self._free_slots
