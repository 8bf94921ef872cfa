"""Which track goes on as which: candidate links from the end of one to the start of another, and the best set of them.

A link is only from an end to a later start, and each end and each start is in one link at most, so what is joined is a
chain of tracks one after the other: nobody is ever in two places at the same moment.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tracker.assignment import assign
from tracker.pairs import Index, Pairs, sweep_pairs

__all__ = ["Ends", "best_links", "candidate_links", "chained"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Ends:
    """Where tracks begin and end, and their appearance; one row a track, `(N, ...)`.

    Attributes:
        first_s, last_s: s, of the first and the last detection.
        first, last: `(N, 4, 2)` px and px/s, smoothed position and velocity of centre x, centre y, aspect, height.
        groups: `(N,)`, of their classes: tracks of two groups are never linked.
        appearance: `(N, D)` unit rows, or of length 0 where nobody looked; D = 0 without appearance.
    """

    first_s: Array
    last_s: Array
    first: Array
    last: Array
    groups: npt.NDArray[np.int64]
    appearance: Array


def candidate_links(
    ends: Ends, *, max_gap_s: float, max_shift: float, max_growth: float, coast_s: float, max_cosine: float
) -> Pairs:
    """Links that may be, at costs below 1: what is missing in place, size and time, each as a share of what is allowed.

    The track before is taken on to the start of the one after, the one after back to the end of the one before, each
    with its own velocity, which fades over `coast_s`; the mean of both distances counts.

    Args:
        max_gap_s: longest time (s) between them.
        max_shift: farthest (in heights of the box) from where it was expected.
        max_growth: largest change of height, as a natural logarithm.
        coast_s: s, within which a velocity loses most of its meaning.
        max_cosine: largest cosine distance between their appearances; alike ones may be farther away for it.

    Returns:
        Pairs of rows: `tracks` end, `detections` begin.
    """
    before, after = sweep_pairs(np.nextafter(ends.last_s, np.inf), ends.last_s + max_gap_s, ends.first_s)
    same = ends.groups[before] == ends.groups[after]
    before, after = before[same], after[same]
    gap = ends.first_s[after] - ends.last_s[before]
    last, first = ends.last[before], ends.first[after]
    coasted = (coast_s * (1 - np.exp(-gap / coast_s)))[:, None]
    heights = np.sqrt(np.maximum(last[:, 3, 0], 1e-3) * np.maximum(first[:, 3, 0], 1e-3))
    onwards = last[:, :2, 0] + last[:, :2, 1] * coasted - first[:, :2, 0]
    backwards = first[:, :2, 0] - first[:, :2, 1] * coasted - last[:, :2, 0]
    shift = (np.linalg.norm(onwards, axis=1) + np.linalg.norm(backwards, axis=1)) / 2 / heights
    growth = np.abs(np.log(np.maximum(first[:, 3, 0], 1e-3) / np.maximum(last[:, 3, 0], 1e-3)))
    costs = shift / max_shift + growth / max_growth + gap / max_gap_s
    costs += _unlikeness(ends.appearance, before, after, max_cosine)
    return Pairs(before, after, costs)[costs < 1]


def _unlikeness(appearance: Array, before: Index, after: Index, max_cosine: float) -> Array:
    """From -1/2 (the same appearance) to 1/2 (at the gate), infinite beyond; 0 where one of them has none."""
    if not appearance.shape[1]:
        return np.zeros(len(before))
    known: npt.NDArray[np.bool_] = np.asarray(appearance.any(axis=1))
    distance = 1 - np.sum(appearance[before] * appearance[after], axis=1)
    cost = np.where(distance <= max_cosine, distance / max(max_cosine, 1e-6) - 0.5, np.inf)
    return np.asarray(np.where(known[before] & known[after], cost, 0.0))


def best_links(candidates: Pairs) -> tuple[Index, Index]:
    """The links of the least total cost, where each one not made costs 1 (Hungarian method, exact)."""
    chosen = candidates[assign(candidates, 1.0)]
    return chosen.tracks, chosen.detections


def chained(count: int, before: Index, after: Index) -> list[list[int]]:
    """Rows 0 to `count` - 1 in chains along the links, each from its first row on."""
    follower = dict(zip(before.tolist(), after.tolist(), strict=True))
    chains: list[list[int]] = []
    for start in sorted(set(range(count)) - set(follower.values())):
        chain = [start]
        while chain[-1] in follower:
            chain.append(follower[chain[-1]])
        chains.append(chain)
    return chains
