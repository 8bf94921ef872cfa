"""What is left out in turn."""

from __future__ import annotations

import numpy as np
import pytest

from tests.track.commands.tune.data import Counting
from track.commands.tune.folds import kept, left_out, make_folds

CASES = {
    "one sequence: halves in time": (
        {"a": 5},
        {"first half of a": {0: [0, 1]}, "second half of a": {0: [2, 3, 4]}},
    ),
    "two: each": ({"a": 4, "b": 2}, {"a": {0: [0, 1, 2, 3]}, "b": {1: [0, 1]}}),
    "four: each": (dict.fromkeys("abcd", 1), {name: {number: [0]} for number, name in enumerate("abcd")}),
    "six: four parts, the long ones alone": (
        {"a": 9, "b": 2, "c": 8, "d": 2, "e": 7, "f": 2},
        {
            "a": {0: [*range(9)]},
            "b, d, f": {1: [0, 1], 3: [0, 1], 5: [0, 1]},
            "c": {2: [*range(8)]},
            "e": {4: [*range(7)]},
        },
    ),
}


@pytest.mark.parametrize(("lengths", "expected"), CASES.values(), ids=CASES.keys())
def test_folds(lengths, expected):
    folds = make_folds(list(lengths), list(lengths.values()))
    assert {fold.name: {n: list(p) for n, p in fold.pieces} for fold in folds} == expected


@pytest.mark.parametrize("lengths", [[5], [8, 8], [8, 8, 8]], ids=len)
def test_every_piece_is_left_out_once_and_kept_by_all_other_parts(lengths):
    counted = Counting()({})[: len(lengths)]
    counted = [pieces.only(np.arange(length)) for pieces, length in zip(counted, lengths, strict=True)]
    folds = make_folds([str(number) for number in range(len(lengths))], lengths)
    total = sum(lengths)
    assert sum(len(part) for fold in folds for part in left_out(counted, fold)) == total
    for fold in folds:
        gone = sum(len(part) for part in left_out(counted, fold))
        assert sum(len(part) for part in kept(counted, fold)) == total - gone
    assert sum(len(part) for part in kept(counted, None)) == total
