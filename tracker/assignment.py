"""Gated assignment on sparse pairs: the optimum of the one big cost matrix, without ever building it.

A gated pair is a (track, detection) that may match, with its cost. The gate turns the bipartite graph into many small
components; the minimum over all is the sum of their minima. Most components are one pair, which needs no solver. The
others share matrices of moderate size, in which every rejected pair costs a little more than the gate (the original
DeepSORT formulation): one by one they would be slow in Python, and one matrix for all would be slow in itself.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from .pairs import Index, Mask, Pairs

__all__ = ["assign", "ranked"]

_REJECTED_MARGIN = 1e-5
"""What a rejected pair costs above the gate (as in the original), so that a valid pair is always preferred."""
_BLOCK = 64
"""Tracks that share a matrix: the solver takes some 20 us for so many, about what it takes to call it."""


def assign(pairs: Pairs, max_cost: float) -> Mask:
    """Which pairs are matched, `(P,)`: no track or detection twice, at the least total cost.

    Only pairs that cost at most `max_cost` can be; what is left unmatched counts as a little more.
    """
    matched = pairs.costs <= max_cost
    allowed = matched.nonzero()[0]
    contested = allowed.take(pairs[allowed].contested())
    if not len(contested):
        return matched
    matched[contested] = False
    competing = pairs[contested]
    for block in _blocks(competing):
        matched[contested[block[_solve(competing[block], max_cost)]]] = True
    return matched


def _blocks(pairs: Pairs) -> Iterator[Index]:
    """The pairs in groups of whole connected components, as many as make up about `_BLOCK` tracks."""
    num_tracks, rows = ranked(pairs.tracks)
    if num_tracks <= _BLOCK:
        yield np.arange(len(pairs))
        return
    num_detections, columns = ranked(pairs.detections)
    size = num_tracks + num_detections
    graph = coo_array((np.ones(len(pairs), np.int8), (rows, columns + num_tracks)), shape=(size, size))
    num_components, label = connected_components(graph, directed=False)
    tracks_of = np.bincount(label[:num_tracks], minlength=num_components)
    block = (np.cumsum(tracks_of) // _BLOCK)[label[rows]]
    order = np.argsort(block, kind="stable")
    yield from np.split(order, np.flatnonzero(np.diff(block[order])) + 1)


def _solve(pairs: Pairs, max_cost: float) -> Index:
    """Indices of the matched among pairs that all are within the gate."""
    num_tracks, rows = ranked(pairs.tracks)
    num_detections, columns = ranked(pairs.detections)
    costs = np.full((num_tracks, num_detections), max_cost + _REJECTED_MARGIN)
    pair_at: npt.NDArray[np.intp] = np.full(costs.shape, -1)
    costs[rows, columns] = pairs.costs
    pair_at[rows, columns] = np.arange(len(pairs))
    chosen = pair_at[linear_sum_assignment(costs)]
    return np.asarray(chosen[chosen >= 0], np.intp)


def ranked(numbers: Index) -> tuple[int, Index]:
    """How many different numbers there are, from 0 on, and the rank of each among them."""
    present = np.zeros(int(np.maximum.reduce(numbers, initial=0)) + 1, np.intp)
    present[numbers] = 1
    ranks = present.cumsum()
    return int(ranks[-1]), ranks[numbers] - 1
