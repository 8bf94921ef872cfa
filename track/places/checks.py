"""Shapes that nothing can be counted at: lines without a length, polygons that cross themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence

from registry.words import printable
from track.places.types import Places, Point

__all__ = ["check_shapes"]

SHORTEST_PX = 1.0
SMALLEST_PX2 = 1.0


def check_shapes(places: Places) -> None:
    """Raise `ValueError` for the first line or zone, in px, that is none."""
    for line in places.lines:
        if math.dist(line.start, line.end) < SHORTEST_PX:
            raise ValueError(
                f"{places.source}: line {printable(line.name)} has no length, from and to are both at "
                f"{_text(line.start)} px; expected two places at least {SHORTEST_PX:g} px apart"
            )
    for zone in places.zones:
        if reason := _why_no_zone(zone.polygon):
            raise ValueError(f"{places.source}: zone {printable(zone.name)} {reason}")


def _why_no_zone(corners: Sequence[Point]) -> str:
    number = len(corners)
    for index in range(number):
        if corners[index] == corners[(index + 1) % number]:
            return f"has the corner {_text(corners[index])} px twice in a row; leave one out"
    edges = [(corners[index], corners[(index + 1) % number]) for index in range(number)]
    for first in range(number):
        for second in range(first + 1, number):
            neighbours = second == first + 1 or (first == 0 and second == number - 1)
            if _overlap(edges[first], edges[second], neighbours=neighbours):
                return (
                    f"crosses itself: its side from corner {first + 1} to {_after(first, number)} meets that from "
                    f"corner {second + 1} to {_after(second, number)}; expected corners in order around the zone"
                )
    area = 0.5 * abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in edges))
    return "" if area >= SMALLEST_PX2 else "has no inside; expected corners around an area"


def _after(index: int, number: int) -> int:
    return (index + 1) % number + 1


def _overlap(one: tuple[Point, Point], other: tuple[Point, Point], *, neighbours: bool) -> bool:
    """Whether two sides meet where they should not; neighbours share a corner, and nothing else."""
    (a, b), (c, d) = one, other
    if neighbours:
        corner, before, after = (b, a, d) if b == c else (a, b, c)
        bend = _turn(before, corner, after)
        ahead = (corner[0] - before[0]) * (after[0] - corner[0]) + (corner[1] - before[1]) * (after[1] - corner[1])
        return bend == 0 and ahead < 0
    turns = _turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)
    if turns[0] * turns[1] < 0 and turns[2] * turns[3] < 0:
        return True
    ends = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    return any(turn == 0 and _is_between(*three) for turn, three in zip(turns, ends, strict=True))


def _turn(a: Point, b: Point, c: Point) -> float:
    """Above 0 where `c` lies to the right of the way from `a` to `b`, in a picture whose y goes down."""
    return math.copysign(1, turn) if (turn := (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])) else 0.0


def _is_between(a: Point, b: Point, c: Point) -> bool:
    """Whether `c`, which lies in line with `a` and `b`, lies between them."""
    return min(a[0], b[0]) <= c[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= c[1] <= max(a[1], b[1])


def _text(point: Point) -> str:
    return f"{point[0]:g}, {point[1]:g}"
