"""All live tracks as a structure of arrays: one row a track, in order of birth, without gaps.

So an operation on all tracks is one expression on whole columns. When a track dies, the rows after it move up; what is
too big to move (its gallery) stays at the track's slot, a number that is recycled.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .boxes import as_float32, xyah_to_xyxy
from .kalman import upright
from .pairs import Index, Mask
from .state import State, array_from

__all__ = ["CONFIRMED", "COUNTERS", "MEASURES", "TENTATIVE", "TrackTable"]

Array = npt.NDArray[np.float64]

TENTATIVE, CONFIRMED = 1, 2
"""States of a track. A deleted track has no row."""

COUNTERS = (
    "slot",  # of what is kept elsewhere: gallery, votes
    "birth",  # serial number of the track's start
    "id",  # public identity, 0 until confirmed
    "state",
    "hits",  # matched detections
    "time_since_update",  # frames since the last matched detection
    "misses",  # detector frames since the last match: as above, unless frames are skipped
    "class_id",  # of the last matched detection
    "detection",  # row of the detection matched in this frame, -1 without one
)
MEASURES = (
    "score",  # of the last matched detection
    "log_odds",  # that the track is real, see `existence`
    "seen_s",  # time of the last match
    # Kept only for settings that ask for it, see `border`:
    "born_s",  # time of the first detection
    "whole_area",  # px^2 of the last detection that no border cut off, 0 before there is one
    "cut_area",  # px^2 of the last detection where the border cuts it off, else infinite
)

_STATES = {"mean": (4, 2), "covariance": (4, 3)}


class TrackTable:
    """Columns over all live tracks, each an array with `len(table)` rows (a view: assign into it).

    Attributes:
        counters, measures: what the columns of one number a track are rows of, `(9, capacity)` and `(6, capacity)`, in
            the order of `COUNTERS` and `MEASURES`.
    """

    slot: Index
    mean: Array
    covariance: Array
    birth: npt.NDArray[np.int64]
    id: npt.NDArray[np.int64]
    state: npt.NDArray[np.int64]
    hits: npt.NDArray[np.int64]
    time_since_update: npt.NDArray[np.int64]
    misses: npt.NDArray[np.int64]
    score: Array
    class_id: npt.NDArray[np.int64]
    detection: npt.NDArray[np.int64]
    log_odds: Array
    seen_s: Array
    born_s: Array
    whole_area: Array
    cut_area: Array

    def __init__(self, capacity: int = 16) -> None:
        # What is one number a track stands in two matrices, a row a column of the table: few arrays to move and grow.
        self.counters: npt.NDArray[np.int64] = np.zeros((len(COUNTERS), capacity), np.int64)
        self.measures: Array = np.zeros((len(MEASURES), capacity))
        self._blocks: dict[str, Array] = {name: np.zeros((capacity, *shape)) for name, shape in _STATES.items()}
        self._free_slots = list(range(capacity - 1, -1, -1))
        self._show(0)

    @staticmethod
    def from_state(state: Mapping[str, Any]) -> TrackTable:
        """A table as it was when `state_dict` was called."""
        slots, free = array_from(state, "slot", (None,), np.int64), array_from(state, "free_slots", (None,), np.int64)
        count, capacity = len(slots), len(slots) + len(free)
        if not capacity or not np.array_equal(np.sort(np.concatenate((slots, free))), np.arange(capacity)):
            raise ValueError(
                f"slot and free_slots in the state are {slots.tolist()}, {free.tolist()}, expected each once"
            )
        table = TrackTable(capacity)
        table._show(count)
        table._free_slots = free.tolist()
        for names, dtype in ((COUNTERS, np.int64), (MEASURES, np.float64), (table._blocks, np.float64)):
            for name in names:
                column = getattr(table, name)
                column[:] = array_from(state, name, column.shape, dtype)
        return table

    def state_dict(self) -> State:
        """Every column by its name, and the slots that are free."""
        columns = {name: getattr(self, name).copy() for name in (*COUNTERS, *MEASURES, *self._blocks)}
        return {**columns, "free_slots": np.array(self._free_slots, np.int64)}

    def __getstate__(self) -> dict[str, Any]:
        """Without the columns: copies of them would no longer be views."""
        columns = {*COUNTERS, *MEASURES, *self._blocks}
        return {name: value for name, value in vars(self).items() if name not in columns}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._show(self._count)

    def __len__(self) -> int:
        return self._count

    @property
    def capacity(self) -> int:
        """Rows, and slots, there is room for: the most tracks alive at once, rounded up to a power of two."""
        capacity: int = self.counters.shape[1]
        return capacity

    def expected_xyxy(self, rows: Index) -> Array:
        """`(K, 4)` px, the filtered boxes of `rows`."""
        return xyah_to_xyxy(self.mean[..., 0].take(rows, axis=0))

    def told_xyxy(self, rows: Index) -> npt.NDArray[np.float32]:
        """As `expected_xyxy`, for those who look at it: x1 < x2 and y1 < y2 also where the filter has no such box."""
        told = self.expected_xyxy(rows).astype(np.float32)
        if np.count_nonzero(told[:, 2:] <= told[:, :2]):
            told = as_float32(xyah_to_xyxy(upright(self.mean.take(rows, axis=0))))
        return told

    def add(self, count: int) -> Index:
        """Append `count` rows for new tracks, each with a slot, and return them; the rest is the caller's to fill."""
        rows = np.arange(self._count, self._count + count, dtype=np.intp)
        while self._count + count > self.capacity:
            self._grow()
        self._show(self._count + count)
        self.slot[rows] = [self._free_slots.pop() for _ in range(count)]
        return rows

    def remove(self, dead: Mask) -> Index:
        """Drop the rows at which `dead`, `(N,)`, is true; returns the slots that they leave."""
        freed, kept = self.slot[dead], (~dead).nonzero()[0]
        self._free_slots.extend(freed.tolist())
        # Rows before the first death stay where they are.
        first = int(dead.argmax())
        moving, places = kept[first:], slice(first, len(kept))
        if len(moving):
            self.counters[:, places] = self.counters.take(moving, axis=1)
            self.measures[:, places] = self.measures.take(moving, axis=1)
            for block in self._blocks.values():
                block[places] = block.take(moving, axis=0)
        self._show(len(kept))
        return freed

    def _show(self, count: int) -> None:
        """Let the columns end after `count` rows."""
        self._count = count
        columns = vars(self)  # all at once, which is quicker than one `setattr` after the other
        columns.update(zip(COUNTERS, self.counters[:, :count], strict=True))
        columns.update(zip(MEASURES, self.measures[:, :count], strict=True))
        for name, block in self._blocks.items():
            columns[name] = block[:count]

    def _grow(self) -> None:
        capacity = self.capacity
        self.counters = np.concatenate((self.counters, np.zeros_like(self.counters)), axis=1)
        self.measures = np.concatenate((self.measures, np.zeros_like(self.measures)), axis=1)
        self._blocks = {name: np.concatenate((block, np.zeros_like(block))) for name, block in self._blocks.items()}
        self._free_slots = list(range(2 * capacity - 1, capacity - 1, -1)) + self._free_slots
