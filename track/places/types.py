"""Lines and zones, and what happens at them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

__all__ = ["EVENTS", "Event", "EventKind", "Line", "Places", "Point", "Zone"]

Point = tuple[float, float]
"""From the left and from the top: in px, or in shares of the picture's width and height."""
EventKind = Literal["in", "out", "enter", "leave"]
EVENTS: tuple[EventKind, ...] = ("in", "out", "enter", "leave")


@dataclass(frozen=True)
class Line:
    """A directed line. Looking along it from `start` to `end`, a crossing from left to right is `in`."""

    name: str
    start: Point
    end: Point


@dataclass(frozen=True)
class Zone:
    """The inside of a polygon; its last corner is joined to its first."""

    name: str
    polygon: tuple[Point, ...]


@dataclass(frozen=True)
class Places:
    """The lines and zones of one picture; no two of them have the same name.

    Attributes:
        in_px: whether the points are px; else shares of the picture.
        source: the file they come from, for messages.
    """

    lines: tuple[Line, ...] = ()
    zones: tuple[Zone, ...] = ()
    in_px: bool = False
    source: str = "zones.yaml"

    @property
    def names(self) -> tuple[str, ...]:
        """Of the lines, then of the zones."""
        return (*(line.name for line in self.lines), *(zone.name for zone in self.zones))

    def scaled(self, width: float, height: float, *, in_px: bool) -> Places:
        """The same places with all points multiplied by `width` and `height`."""

        def moved(point: Point) -> Point:
            return point[0] * width, point[1] * height

        return dataclasses.replace(
            self,
            lines=tuple(Line(line.name, moved(line.start), moved(line.end)) for line in self.lines),
            zones=tuple(Zone(zone.name, tuple(map(moved, zone.polygon))) for zone in self.zones),
            in_px=in_px,
        )


@dataclass(frozen=True, slots=True)
class Event:
    """Somebody crossed a line (`in`, `out`), or entered or left a zone.

    Attributes:
        time_s: of the first frame after it; of the last one that shows somebody who left by being seen no more.
        frame: 0-based index of that frame.
        id: of the identity.
        class_name: of its box there.
        place: name of the line or zone.
        kind: what happened.
        dwell_s: of a `leave`: s since the `enter` before it.
        name: of the identity, where it has one.
    """

    time_s: float
    frame: int
    id: int
    class_name: str
    place: str
    kind: EventKind
    dwell_s: float | None = None
    name: str = ""
