"""Which track may meet which detection: candidate pairs, found without an N x M matrix.

Only pairs that can pass a gate are worth a cost. A track reaches some way around where it is expected; who lies in that
rectangle is a candidate, and all that follows costs as much as there are neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = [
    "Index",
    "Mask",
    "Pairs",
    "are_few",
    "are_many",
    "pairs_within",
    "search_pairs",
    "sweep_pairs",
    "touching_pairs",
    "with_costs",
]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]

_FEW_PAIRS = 1500
"""Up to so many pairs, a matrix of costs is faster than a choice of candidates (some 40 tracks and detections)."""
_MANY_PAIRS = 50_000
"""From so many on, a search is faster than comparing the corners of each with each (some 220 of both)."""
_SO_FEW = 40
"""Up to so many numbers, a Python set of them is quicker than counting with NumPy."""
_MOST_CELLS = 250
"""Columns of a grid, and rows, at most."""


@dataclass(slots=True)  # made a dozen times a frame, and a frozen one takes twice as long to make
class Pairs:
    """Candidate pairs: `tracks[i]` may match `detections[i]` at `costs[i]`; all `(P,)`, no pair twice."""

    tracks: Index
    detections: Index
    costs: Array

    def __len__(self) -> int:
        return len(self.tracks)

    def __getitem__(self, keep: Mask | Index | slice) -> Pairs:
        return Pairs(self.tracks[keep], self.detections[keep], self.costs[keep])

    def contested(self) -> Index:
        """Which pairs share their track or detection with another one; indices, in order."""
        if len(self) <= _SO_FEW and len(self) == len(set(self.tracks.tolist())) == len(set(self.detections.tolist())):
            return np.empty(0, np.intp)
        rivals = np.bincount(self.tracks).take(self.tracks)
        rivals += np.bincount(self.detections).take(self.detections)
        return (rivals > 2).nonzero()[0]  # each pair counts itself twice


def with_costs(pairs: Pairs, costs: Array) -> Pairs:
    """The same pairs at other costs."""
    return Pairs(pairs.tracks, pairs.detections, costs)


def are_few(count: int, num_points: int) -> bool:
    """Whether working out the cost of all pairs is faster than choosing candidates."""
    return count * num_points <= _FEW_PAIRS


def are_many(count: int, num_points: int) -> bool:
    """Whether a search is faster than comparing each with each."""
    return count * num_points > _MANY_PAIRS


def touching_pairs(low: Array, high: Array, other_low: Array, other_high: Array) -> tuple[Index, Index]:
    """All (i, j) where rectangle i and the other rectangle j have a point in common, by comparing each with each.

    Args:
        low, high: `(2, N)` corners, px; x and y are rows, since NumPy is slow where the last axis is as short as 2.
        other_low, other_high: `(2, M)`, likewise.
    """
    (left, bottom), (right, top) = low[:, :, None], high[:, :, None]
    touching = left <= other_high[0]
    touching &= other_low[0] <= right
    touching &= bottom <= other_high[1]
    touching &= other_low[1] <= top
    first, second = np.divmod(touching.ravel().nonzero()[0], max(other_low.shape[1], 1))  # quicker than along two axes
    return first, second


def pairs_within(low: Array, high: Array, points: Array) -> tuple[Index, Index]:
    """All (i, j) where point j lies in rectangle i; ordered by i, then j.

    Args:
        low, high: `(2, N)` corners of the rectangles, px.
        points: `(2, M)`, px; at least one.
    """
    if are_many(low.shape[1], points.shape[1]):
        return search_pairs(low, high, points)
    return touching_pairs(low, high, points, points)


def search_pairs(low: Array, high: Array, points: Array) -> tuple[Index, Index]:
    """As `pairs_within`, for a crowd: costs about O(N + M + pairs).

    A grid of cells about half as wide and as high as the rectangles. The points are sorted by cell, row by row, so that
    the points of neighbouring cells in a row of the grid stand together: their first and last are looked up, not
    searched. None is lost to rounding: each step keeps the order of the numbers.
    """
    count, num_points = low.shape[1], points.shape[1]
    origin = np.minimum.reduce(points, axis=1)[:, None]
    span = np.maximum.reduce(points, axis=1)[:, None] - origin
    mean_size = np.add.reduce(high - low, axis=1)[:, None] / max(count, 1)
    # So few cells that they fit in 16 bits, which NumPy sorts fastest.
    cell = np.maximum(np.maximum(mean_size / 2, span / _MOST_CELLS), 1e-6)
    column, row = ((points - origin) / cell).astype(np.intp)
    num_columns, num_rows = int(np.maximum.reduce(column)) + 1, int(np.maximum.reduce(row)) + 1
    place = row * num_columns + column
    order = np.argsort(place.astype(np.uint16), kind="stable")
    starts = np.zeros(num_columns * num_rows + 1, np.intp)
    np.cumsum(np.bincount(place, minlength=num_columns * num_rows), out=starts[1:])
    # Rectangles beyond the grid look into its outermost cells, where none of the points lies inside them.
    furthest = np.array([[num_columns - 1], [num_rows - 1]])
    left, bottom = np.minimum(np.maximum((low - origin) / cell, 0), furthest).astype(np.intp)
    right, top = np.minimum(np.maximum((high - origin) / cell, 0), furthest).astype(np.intp)
    num_strips = np.maximum(top - bottom + 1, 0)
    owner = np.repeat(np.arange(count), num_strips)
    strip = _ranges(bottom, num_strips) * num_columns
    first = starts.take(strip + left.take(owner))
    counts = np.maximum(starts.take(strip + right.take(owner) + 1) - first, 0)
    owner, point = np.repeat(owner, counts), order.take(_ranges(first, counts))
    x, y = points.take(point, axis=1)
    inside = (low[0].take(owner) <= x) & (x <= high[0].take(owner))
    inside &= (low[1].take(owner) <= y) & (y <= high[1].take(owner))
    flat = np.sort((owner * num_points + point)[inside])
    found, point = np.divmod(flat, num_points)
    return found, point


def sweep_pairs(low: Array, high: Array, values: Array) -> tuple[Index, Index]:
    """All (i, j) with `low[i] <= values[j] <= high[i]`, by one sort and two binary searches a row.

    Costs O((N + M) log M + pairs): the candidates of a track are its neighbours on one axis, never all M.
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    first = np.searchsorted(ordered, low, side="left")
    counts = np.maximum(np.searchsorted(ordered, high, side="right") - first, 0)
    return np.repeat(np.arange(len(low)), counts), order[_ranges(first, counts)]


def _ranges(first: Index, lengths: Index) -> Index:
    """`first[i]`, `first[i]` + 1, ... as many as `lengths[i]`, for each i in turn."""
    ends = lengths.cumsum()
    total = int(ends[-1]) if len(ends) else 0
    numbers: Index = np.arange(total)
    numbers += np.repeat(first - ends + lengths, lengths)
    return numbers
