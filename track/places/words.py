"""What was counted, in words for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.words import counted, printable

__all__ = ["place_lines"]

_MOST_WAYS = 6


def place_lines(facts: Mapping[str, Any]) -> list[str]:
    """A line for each place of `track.places.totals.totals_facts`, and where from and to most went; none for none."""
    if not facts:
        return []
    lines = [_of_place(place) for place in facts["places"]]
    for way in facts["ways"][:_MOST_WAYS]:
        start, end = printable(way["from"]), printable(way["to"])
        lines.append(f"from {start} to {end}: {counted(way['identities'], 'identity', 'identities')}")
    return lines


def _of_place(place: Mapping[str, Any]) -> str:
    counts, name = place["counts"], printable(place["place"])
    if not any(counts.values()):
        return f"{name}: nobody"
    if counts["in"] or counts["out"]:
        return f"{name}: {counts['in']} in, {counts['out']} out"
    dwell = "" if place["dwell_s"] is None else f", for {place['dwell_s']:.1f} s on average"
    return f"{name}: {counts['enter']} entered{dwell}, {place['most_inside']} at the same time at most"
