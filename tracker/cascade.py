"""The matching cascade: by appearance, those who were seen last choose first (Wojke et al. 2017, listing 1).

The paper goes through the levels one by one, as many as frames that a track may be lost, though nearly all tracks are
in the first. Here the first level chooses, and what it leaves is looked at together: where a pair is the only one
within the gate for its track and its detection, no order can change it. Only the others take their turns. The matches
are those of the paper's loop.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from .assignment import assign, ranked
from .association import mutually_nearest
from .pairs import Index, Mask, Pairs, with_costs
from .types import Evidence

__all__ = ["Look", "matching_cascade"]

Array = npt.NDArray[np.float64]
Levels = npt.NDArray[np.int64]

_NEVER = np.iinfo(np.int64).max

Look = Callable[[Pairs, bool], Array]
"""From pairs to their cosine distances, `(P,)`; unless these have to be exact, it is enough that they are on the right
side of the gate."""


def matching_cascade(pairs: Pairs, levels: Levels, look: Look, gate: float) -> tuple[Index, Evidence]:
    """Match level by level; a level sees only pairs whose detection nobody before it has taken.

    Args:
        pairs: inside the motion gate, at their Mahalanobis distance.
        levels: `(N,)` frames since each track was last seen.
        look: asked for no pair whose detection the first level has taken.
        gate: largest cosine distance.

    Returns:
        Indices of the matched pairs, and what appearance did for them.
    """
    if not len(pairs):
        return np.empty(0, np.intp), Evidence()
    level = levels.take(pairs.tracks)
    is_first = level == np.minimum.reduce(level)
    later = (~is_first).nonzero()[0]
    if not len(later):
        return _choose(pairs, level, look, gate)
    first = is_first.nonzero()[0]
    chosen, evidence = _choose(pairs[first], level.take(first), look, gate)
    chosen = first.take(chosen)
    later = later[_still_free(pairs.detections.take(later), pairs.detections.take(chosen))]
    if len(later):
        recovered, more = _choose(pairs[later], level.take(later), look, gate)
        chosen, evidence = np.concatenate((chosen, later.take(recovered))), evidence + more
    return chosen, evidence


def _choose(pairs: Pairs, level: Levels, look: Look, gate: float) -> tuple[Index, Evidence]:
    """The matches among pairs of any levels; `level`, `(P,)`, is that of each."""
    rivals = pairs.contested()
    alike = look(pairs, False) <= gate
    if not len(rivals):
        return _undisputed(alike, level)
    matched = alike.copy()
    # Who competes only with pairs beyond the gate has no rival any more, and most have none.
    waiting = rivals[alike.take(rivals)] if len(rivals) else rivals
    if len(waiting):
        waiting = waiting.take(pairs[waiting].contested())
    if len(waiting):
        matched[waiting] = False
        costs = np.zeros(len(pairs))
        costs[waiting] = look(pairs[waiting], True)
        while len(waiting):
            level_here = level.take(waiting)
            turn = level_here == np.minimum.reduce(level_here)
            here = waiting[turn]
            chosen = here[assign(with_costs(pairs[here], costs.take(here)), gate)]
            matched[chosen] = True
            waiting = waiting[~turn]
            waiting = waiting[_still_free(pairs.detections.take(waiting), pairs.detections.take(chosen))]
    indices = matched.nonzero()[0]
    nearest = _nearest_in_turn(pairs, level, indices, rivals)
    return indices, Evidence(
        by_appearance=len(indices),
        appearance_decided=len(indices) - int(np.count_nonzero(nearest.take(indices))),
        recovered=int(np.count_nonzero(level.take(indices) > 1)),
        vetoed=int(np.count_nonzero(nearest & ~alike)),
    )


def _undisputed(alike: Mask, level: Levels) -> tuple[Index, Evidence]:
    """`_choose` where no two pairs compete: all that look alike, and motion alone would have made the same matches."""
    indices = alike.nonzero()[0]
    recovered = int(np.count_nonzero(level.take(indices) > 1))
    return indices, Evidence(by_appearance=len(indices), recovered=recovered, vetoed=len(alike) - len(indices))


def _nearest_in_turn(pairs: Pairs, level: Levels, matched: Index, rivals: Index) -> Mask:
    """Which pairs were each other's nearest by motion when it was the turn of their level, `(P,)`."""
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
