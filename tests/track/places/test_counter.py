"""What counts as a crossing, an entry, an exit and a stay, one named situation each."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tests.track.places.people import (
    SQUARE,
    UPWARD,
    Feet,
    along_x,
    events_of,
    kinds,
    rows_of,
    straight,
)
from track.places.counter import GONE_S, PlaceCounter
from track.places.types import Line, Places, Zone
from track.rows.types import RowState

DOOR = Places((UPWARD,), in_px=True)
COUNTER = Places((), (SQUARE,), in_px=True)

AT_THE_LINE: dict[str, tuple[Feet, list[str]]] = {
    "from left to right, looking along it": (straight((300, 500), (700, 500)), ["in"]),
    "from right to left": (straight((700, 500), (300, 500)), ["out"]),
    "in one step": (along_x(300, 700), ["in"]),
    "and back": (straight((300, 500), (700, 500), (300, 500)), ["in", "out"]),
    "turns back before it": (straight((300, 500), (490, 500), (300, 500)), []),
    "turns back on it, inside of the band": (straight((300, 500), (520, 500), (300, 500)), []),
    "turns back beyond the band": (straight((300, 500), (530, 500), (300, 500)), ["in", "out"]),
    "for one frame only": (along_x(300, 400, 530, 400, 300), ["in", "out"]),
    "trembles at it and goes on": (along_x(300, 495, 505, 490, 515, 485, 520, 600), ["in"]),
    "trembles at it and goes back": (along_x(300, 495, 505, 490, 515, 485, 520, 400), []),
    "stays on one side": (straight((300, 100), (300, 900)), []),
    "walks along it, a little to its left": (straight((495, 100), (495, 900)), []),
    "exactly on it, then to the right": (along_x(400, 500, 500, 600), ["in"]),
    "begins close to it and crosses": (straight((485, 500), (700, 500)), ["in"]),
    "begins on it: no one knows from where": (straight((495, 500), (700, 500)), []),
    "ends close to it, across": (straight((300, 500), (515, 500), step=5), ["in"]),
    "ends on it: no one knows where to": (straight((300, 500), (505, 500), step=5), []),
    "is not seen while crossing": ([(400.0, 500.0), None, None, (600.0, 500.0)], ["in"]),
}


@pytest.mark.parametrize(("feet", "expected"), AT_THE_LINE.values(), ids=AT_THE_LINE.keys())
def test_at_a_line(feet: Feet, expected: list[str]) -> None:
    assert kinds(DOOR, feet) == expected


@pytest.mark.parametrize(("feet", "expected"), AT_THE_LINE.values(), ids=AT_THE_LINE.keys())
def test_a_line_the_other_way_round_counts_the_other_way_round(feet: Feet, expected: list[str]) -> None:
    other = {"in": "out", "out": "in"}
    turned = Places((Line("door", UPWARD.end, UPWARD.start),), in_px=True)
    assert kinds(turned, feet) == [other[kind] for kind in expected]


SHORT = Places((Line("gate", (500.0, 600.0), (500.0, 400.0)),), in_px=True)
AT_AN_END: dict[str, tuple[Feet, list[str]]] = {
    "between its ends": (straight((300, 500), (700, 500)), ["in"]),
    "past its end": (straight((300, 700), (700, 700)), []),
    "past its end, and back through it": (straight((300, 700), (700, 700), (700, 500), (300, 500)), ["out"]),
    "in one step across, though both ends lie beyond": ([(400.0, 300.0), (600.0, 700.0)], ["in"]),
    "in one step past it": ([(400.0, 650.0), (600.0, 640.0)], []),
}


@pytest.mark.parametrize(("feet", "expected"), AT_AN_END.values(), ids=AT_AN_END.keys())
def test_a_line_ends_where_it_ends(feet: Feet, expected: list[str]) -> None:
    assert kinds(SHORT, feet) == expected


AT_THE_ZONE: dict[str, tuple[Feet, list[str]]] = {
    "through it": (straight((300, 550), (1000, 550)), ["enter", "leave"]),
    "stays outside": (straight((300, 300), (1000, 300)), []),
    "turns back on its border": (straight((300, 550), (615, 550), (300, 550)), []),
    "turns back inside": (straight((300, 550), (630, 550), (300, 550)), ["enter", "leave"]),
    "steps out and in again, inside of the band": (
        straight((300, 550), (750, 550), (585, 550), (750, 550)),
        ["enter", "leave"],
    ),
    "goes out and in again": (
        straight((300, 550), (750, 550), (560, 550), (750, 550)),
        ["enter", "leave", "enter", "leave"],
    ),
    "is there from the start to the end": (straight((750, 550), (760, 550)), ["enter", "leave"]),
    "is not seen for a while inside": ([(750.0, 550.0), *[None] * 50, (740.0, 550.0)], ["enter", "leave"]),
    "on its border all the time": (along_x(595, 605, 597, 603, 595, y=550), []),
}


@pytest.mark.parametrize(("feet", "expected"), AT_THE_ZONE.values(), ids=AT_THE_ZONE.keys())
def test_at_a_zone(feet: Feet, expected: list[str]) -> None:
    assert kinds(COUNTER, feet) == expected


def test_an_event_has_the_moment_in_which_the_foot_came_over_the_line() -> None:
    """Not the one in which the band was left, which is later."""
    (crossed,) = events_of(DOOR, rows_of({7: along_x(480, 490, 505, 515, 525, 535)}))
    assert (crossed.frame, crossed.time_s, crossed.id) == (2, 0.2, 7)
    assert (crossed.place, crossed.class_name, crossed.dwell_s) == ("door", "person", None)


def test_dwell_is_from_border_to_border() -> None:
    entered, left = events_of(COUNTER, rows_of({1: straight((505, 550), (755, 550), (505, 550))}))
    assert (entered.time_s, left.time_s) == (1.0, 4.1), "at 605 px, and at 595 px again"
    assert left.dwell_s == pytest.approx(3.1)


def test_whoever_is_seen_no_more_left_where_they_were_last_seen() -> None:
    _, left = events_of(COUNTER, rows_of({1: straight((500, 550), (750, 550))}))
    assert (left.kind, left.time_s) == ("leave", 2.5)


def test_the_band_is_that_of_a_body_so_it_grows_with_the_picture() -> None:
    feet = straight((300, 500), (530, 500), (300, 500))
    assert kinds(DOOR, feet, height=100.0) == ["in", "out"]
    assert kinds(DOOR, feet, height=200.0) == []


def test_a_zone_that_is_smaller_than_the_band_is_still_entered() -> None:
    mat = Zone("mat", ((600.0, 500.0), (630.0, 500.0), (630.0, 530.0), (600.0, 530.0)))
    assert kinds(Places((), (mat,), in_px=True), straight((500, 515), (700, 515), step=5), height=300.0) == [
        "enter",
        "leave",
    ]


def test_where_nobody_was_seen_nobody_walks() -> None:
    """A lost track drifts over the line as predicted, and is found again where it was."""
    feet = straight((400, 500), (480, 500)) + straight((490, 500), (600, 500)) + along_x(480, 470, 400)
    guesses = {(1, frame): RowState.PREDICTED for frame in range(9, len(feet) - 3)}
    assert kinds(DOOR, feet, states=guesses) == []
    assert kinds(DOOR, feet) == ["in", "out"]


def test_each_person_is_counted_by_themselves() -> None:
    left, right = straight((300, 500), (700, 500)), straight((700, 550), (300, 550))
    events = events_of(DOOR, rows_of({3: left, 8: right, 9: left[:5]}, class_ids={8: 1}))
    assert [(event.id, event.kind, event.class_name) for event in events] == [(3, "in", "person"), (8, "out", "dog")]


def test_one_who_comes_back_after_long_comes_anew() -> None:
    """Until then the place between two sightings is crossed; after it, nobody knows what happened."""
    for seconds, expected in ((GONE_S - 1, ["in"]), (GONE_S + 1, [])):
        feet = [(400.0, 500.0), *[None] * int(seconds * 10), (600.0, 500.0)]
        assert kinds(DOOR, feet) == expected
        assert kinds(DOOR, [*feet, (400.0, 500.0)]) == [*expected, "out"]


def test_the_order_of_rows_in_a_frame_and_frames_without_rows_change_nothing() -> None:
    rng = np.random.default_rng(3)
    people = {i: [tuple(map(float, p)) for p in rng.uniform(300, 900, (40, 2))] for i in range(1, 9)}
    both = Places((UPWARD,), (SQUARE,), in_px=True)
    expected = events_of(both, rows_of(people))
    assert len(expected) > 50
    assert events_of(both, rows_of(dict(reversed(people.items())))) == expected
    counter = PlaceCounter(both, {0: "person"})
    assert not [event for tracks in rows_of({}) for event in counter.update(tracks)]


def test_entries_and_exits_cancel_out_over_random_walks() -> None:
    """Who is known to be on one side at the first and at the last sighting crossed as often as that tells."""
    rng = np.random.default_rng(11)
    for _ in range(12):
        xs = 500 + np.cumsum(rng.normal(0, 20, 60))
        xs[0], xs[-1] = 300, rng.choice([300, 700])
        found = kinds(DOOR, along_x(*xs))
        assert found.count("in") - found.count("out") == (xs[-1] > 500)
        assert all(one != other for one, other in itertools.pairwise(found)), "they alternate"


def test_memory_is_that_of_those_who_were_there_lately() -> None:
    counter = PlaceCounter(DOOR, {0: "person"})
    for number in range(300):
        for tracks in rows_of({number + 1: along_x(400, 600)}, first=number * 100):
            counter.update(tracks)
    assert len(counter._people) < 50
