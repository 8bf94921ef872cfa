"""People who walk through a picture of 1000 x 1000 px, as rows of tracks; their foot points are given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from track.places.counter import PlaceCounter
from track.places.totals import in_order
from track.places.types import Event, Line, Places, Zone
from track.rows.types import FrameTracks, RowState

FPS = 10.0
HEIGHT = 100.0
"""px of everybody: the band at a line is 25 px on each side, at the ends of a track 10 px."""
UPWARD = Line("door", (500.0, 1000.0), (500.0, 0.0))
"""From the lower to the upper edge: its right is the right of the picture, so `in` is walking to the right."""
SQUARE = Zone("counter", ((600.0, 400.0), (900.0, 400.0), (900.0, 700.0), (600.0, 700.0)))
NAMES = {0: "person", 1: "dog"}

Feet = Sequence[tuple[float, float] | None]
"""A foot point a frame, `None` where somebody is not seen."""


def straight(start: tuple[float, float], *ends: tuple[float, float], step: float = 10.0) -> list[tuple[float, float]]:
    """From corner to corner in steps of so many px."""
    way = [start]
    for end in ends:
        last = np.array(way[-1])
        count = max(round(float(np.linalg.norm(np.array(end) - last)) / step), 1)
        way += [tuple(map(float, last + (np.array(end) - last) * share)) for share in np.arange(1, count + 1) / count]
    return way


def along_x(*places: float, y: float = 500.0) -> list[tuple[float, float]]:
    """Foot points at these places from the left, a frame each."""
    return [(float(x), y) for x in places]


def rows_of(
    people: Mapping[int, Feet],
    *,
    height: float = HEIGHT,
    states: Mapping[tuple[int, int], RowState] | None = None,
    class_ids: Mapping[int, int] | None = None,
    first: int = 0,
) -> Iterator[FrameTracks]:
    """The rows of these people, by id; `states` by id and frame, where it is not `DETECTED`."""
    states, class_ids = states or {}, class_ids or {}
    for frame in range(max(map(len, people.values()), default=0)):
        here = [(i, feet[frame]) for i, feet in people.items() if frame < len(feet) and feet[frame] is not None]
        ids = np.array([i for i, _ in here], np.int64)
        feet = np.array([foot for _, foot in here], np.float64).reshape(-1, 2)
        size = np.array([0.4 * height, height])
        xyxy = np.concatenate([feet - size * (0.5, 1.0), feet + size * (0.5, 0.0)], axis=1)
        yield FrameTracks(
            first + frame,
            (first + frame) / FPS,
            ids,
            xyxy,
            np.full(len(ids), 0.9, np.float32),
            np.array([class_ids.get(i, 0) for i in ids.tolist()], np.int64),
            np.array([states.get((i, frame), RowState.DETECTED) for i in ids.tolist()], np.uint8),
        )


def events_of(places: Places, rows: Iterator[FrameTracks]) -> list[Event]:
    """Everything that is counted, in order."""
    counter = PlaceCounter(places, NAMES)
    events = [event for tracks in rows for event in counter.update(tracks)]
    return in_order([*events, *counter.finish()])


def kinds(places: Places, feet: Feet, **more: object) -> list[str]:
    """What one person did, in words."""
    return [event.kind for event in events_of(places, rows_of({1: feet}, **more))]  # type: ignore[arg-type]
