"""Gated assignment on sparse pairs: find candidate pairs without an N x M matrix, then solve component by component.

A gated pair is a (track, detection) that may match, with its cost. The gate turns the bipartite graph into many small
components; the minimum over all is the sum of the minima, so each is solved alone and the result is the optimum of the
one big matrix in which every rejected pair costs a little more than the gate (the original DeepSORT formulation).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

__all__ = ["Pairs", "assign", "sweep_pairs"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]

_REJECTED_MARGIN = 1e-5
"""What a rejected pair costs above the gate (as in the original), so that a valid pair is always preferred."""


@dataclass(frozen=True)
class Pairs:
    """Candidate pairs: `tracks[i]` may match `detections[i]` at `costs[i]`; all `(P,)`, no pair twice."""

    tracks: Index
    detections: Index
    costs: Array

    def __len__(self) -> int:
        return len(self.tracks)

    def __getitem__(self, keep: npt.NDArray[np.bool_] | Index) -> Pairs:
        return Pairs(self.tracks[keep], self.detections[keep], self.costs[keep])


def sweep_pairs(low: Array, high: Array, values: Array) -> tuple[Index, Index]:
    """All (i, j) with `low[i] <= values[j] <= high[i]`, by one sort and two binary searches a row.

    Costs O((N + M) log M + pairs): the candidates of a track are its neighbours on one axis, never all M.
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    first = np.searchsorted(ordered, low, side="left")
    counts = np.maximum(np.searchsorted(ordered, high, side="right") - first, 0)
    rows = np.repeat(np.arange(len(low)), counts)
    starts = np.repeat(first - (np.cumsum(counts) - counts), counts)
    return rows, order[starts + np.arange(len(rows))]


def assign(pairs: Pairs, max_cost: float) -> tuple[Index, Index]:
    """The matching of least total cost among pairs that cost at most `max_cost`; unmatched counts as just above it.

    Returns:
        Matched tracks and detections, `(K,)` each, ordered by track.
    """
    pairs = pairs[pairs.costs <= max_cost]
    if not len(pairs):
        return np.empty(0, np.intp), np.empty(0, np.intp)
    alone = (np.bincount(pairs.tracks)[pairs.tracks] == 1) & (np.bincount(pairs.detections)[pairs.detections] == 1)
    tracks, detections = [pairs.tracks[alone]], [pairs.detections[alone]]
    contested = pairs[~alone]
    for component in _components(contested):
        matched = _solve(component, max_cost)
        tracks.append(component.tracks[matched])
        detections.append(component.detections[matched])
    all_tracks, all_detections = np.concatenate(tracks), np.concatenate(detections)
    order = np.argsort(all_tracks, kind="stable")
    return all_tracks[order], all_detections[order]


def _components(pairs: Pairs) -> list[Pairs]:
    """The pairs, split into connected components of the bipartite graph."""
    if not len(pairs):
        return []
    _, rows = np.unique(pairs.tracks, return_inverse=True)
    columns_of, columns = np.unique(pairs.detections, return_inverse=True)
    size = int(rows.max()) + 1 + len(columns_of)
    graph = coo_matrix((np.ones(len(pairs), np.int8), (rows, columns + rows.max() + 1)), shape=(size, size))
    _, labels = connected_components(graph, directed=False)
    label_of_pair = labels[rows]
    order = np.argsort(label_of_pair, kind="stable")
    borders = np.flatnonzero(np.diff(label_of_pair[order])) + 1
    return [pairs[part] for part in np.split(order, borders)]


def _solve(pairs: Pairs, max_cost: float) -> Index:
    """Indices of the matched pairs of one component."""
    track_of, rows = np.unique(pairs.tracks, return_inverse=True)
    detection_of, columns = np.unique(pairs.detections, return_inverse=True)
    if len(track_of) == 1 or len(detection_of) == 1:
        return np.array([np.argmin(pairs.costs)], np.intp)
    costs = np.full((len(track_of), len(detection_of)), max_cost + _REJECTED_MARGIN)
    pair_at: npt.NDArray[Any] = np.full(costs.shape, -1, np.intp)
    costs[rows, columns] = pairs.costs
    pair_at[rows, columns] = np.arange(len(pairs))
    chosen = pair_at[linear_sum_assignment(costs)]
    return np.asarray(chosen[chosen >= 0], np.intp)
