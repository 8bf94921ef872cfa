"""The matching cascade: by appearance, those who were seen last choose first (Wojke et al. 2017, listing 1).

The paper goes through the levels one by one, as many as frames that a track may be lost, though nearly all tracks are
in the first. Here the first level chooses, and what it leaves is looked at together: where a pair is the only one
within the gate for its track and its detection, no order can change it. Only the others take their turns. The matches
are those of the paper's loop, and those who are lost, whose gates are wide, cost no more than what is left for them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from .assignment import assign, ranked
from .association import mutually_nearest
from .pairs import Index, Mask, Pairs, with_costs
from .types import Evidence

__all__ = ["NOBODY", "Appearance", "Match", "Near", "matching_cascade"]

Array = npt.NDArray[np.float64]
Levels = npt.NDArray[np.int64]

Match = tuple[Index, Index]
"""Tracks and their detections, both `(K,)`."""

NOBODY: Match = (np.empty(0, np.intp), np.empty(0, np.intp))

_NEVER = np.iinfo(np.int64).max

Near = Callable[[Index, Index], Pairs]
"""From some tracks and some detections to their pairs inside the motion gate, at their Mahalanobis distance."""
Appearance = Callable[[Pairs, bool], Array]
"""From pairs to their cosine distances, `(P,)`; unless these have to be exact, it is enough that they are on the right
side of the gate."""


def matching_cascade(
    tracks: Index, levels: Levels, detections: Index, near: Near, appearance: Appearance, gate: float
) -> tuple[Match, Evidence]:
    """Match level by level; a level sees only pairs whose detection nobody before it has taken.

    Args:
        tracks, detections: those that may be matched, `(N,)` and `(M,)`, in any numbering.
        levels: detector frames since a track of that number was last seen.
        near: asked for the first level with all detections, then for the others with what it leaves.
        appearance: asked only for pairs that `near` has found.
        gate: largest cosine distance.

    Returns:
        Who was matched with whom, and what appearance did for it.
    """
    if not len(tracks) or not len(detections):
        return NOBODY, Evidence()
    level = levels.take(tracks)
    is_first = level == np.minimum.reduce(level)
    matches, evidence = _match(near(tracks[is_first], detections), levels, appearance, gate)
    if np.count_nonzero(is_first) == len(tracks):
        return matches, evidence
    # Who is lost may be anywhere, and so near to everybody: only what is left is compared.
    left = detections[_still_free(detections, matches[1])]
    if not len(left):
        return matches, evidence
    found, more = _match(near(tracks[~is_first], left), levels, appearance, gate)
    both = np.concatenate((matches[0], found[0])), np.concatenate((matches[1], found[1]))
    return both, evidence + more


def _match(pairs: Pairs, levels: Levels, appearance: Appearance, gate: float) -> tuple[Match, Evidence]:
    if not len(pairs):
        return NOBODY, Evidence()
    chosen, evidence = _choose(pairs, levels.take(pairs.tracks), appearance, gate)
    return (pairs.tracks.take(chosen), pairs.detections.take(chosen)), evidence


def _choose(pairs: Pairs, level: Levels, appearance: Appearance, gate: float) -> tuple[Index, Evidence]:
    """The matches among pairs of any levels; `level`, `(P,)`, is that of each."""
    rivals = pairs.contested()
    similar = appearance(pairs, False) <= gate
    if not len(rivals):
        return _undisputed(similar, level)
    matched = similar.copy()
    # Who competes only with pairs beyond the gate has no rival any more, and most have none.
    waiting = rivals[similar.take(rivals)]
    if len(waiting):
        waiting = waiting.take(pairs[waiting].contested())
    if len(waiting):
        matched[waiting] = False
        costs = np.zeros(len(pairs))
        costs[waiting] = appearance(pairs[waiting], True)
        while len(waiting):
            level_here = level.take(waiting)
            turn = level_here == np.minimum.reduce(level_here)
            here = waiting[turn]
            chosen = here[assign(with_costs(pairs[here], costs.take(here)), gate)]
            matched[chosen] = True
            waiting = waiting[~turn]
            waiting = waiting[_still_free(pairs.detections.take(waiting), pairs.detections.take(chosen))]
    indices = matched.nonzero()[0]
    nearest = _nearest_in_turn(pairs, level, rivals, indices)
    return indices, Evidence(
        by_appearance=len(indices),
        appearance_decided=len(indices) - int(np.count_nonzero(nearest.take(indices))),
        recovered=int(np.count_nonzero(level.take(indices) > 1)),
        vetoed=int(np.count_nonzero(nearest & ~similar)),
    )


def _undisputed(similar: Mask, level: Levels) -> tuple[Index, Evidence]:
    """`_choose` where no two pairs compete: all inside the gate, and motion alone would have made the same matches."""
    indices = similar.nonzero()[0]
    recovered = int(np.count_nonzero(level.take(indices) > 1))
    return indices, Evidence(by_appearance=len(indices), recovered=recovered, vetoed=len(similar) - len(indices))


def _nearest_in_turn(pairs: Pairs, level: Levels, rivals: Index, matched: Index) -> Mask:
    """Which pairs were each other's nearest by motion when it was the turn of their level, `(P,)`.

    Args:
        level: `(P,)`, of each pair's track.
        rivals: those `contested`.
        matched: those that the cascade has matched.
    """
    nearest = np.ones(len(pairs), np.bool_)
    nearest[rivals] = False
    taken_at = np.full(int(np.maximum.reduce(pairs.detections)) + 1, _NEVER)
    taken_at[pairs.detections.take(matched)] = level.take(matched)
    seen = rivals[level.take(rivals) <= taken_at.take(pairs.detections.take(rivals))]
    # A detection meets each level anew: for this count it is another one there.
    num_levels, rank = ranked(level.take(seen))
    meeting = pairs.detections.take(seen) * num_levels + rank
    nearest[seen] = mutually_nearest(Pairs(pairs.tracks.take(seen), meeting, pairs.costs.take(seen)))
    return nearest


def _still_free(detections: Index, taken: Index) -> Mask:
    """Which of `detections` are not among `taken`; `(len(detections),)`."""
    if not len(detections) or not len(taken):
        return np.ones(len(detections), np.bool_)
    free = np.ones(int(max(np.maximum.reduce(detections), np.maximum.reduce(taken))) + 1, np.bool_)
    free[taken] = False
    return np.asarray(free.take(detections))
