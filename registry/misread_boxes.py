"""What a file of boxes betrays by itself: that its columns hold something else than frame,id,x,y,w,h.

Held against sound files: windows, every n-th frame, single objects and mirrored pictures of all sequences at hand.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["MAX_SCORE", "are_corners", "are_shares", "has_class_in_column_3", "lacks_id_column"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MIN_ROWS = 10
"""Fewer rows tell nothing."""
MAX_SCORE = 2.0
"""Flags and scores are 1 at most (with some room for those of old detectors), the height of a box is not; and no box in
px lies within the first two."""
STEADIER, STEADIER_OF_ALL = 0.25, 0.7
"""Share of their variance that corners keep as sizes, at most: over the life of an object, and over all boxes of a file
of detections, large and small, where nobody knows whose they are."""


def are_corners(tlwh: Floats, objects: Ints | None) -> bool:
    """Whether boxes must be `x1,y1,x2,y2`.

    Column 5 is above column 3 and 6 above 4 throughout, and their differences vary far less than they do: sizes, then,
    are the differences.

    Args:
        tlwh: `(N, 4)` columns 3 to 6.
        objects: `(N,)` the object of each box; `None` where nobody knows.
    """
    if len(tlwh) < MIN_ROWS or (tlwh[:, 2:] > tlwh[:, :2]).all(axis=1).mean() < 0.99:
        return False
    share = STEADIER if objects is not None else STEADIER_OF_ALL
    owner = objects if objects is not None else np.zeros(len(tlwh), np.int64)
    return _variance_within(owner, tlwh[:, 2:] - tlwh[:, :2]) < share * _variance_within(owner, tlwh[:, 2:])


def _variance_within(objects: Ints, values: Floats) -> float:
    """Mean squared distance of `(N, 2)` values from the mean of their object."""
    _, owner, counts = np.unique(objects, return_inverse=True, return_counts=True)
    total = 0.0
    for column in values.T:
        means = np.bincount(owner, column) / counts
        total += float(((column - means[owner]) ** 2).mean())
    return total


def lacks_id_column(tlwh: Floats) -> bool:
    """Whether column 2 must be the left edge of a box: no "height" is above a score, nearly all else is.

    Args:
        tlwh: `(N, 4)` columns 3 to 6, of a file that has a seventh, or no scores.
    """
    if len(tlwh) < MIN_ROWS:
        return False
    return bool(tlwh[:, 3].max() <= MAX_SCORE and (tlwh[:, 1:3] > MAX_SCORE).all(axis=1).mean() > 0.9)


def has_class_in_column_3(columns: Floats, objects: Ints | None) -> bool:
    """Whether column 3 must be a class.

    Few small whole numbers, one an object, while column 4 varies; and column 7, elsewhere a flag or a score, is a
    height.

    Args:
        columns: `(N, C)` all columns.
        objects: `(N,)` the object of each box; `None` where nobody knows.
    """
    if len(columns) < MIN_ROWS or columns.shape[1] < 7 or columns[:, 6].min() <= MAX_SCORE:
        return False
    column = columns[:, 2]
    if (column != np.floor(column)).any() or column.min() < 0 or column.max() > 100:
        return False
    if objects is not None:
        pairs = np.unique(np.stack([objects, column.astype(np.int64)]), axis=1).shape[1]
        if pairs != len(np.unique(objects)):
            return False
    varies = len(np.unique(columns[:, 3])) >= max(5 * len(np.unique(column)), 10)
    return varies and bool((columns[:, 4:7] > 0).mean() > 0.9)  # a top edge may lie above the picture


def are_shares(tlwh: Floats) -> bool:
    """Whether boxes are in shares of the picture instead of px."""
    return len(tlwh) > 0 and bool(np.abs(tlwh).max() <= MAX_SCORE and (tlwh != np.floor(tlwh)).any())
