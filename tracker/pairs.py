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
_MANY_PAIRS = 30_000
"""From so many on, a search is faster than comparing the corners of each with each (some 170 of both)."""


@dataclass(frozen=True)
class Pairs:
    """Candidate pairs: `tracks[i]` may match `detections[i]` at `costs[i]`; all `(P,)`, no pair twice."""

    tracks: Index
    detections: Index
    costs: Array

    def __len__(self) -> int:
        return len(self.tracks)

    def __getitem__(self, keep: Mask | Index) -> Pairs:
        return Pairs(self.tracks[keep], self.detections[keep], self.costs[keep])

    def contested(self) -> Index:
        """Which pairs share their track or detection with another one; indices, in order."""
        if not len(self):
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
        low, high: `(N, 2)` corners, px.
        other_low, other_high: `(M, 2)`, likewise.
    """
    touching = (low[:, :1] <= other_high[:, 0]) & (other_low[:, 0] <= high[:, :1])
    touching &= low[:, 1:] <= other_high[:, 1]
    touching &= other_low[:, 1] <= high[:, 1:]
    first, second = np.divmod(touching.ravel().nonzero()[0], max(len(other_low), 1))  # quicker than along two axes
    return first, second


def pairs_within(low: Array, high: Array, points: Array) -> tuple[Index, Index]:
    """All (i, j) where point j lies in rectangle i, and perhaps some more near by; ordered by i, then j.

    Args:
        low, high: `(N, 2)` corners of the rectangles, px.
        points: `(M, 2)`, px; at least one.
    """
    if are_many(len(low), len(points)):
        return search_pairs(low, high, points)
    return touching_pairs(low, high, points, points)


def search_pairs(low: Array, high: Array, points: Array) -> tuple[Index, Index]:
    """As `pairs_within`, for a crowd: costs about O((N + M) log M + pairs).

    The plane is cut into horizontal strips about as high as the rectangles. Strip and x together make one number, so
    that the points of a strip in a range of x are found by one sort and two binary searches. None is lost to rounding:
    each step keeps the order of the numbers.
    """
    count, num_points = len(low), len(points)
    # Coordinates as rows: NumPy is slow where the last axis is as short as 2.
    (x, y), (left, bottom), (right, top) = points.T.copy(), low.T.copy(), high.T.copy()
    min_x, min_y = np.minimum.reduce(x), np.minimum.reduce(y)
    width, span = np.maximum.reduce(x) - min_x, np.maximum.reduce(y) - min_y
    height = max(float(np.add.reduce(top - bottom)) / count, span / num_points, 1e-6)
    strip_of_point = np.floor((y - min_y) / height)
    first = np.maximum(np.floor((bottom - min_y) / height), 0.0)
    last = np.minimum(np.floor((top - min_y) / height), np.maximum.reduce(strip_of_point))
    num_strips = np.maximum(last - first + 1, 0).astype(np.intp)
    owner = np.repeat(np.arange(count), num_strips)
    strip_start = first.take(owner)
    strip_start += _count_up(num_strips)
    stride = 2 * width + 1
    strip_start *= stride
    left, right = np.minimum(np.maximum(left - min_x, 0.0), width), np.minimum(np.maximum(right - min_x, 0.0), width)
    keys = strip_of_point * stride + (x - min_x)
    found, point = sweep_pairs(strip_start + left.take(owner), strip_start + right.take(owner), keys)
    flat = np.sort(owner.take(found) * num_points + point)
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
    rows = np.repeat(np.arange(len(low)), counts)
    return rows, order[np.repeat(first, counts) + _count_up(counts)]


def _count_up(lengths: Index) -> Index:
    """0, 1, ... `lengths[0]` - 1, then again from 0 for each of the lengths."""
    ends = np.cumsum(lengths)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths, lengths)
