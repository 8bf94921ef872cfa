"""`zones.yaml`: named lines and zones, in shares of the picture or in px; read, checked and written."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from registry import unknown_name
from registry.numbers import is_finite
from registry.settings import read_settings
from registry.words import printable
from track.places.checks import check_shapes
from track.places.types import Line, Places, Point, Zone

__all__ = ["EXAMPLE", "parse_places", "places_as_yaml", "read_places"]

EXAMPLE = "lines: {door: {from: [0.5, 1], to: [0.5, 0]}}"
_KEYS = ("lines", "zones")
MOST_PLACES, MOST_CORNERS, LONGEST_NAME = 100, 200, 80
_SHARE_DIGITS = 5
"""Of a written share: a hundredth of a px in a picture 1,000 px wide."""


def read_places(path: Path, size: tuple[int, int] | None) -> Places:
    """The places of a file in px, for a picture of this size.

    Args:
        path: the file.
        size: width and height (px) of the picture; `None` where it is not known, which a file in px can do without.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not such a file, or a place that cannot be; in one sentence.
    """
    if not path.is_file():
        raise FileNotFoundError(f"--zones {path} not found: draw one with track zones VIDEO --save {path}")
    return parse_places(read_settings(path, f"lines and zones such as '{EXAMPLE}'"), path.name, size)


def parse_places(content: Mapping[str, Any], source: str, size: tuple[int, int] | None) -> Places:
    """The places in what was read from a file, in px; see `read_places`.

    Args:
        content: keys and values of the file.
        source: its name, for messages.
        size: width and height of the picture, px.
    """
    for key in content:
        if key not in _KEYS:
            raise ValueError(f"{source}: {unknown_name('key', str(key), _KEYS)}")
    lines = tuple(_line(source, name, value) for name, value in _named(source, content, "lines"))
    zones = tuple(_zone(source, name, value) for name, value in _named(source, content, "zones"))
    if not lines and not zones:
        raise ValueError(f"{source} names no line and no zone, expected such as '{EXAMPLE}'")
    if len(lines) + len(zones) > MOST_PLACES:
        raise ValueError(f"{source} names {len(lines) + len(zones)} places, expected {MOST_PLACES} at most")
    places = Places(lines, zones, in_px=_is_in_px(lines, zones), source=source)
    if size is None and not places.in_px:
        raise ValueError(
            f"{source} is in shares of the picture, whose size is not known here: add --size 1920x1080, or write px"
        )
    _check_inside(places, size)
    if size is not None and not places.in_px:
        places = places.scaled(*size, in_px=True)
    check_shapes(places)
    return places


def _named(source: str, content: Mapping[str, Any], key: str) -> Iterator[tuple[str, Any]]:
    group = {} if content.get(key) is None else content[key]
    if not isinstance(group, dict):
        raise ValueError(f"{source}: {key} holds {_shown(group)}, expected a name for each, as in '{EXAMPLE}'")
    for name, value in group.items():
        if not isinstance(name, str):
            raise ValueError(
                f'{source}: {name!r} under {key} is no text, expected a name; in quotes, "{name}", it is one'
            )
        if not name.strip() or len(name) > LONGEST_NAME or printable(name) != name:  # tables reach the terminal
            raise ValueError(
                f"{source}: {_shown(name)} under {key}: expected a name of 1 to {LONGEST_NAME} letters that can be seen"
            )
        yield name, value


def _line(source: str, name: str, value: Any) -> Line:
    where = f"{source}: line {printable(name)}"
    if not isinstance(value, dict) or set(value) != {"from", "to"}:
        raise ValueError(f"{where} is {_shown(value)}, expected {{from: [0.5, 1], to: [0.5, 0]}}")
    return Line(name, _point(where, "from", value["from"]), _point(where, "to", value["to"]))


def _zone(source: str, name: str, value: Any) -> Zone:
    where = f"{source}: zone {printable(name)}"
    if not isinstance(value, dict) or set(value) != {"polygon"} or not isinstance(value["polygon"], list):
        raise ValueError(f"{where} is {_shown(value)}, expected {{polygon: [[0.6, 0.4], [1, 0.4], [1, 1]]}}")
    corners = tuple(_point(where, f"corner {number}", point) for number, point in enumerate(value["polygon"], 1))
    if not 3 <= len(corners) <= MOST_CORNERS:
        raise ValueError(f"{where} has {len(corners)} corners, expected 3 to {MOST_CORNERS}")
    return Zone(name, corners[:-1] if len(corners) > 3 and corners[0] == corners[-1] else corners)


def _point(where: str, what: str, value: Any) -> Point:
    if isinstance(value, list) and len(value) == 2 and all(map(is_finite, value)):
        return float(value[0]), float(value[1])
    raise ValueError(f"{where}: {what} is {_shown(value)}, expected two numbers, from the left and from the top")


def _points(lines: tuple[Line, ...], zones: tuple[Zone, ...]) -> list[tuple[str, Point]]:
    """Every point with the words for its place."""
    found = [(f"line {line.name}", point) for line in lines for point in (line.start, line.end)]
    return found + [(f"zone {zone.name}", corner) for zone in zones for corner in zone.polygon]


def _is_in_px(lines: tuple[Line, ...], zones: tuple[Zone, ...]) -> bool:
    return any(value > 1 for _, point in _points(lines, zones) for value in point)


def _check_inside(places: Places, size: tuple[int, int] | None) -> None:
    """Raise `ValueError` where a point lies outside of the picture, or where a share seems to stand among px."""
    points = _points(places.lines, places.zones)
    width, height = (size or (math.inf, math.inf)) if places.in_px else (1.0, 1.0)
    if places.in_px:
        above = [value for _, point in points for value in point if value > 1]
        parts = [value for _, point in points for value in point if 0 < value < 1]
        if parts and max(above) < 10:
            raise ValueError(
                f"{places.source}: {max(above):g} is above 1, so that all numbers are px, but {parts[0]:g} looks like "
                "a share of the picture; expected shares from 0 to 1, or px"
            )
    for what, (x, y) in points:
        if not (0 <= x <= width and 0 <= y <= height):
            picture = f"the picture of {width:.0f}x{height:.0f} px" if places.in_px and size else "the picture"
            range_ = f"0 to {width:g} and 0 to {height:g}" if size or not places.in_px else "numbers from 0"
            raise ValueError(
                f"{places.source}: {printable(what)} has a point at {x:g}, {y:g}, outside of {picture}; "
                f"expected {range_}"
            )


def places_as_yaml(places: Places, size: tuple[int, int]) -> str:
    """The text of a file with these places, which are in px, as shares of a picture of this size."""
    import yaml

    shares = places.scaled(1 / size[0], 1 / size[1], in_px=False)
    lines = {line.name: {"from": _rounded(line.start), "to": _rounded(line.end)} for line in shares.lines}
    zones = {zone.name: {"polygon": [_rounded(corner) for corner in zone.polygon]} for zone in shares.zones}
    content = {key: value for key, value in (("lines", lines), ("zones", zones)) if value}
    head = "# Shares of the picture, from the left and from the top. Looking along a line, in is from left to right.\n"
    body: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110)
    return head + body


def _rounded(point: Point) -> list[float]:
    return [round(value, _SHARE_DIGITS) for value in point]


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
