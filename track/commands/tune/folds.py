"""What is left out in turn: sequences, or halves in time of a single one; and what a choice gains there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluation.pieces import Interval, Pieces, jackknife_interval, scores_without_each

__all__ = ["MOST_FOLDS", "Counted", "Fold", "gain_between", "kept", "left_out", "make_folds"]

MOST_FOLDS = 4
"""Each costs a search of its own."""

Counted = Sequence[Pieces]
"""What a setting reached, sequence by sequence."""


@dataclass(frozen=True)
class Fold:
    """A part of the data.

    Attributes:
        name: for people.
        pieces: number of each sequence that has a share in it, with the numbers of its pieces.
    """

    name: str
    pieces: tuple[tuple[int, tuple[int, ...]], ...]


def make_folds(names: Sequence[str], num_pieces: Sequence[int]) -> tuple[Fold, ...]:
    """The parts that are left out in turn: each sequence, or the halves of a single one.

    Of more than `MOST_FOLDS` sequences, several go together, so that parts are about as long as each other.
    """
    if len(names) == 1:
        half = num_pieces[0] // 2
        return (
            Fold(f"first half of {names[0]}", ((0, tuple(range(half))),)),
            Fold(f"second half of {names[0]}", ((0, tuple(range(half, num_pieces[0]))),)),
        )
    groups: list[list[int]] = [[] for _ in range(min(len(names), MOST_FOLDS))]
    for number in sorted(range(len(names)), key=lambda number: (-num_pieces[number], number)):
        min(groups, key=lambda group: sum(num_pieces[other] for other in group)).append(number)
    parts = sorted(sorted(group) for group in groups)
    return tuple(
        Fold(", ".join(names[number] for number in part), tuple((n, tuple(range(num_pieces[n]))) for n in part))
        for part in parts
    )


def left_out(counted: Counted, fold: Fold) -> list[Pieces]:
    """The share of a part."""
    return [counted[number].only(np.array(pieces, np.int64)) for number, pieces in fold.pieces]


def kept(counted: Counted, fold: Fold | None) -> list[Pieces]:
    """All but the share of a part; `None` keeps all."""
    if fold is None:
        return list(counted)
    gone = dict(fold.pieces)
    rest = [np.setdiff1d(np.arange(len(pieces)), gone.get(number, ())) for number, pieces in enumerate(counted)]
    return [pieces.only(which) for pieces, which in zip(counted, rest, strict=True) if len(which)]


def gain_between(
    base: Sequence[Pieces], chosen: Sequence[Pieces]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], Interval]:
    """The scores `(3,)` of both on the same pieces, and how much higher the mean of the second ones is."""
    before, after = scores_without_each(base), scores_without_each(chosen)
    return before[0], after[0], jackknife_interval((after - before).mean(axis=1))
