"""What events come to: `zones.csv`, the totals of `summary.json`, and where from and to."""

from __future__ import annotations

import csv
import io

import pytest

from tests.track.places.people import SQUARE, UPWARD
from track.places.tables import EVENTS_HEADER, event_lines, header_line, zones_table
from track.places.totals import in_order, minute_rows, place_totals, totals_facts, ways
from track.places.types import Event, EventKind, Places
from track.places.words import place_lines

PLACES = Places((UPWARD,), (SQUARE,), in_px=True)


def event(
    time_s: float, track_id: int, kind: EventKind, dwell_s: float | None = None, class_name: str = "person"
) -> Event:
    place = "door" if kind in ("in", "out") else "counter"
    return Event(time_s, round(time_s * 10), track_id, class_name, place, kind, dwell_s)


VISITS = in_order(
    [
        event(1, 1, "in"),
        event(10, 1, "enter"),
        event(40, 2, "enter"),
        event(50, 2, "leave", 10.0),
        event(130, 1, "leave", 120.0),
        event(140, 1, "out"),
        event(150, 3, "in", class_name="dog"),
    ]
)


def test_a_minute_has_what_happened_in_it_and_who_was_inside() -> None:
    """Person 1 is inside from 10 to 130 s, person 2 from 40 to 50 s; the video ends after 150 s."""
    rows = {
        (row.minute, row.place): row
        for row in minute_rows(VISITS, PLACES, {"person", "dog"}, 150.0)
        if row.class_name == "person"
    }
    inside = [(rows[minute, "counter"].mean_inside, rows[minute, "counter"].most_inside) for minute in range(3)]
    assert inside == [(pytest.approx(1.0), 2), (pytest.approx(1.0), 1), (pytest.approx(10 / 30), 1)]
    assert [rows[minute, "counter"].dwell_s for minute in range(3)] == [10.0, None, 120.0]
    assert [rows[minute, "door"].counts["in"] for minute in range(3)] == [1, 0, 0]
    assert [rows[minute, "door"].counts["out"] for minute in range(3)] == [0, 0, 1]


def test_minutes_add_up_to_the_total() -> None:
    rows = minute_rows(VISITS, PLACES, {"person", "dog"}, 150.0)
    assert len(rows) == 3 * 2 * 2, "minutes, classes, places; also where nothing happened"
    for total in place_totals(VISITS, PLACES):
        of_place = [row.counts for row in rows if row.place == total.place]
        assert {kind: sum(counts[kind] for counts in of_place) for kind in total.counts} == total.counts
    door, counter = place_totals(VISITS, PLACES)
    assert (door.counts["in"], door.counts["out"], door.people) == (2, 1, 2)
    assert (counter.counts["enter"], counter.people, counter.dwell_s, counter.most_inside) == (2, 2, 65.0, 2)


def test_from_where_to_where() -> None:
    visits = [
        event(1, 1, "in"),
        event(2, 1, "enter"),
        event(3, 1, "leave", 1.0),
        event(4, 2, "in"),
        event(5, 2, "enter"),
    ]
    assert ways([*visits, event(6, 3, "enter"), event(7, 3, "leave", 1.0)]) == [("door", "counter", 2)]


def test_in_words() -> None:
    assert place_lines(totals_facts(VISITS, PLACES)) == [
        "door: 2 in, 1 out",
        "counter: 2 entered, for 65.0 s on average, 2 at the same time at most",
        "from door to door: 1 identity",
    ]
    assert place_lines(totals_facts([], PLACES)) == ["door: nobody", "counter: nobody"]
    assert place_lines({}) == []


def test_the_tables_have_the_columns_that_were_promised() -> None:
    assert header_line() == "time_s,frame,id,name,class,place,event,dwell_s\n"
    assert event_lines(VISITS[4:5]) == "130.0000,1301,1,,person,counter,leave,120.0000\n"
    rows = list(csv.DictReader(io.StringIO(zones_table(VISITS, PLACES, {"person"}, 150.0))))
    assert rows[0] == {
        "minute": "0",
        "class": "person",
        "place": "door",
        "in": "1",
        "out": "0",
        "enter": "0",
        "leave": "0",
        "dwell_s": "",
        "mean_inside": "0.000",
        "most_inside": "0",
    }


def test_names_of_others_are_no_formulas_in_a_table() -> None:
    text = event_lines([Event(1.0, 0, 1, "=cmd", "@door", "in", None, '+"Anna", \U0001f600')])
    assert dict(zip(EVENTS_HEADER, next(csv.reader([text])), strict=True)) == {
        "time_s": "1.0000",
        "frame": "1",
        "id": "1",
        "name": '\'+"Anna", \U0001f600',
        "class": "'=cmd",
        "place": "'@door",
        "event": "in",
        "dwell_s": "",
    }
