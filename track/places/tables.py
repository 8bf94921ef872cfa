"""`events.csv` and `zones.csv` as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from registry.cells import to_cell
from track.places.totals import minute_rows
from track.places.types import EVENTS, Event, Places

__all__ = [
    "EVENTS_FILE",
    "EVENTS_HEADER",
    "ZONES_FILE",
    "ZONES_HEADER",
    "event_lines",
    "header_line",
    "zones_table",
]

EVENTS_FILE, ZONES_FILE = "events.csv", "zones.csv"
EVENTS_HEADER = ("time_s", "frame", "id", "name", "class", "place", "event", "dwell_s")
"""Frames from 1, as in `tracks.csv`."""
ZONES_HEADER = ("minute", "class", "place", *EVENTS, "dwell_s", "mean_inside", "most_inside")


def header_line() -> str:
    """The first line of `events.csv`."""
    return _lines([EVENTS_HEADER])


def event_lines(events: Iterable[Event]) -> str:
    """The lines of these events in `events.csv`."""
    return _lines(
        (
            f"{event.time_s:.4f}",
            event.frame + 1,
            event.id,
            to_cell(event.name),
            to_cell(event.class_name),
            to_cell(event.place),
            event.kind,
            _seconds(event.dwell_s),
        )
        for event in events
    )


def zones_table(events: Sequence[Event], places: Places, classes: Iterable[str], last_s: float) -> str:
    """The whole of `zones.csv`; see `minute_rows`."""
    cells = [
        (
            row.minute,
            to_cell(row.class_name),
            to_cell(row.place),
            *(row.counts[kind] for kind in EVENTS),
            _seconds(row.dwell_s),
            f"{row.mean_inside:.3f}",
            row.most_inside,
        )
        for row in minute_rows(events, places, classes, last_s)
    ]
    return _lines([ZONES_HEADER, *cells])


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _lines(rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
