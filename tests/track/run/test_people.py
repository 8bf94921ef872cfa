"""How a run ends: by counting people as a person would."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from track.rows.identities import Identity
from track.run.people import identities_line, identity_facts


def one(track_id: int, class_id: int = 0, doubts: Sequence[str] = ()) -> Identity:
    return Identity(track_id, class_id, 0, 1, 0, 10, 11, 0.5, "left", "right", 1.0, 100.0, tuple(doubts))


LINES = {
    "nobody": ([], ""),
    "one": ([one(1)], "1 person"),
    "several": ([one(1), one(2), one(3)], "3 people"),
    "one of them doubtful": ([one(1), one(2), one(7, doubts=["short"])], "3 people, 1 doubtful: 7 (short)"),
    "of two kinds, the most first": ([one(1, 2), one(2), one(3, 2)], "2 cars, 1 person"),
    "a class without a name": ([one(1, 44)], "1 of class 44"),
    "two reasons": (
        [one(4, doubts=["overlaps 2 all its life", "short"])],
        "1 person, 1 doubtful: 4 (overlaps 2 all its life; short)",
    ),
    "many doubtful ones": (
        [one(number, doubts=["short"]) for number in range(1, 8)],
        "7 people, 7 doubtful: 1 (short), 2 (short), 3 (short), 4 (short), 5 (short), ...",
    ),
}


@pytest.mark.parametrize(("identities", "line"), LINES.values(), ids=LINES)
def test_lines(identities: list[Identity], line: str) -> None:
    assert identities_line(identity_facts(identities, {0: "person", 2: "car"})) == line
