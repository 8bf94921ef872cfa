"""The class of a track by vote: one detection that mistakes a van for a bus does not rename it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .pairs import Index
from .state import State, array_from

__all__ = ["ClassVotes"]


class ClassVotes:
    """Scores of the detections of each slot of the track table, summed up by class."""

    def __init__(self) -> None:
        self._classes = np.empty(0, np.int64)
        self._sums = np.zeros((0, 0))

    def state_dict(self) -> State:
        """All votes so far."""
        return {"classes": self._classes.copy(), "sums": self._sums.copy()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Hold again the votes that `state_dict` has kept."""
        self._classes = array_from(state, "classes", (None,), np.int64)
        self._sums = array_from(state, "sums", (None, len(self._classes)))

    def clear(self, rows: Index) -> None:
        """Forget the votes of `rows`, which now belong to somebody else."""
        self._sums[rows[rows < len(self._sums)]] = 0.0

    def cast(self, rows: Index, class_ids: npt.NDArray[np.int64], scores: npt.NDArray[np.float32]) -> Index:
        """Add a vote for each of `rows` (no row twice); returns the class that leads, at a tie the one voted for."""
        unknown = np.setdiff1d(class_ids, self._classes)
        self._classes = np.concatenate((self._classes, unknown))
        grown = np.zeros((max(len(self._sums), int(rows.max(initial=-1)) + 1), len(self._classes)))
        grown[: len(self._sums), : self._sums.shape[1]] = self._sums
        self._sums = grown
        order = np.argsort(self._classes)
        columns = order[np.searchsorted(self._classes[order], class_ids)]
        self._sums[rows, columns] += np.maximum(scores, 0)
        if not len(rows):
            return np.empty(0, np.intp)
        leads = self._sums[rows, columns] >= self._sums[rows].max(axis=1)
        return np.where(leads, class_ids, self._classes[self._sums[rows].argmax(axis=1)])
