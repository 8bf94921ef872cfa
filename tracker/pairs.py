"""Which track may meet which detection: candidate pairs, found without an N x M matrix.

Only pairs that can pass a gate are worth a cost. A track reaches some way around where it is expected; who lies in that
rectangle is a candidate, and all that follows costs as much as there are neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

__all__ = ["Index", "Mask", "Pairs", "all_pairs", "are_few", "pairs_within", "sweep_pairs", "with_costs"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]

_FEW_PAIRS = 1500
"""Up to so many pairs in all, looking at each is faster than a search (some 40 tracks and detections)."""


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
    """Whether looking at all pairs is faster than a search."""
    return count * num_points <= _FEW_PAIRS


@lru_cache(maxsize=256)
def all_pairs(count: int, num_points: int) -> tuple[Index, Index]:
    """Every (i, j), ordered by i, then j."""
    i, j = np.divmod(np.arange(count * num_points), max(num_points, 1))
    i.flags.writeable = j.flags.writeable = False
    return i, j


def pairs_within(low: Array, high: Array, points: Array) -> tuple[Index, Index]:
    """All (i, j) where point j lies in rectangle i, and some more near by; ordered by i, then j.

    The plane is cut into horizontal strips about as high as the rectangles. Strip and x together make one number, so
    that the points of a strip in a range of x are found by one sort and two binary searches. Costs about
    O((N + M) log M + pairs). None is lost to rounding: each step keeps the order of the numbers.

    Args:
        low, high: `(N, 2)` corners of the rectangles, px.
        points: `(M, 2)`, px; at least one.
    """
    count, num_points = len(low), len(points)
    origin, end = points.min(axis=0), points.max(axis=0)
    width, span = end - origin
    height = max(float(np.mean(high[:, 1] - low[:, 1])), span / num_points, 1e-6)
    strip_of_point = np.floor((points[:, 1] - origin[1]) / height)
    first = np.maximum(np.floor((low[:, 1] - origin[1]) / height), 0.0)
    last = np.minimum(np.floor((high[:, 1] - origin[1]) / height), strip_of_point.max())
    num_strips = np.maximum(last - first + 1, 0).astype(np.intp)
    owner = np.repeat(np.arange(count), num_strips)
    strip = first.take(owner) + _count_up(num_strips)
    stride = 2 * width + 1
    left, right = np.clip(low[:, 0] - origin[0], 0, width), np.clip(high[:, 0] - origin[0], 0, width)
    keys = strip_of_point * stride + (points[:, 0] - origin[0])
    found, point = sweep_pairs(strip * stride + left.take(owner), strip * stride + right.take(owner), keys)
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
