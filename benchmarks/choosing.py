"""From scores by group, with and without each piece, to a verdict: is one setting ahead of another beyond noise?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.groups import Group
from evaluation.pieces import SCORES, Interval, jackknife_interval

__all__ = ["By", "LeftOut", "Scored", "difference", "leave_one_source_out", "losses", "mean_difference", "total_of"]

ALL_WRONG = 0.05
"""How often any interval of a table may miss the truth; each of its G groups gets a G-th of it (Bonferroni)."""


@dataclass(frozen=True)
class Scored:
    """What a setting reached in a group.

    Attributes:
        scores: `(1 + K, 3)` `SCORES` (%) of the group, then without each of its K pieces.
        pieces: which piece each is, the same in every group that holds it: sequence and number.
    """

    scores: npt.NDArray[np.float64]
    pieces: tuple[tuple[str, int], ...]

    def __post_init__(self) -> None:
        if self.scores.shape != (1 + len(self.pieces), len(SCORES)):
            raise ValueError(f"scores have shape {self.scores.shape}, expected ({1 + len(self.pieces)}, {len(SCORES)})")


By = Mapping[Group, Scored]
"""A setting's scores by group."""


@dataclass(frozen=True)
class LeftOut:
    """A source on which nothing was chosen.

    Attributes:
        source: its name.
        chosen: the setting that was best on the other sources.
        scores: `(3,)` mean of the source's groups.
        gain: over the base, mean of the scores.
    """

    source: str
    chosen: str
    scores: npt.NDArray[np.float64]
    gain: Interval


def difference(base: Scored, candidate: Scored, num_groups: int = 1) -> Interval:
    """How much higher the mean of the candidate's scores is, with an interval for one of so many groups."""
    return jackknife_interval((candidate.scores - base.scores).mean(axis=1), 1 - ALL_WRONG / num_groups)


def mean_difference(base: By, candidate: By) -> Interval:
    """The same of the mean of all groups.

    Groups share sequences, and so their luck: a piece is left out of all of them at once.
    """
    groups = list(base)
    differences = {group: (candidate[group].scores - base[group].scores).mean(axis=1) for group in groups}
    whole = float(np.mean([differences[group][0] for group in groups]))
    without: dict[tuple[str, int], float] = {}
    for group in groups:
        here = differences[group]
        for piece, value in zip(base[group].pieces, here[1:].tolist(), strict=True):
            without[piece] = without.get(piece, whole) + (value - here[0]) / len(groups)
    return jackknife_interval(np.array([whole, *without.values()]))


def losses(base: By, candidate: By) -> list[Group]:
    """The groups in which the candidate is behind beyond noise."""
    return [group for group in base if difference(base[group], candidate[group], len(base)).high < 0]


def total_of(scored: By, groups: Sequence[Group]) -> npt.NDArray[np.float64]:
    """`(3,)`, the mean of the scores over these groups."""
    return np.mean([scored[group].scores[0] for group in groups], axis=0)


def leave_one_source_out(settings: Mapping[str, By], base: str) -> tuple[list[LeftOut], Interval]:
    """Each source with the setting that was best on the others, and what all of these gained over the base together.

    Args:
        settings: scores of each, by name; of the same groups.
        base: the name with which others are compared; it is chosen where no other is better.

    Raises:
        ValueError: there is but one source.
    """
    groups = list(settings[base])
    sources = list(dict.fromkeys(group.source for group in groups))
    if len(sources) < 2:
        raise ValueError(f"all groups are of {sources[0]}, expected two sources or more: one is left out")
    left_out, chosen_scores = [], {}
    for source in sources:
        others = [group for group in groups if group.source != source]
        own = [group for group in groups if group.source == source]
        names = [base, *(name for name in settings if name != base)]
        chosen = names[int(np.argmax([total_of(settings[name], others).mean() for name in names]))]
        chosen_scores |= {group: settings[chosen][group] for group in own}
        gain = mean_difference({group: settings[base][group] for group in own}, chosen_scores)
        left_out.append(LeftOut(source, chosen, total_of(settings[chosen], own), gain))
    return left_out, mean_difference(settings[base], chosen_scores)
