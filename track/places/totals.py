"""What the events come to: per minute and class, per place, and from where to where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from track.places.types import EVENTS, Event, Places

__all__ = ["MinuteRow", "PlaceTotal", "in_order", "minute_rows", "place_totals", "totals_facts", "ways"]

MINUTE_S = 60.0


def in_order(events: Iterable[Event]) -> list[Event]:
    """By time, then identity; a `leave` before an `enter` of the same moment."""
    rank = {"leave": 0, "out": 1, "in": 2, "enter": 3}
    return sorted(events, key=lambda event: (event.frame, event.time_s, event.id, rank[event.kind], event.place))


@dataclass(frozen=True)
class PlaceTotal:
    """A line or zone over the whole video.

    Attributes:
        place: its name.
        counts: of each kind of event.
        people: different identities among them.
        dwell_s: mean length of a stay; `None` without one.
        most_inside: at the same time; 0 for a line.
    """

    place: str
    counts: dict[str, int]
    people: int
    dwell_s: float | None
    most_inside: int


@dataclass(frozen=True)
class MinuteRow:
    """One row of `zones.csv`: a place in one minute, for one class.

    Attributes:
        minute: from 0.
        class_name, place: of whom, and where.
        counts: of each kind of event.
        dwell_s: mean length of the stays that ended in this minute; `None` without one.
        mean_inside, most_inside: people in the zone over the minute, and at the same time; 0 for a line.
    """

    minute: int
    class_name: str
    place: str
    counts: dict[str, int]
    dwell_s: float | None
    mean_inside: float
    most_inside: int


def place_totals(events: Sequence[Event], places: Places) -> list[PlaceTotal]:
    """The total of each place; `events` are in order."""
    totals = []
    for place in places.names:
        here = [event for event in events if event.place == place]
        steps = _steps(here)
        most = max((number for _, number in steps), default=0)
        people = len({event.id for event in here})
        totals.append(PlaceTotal(place, _counts(here), people, _mean_dwell(here), most))
    return totals


def minute_rows(events: Sequence[Event], places: Places, classes: Iterable[str], last_s: float) -> list[MinuteRow]:
    """A row for each minute up to `last_s`, each class and each place; `events` are in order."""
    rows = []
    num_minutes = int(max(last_s, 0.0) // MINUTE_S) + 1
    by_key: dict[tuple[str, str], list[Event]] = {}
    for event in events:
        by_key.setdefault((event.class_name, event.place), []).append(event)
    for class_name in sorted(classes):
        for place in places.names:
            here = by_key.get((class_name, place), [])
            by_minute: dict[int, list[Event]] = {}
            for event in here:
                by_minute.setdefault(int(event.time_s // MINUTE_S), []).append(event)
            inside = _inside_by_minute(_steps(here), num_minutes, last_s)
            for minute, (mean, most) in enumerate(inside):
                of_minute = by_minute.get(minute, [])
                rows.append(
                    MinuteRow(minute, class_name, place, _counts(of_minute), _mean_dwell(of_minute), mean, most)
                )
    rank = {name: number for number, name in enumerate(places.names)}
    return sorted(rows, key=lambda row: (row.minute, row.class_name, rank[row.place]))


def ways(events: Sequence[Event]) -> list[tuple[str, str, int]]:
    """From where to where, and how many: the first and the last place of each identity that came to two or more."""
    visited: dict[int, list[str]] = {}
    for event in events:
        visited.setdefault(event.id, []).append(event.place)
    pairs = Counter((stops[0], stops[-1]) for stops in visited.values() if len(set(stops)) > 1)
    return [
        (start, end, number) for (start, end), number in sorted(pairs.items(), key=lambda item: (-item[1], item[0]))
    ]


def totals_facts(events: Sequence[Event], places: Places) -> dict[str, Any]:
    """What `summary.json` tells of the places."""
    return {
        "file": places.source,
        "places": [asdict(total) for total in place_totals(events, places)],
        "ways": [{"from": start, "to": end, "identities": number} for start, end, number in ways(events)],
    }


def _counts(events: Sequence[Event]) -> dict[str, int]:
    found = Counter(event.kind for event in events)
    return {kind: found[kind] for kind in EVENTS}


def _mean_dwell(events: Sequence[Event]) -> float | None:
    stays = [event.dwell_s for event in events if event.dwell_s is not None]
    return sum(stays) / len(stays) if stays else None


def _steps(events: Sequence[Event]) -> list[tuple[float, int]]:
    """After each moment in which somebody entered or left: how many are inside."""
    number, steps = 0, list[tuple[float, int]]()
    for event in events:
        number += {"enter": 1, "leave": -1}.get(event.kind, 0)
        steps.append((event.time_s, number))
    return steps


def _inside_by_minute(steps: Sequence[tuple[float, int]], num_minutes: int, last_s: float) -> list[tuple[float, int]]:
    """For each minute how many are inside on average, as far as the video goes, and at most."""
    seconds, most = [0.0] * num_minutes, [0] * num_minutes
    ends = [*(time_s for time_s, _ in steps[1:]), last_s]
    for (start, number), end in zip(steps, ends, strict=False):
        minute = int(start // MINUTE_S)
        while number and minute < num_minutes:
            overlap = min(end, (minute + 1) * MINUTE_S) - max(start, minute * MINUTE_S)
            if overlap < 0 or (overlap == 0 and end > start):
                break
            seconds[minute] += number * overlap
            most[minute] = max(most[minute], number)
            minute += 1
    lengths = [min(MINUTE_S, max(last_s - minute * MINUTE_S, 0.0)) or MINUTE_S for minute in range(num_minutes)]
    return [(total / length, top) for total, length, top in zip(seconds, lengths, most, strict=True)]
