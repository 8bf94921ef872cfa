"""A finished run, counted at lines and zones: what `track zones RUN --zones` writes, for a report as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.json_texts import parse_json
from registry.seqinfo import read_seqinfo
from track.places.counter import DIGITS, PlaceCounter
from track.places.totals import in_order
from track.places.types import Event, Places
from track.rows.stream import MAX_TIME_S, RowStream, tracks_file

__all__ = ["PlaceCounts", "count_run", "facts_of_run", "facts_of_source", "size_of_run", "source_of_run"]

_MOST_STEPS = 10
"""Runs made of runs that are followed back to their source."""


@dataclass(frozen=True)
class PlaceCounts:
    """What was counted.

    Attributes:
        places: in px.
        events: in order of time.
        classes: of everybody who was seen.
        last_s: time of the last frame, as far as the run tells; else of the last one with somebody in it.
    """

    places: Places
    events: Sequence[Event]
    classes: frozenset[str]
    last_s: float


def count_run(run: Path, places: Places) -> PlaceCounts:
    """Count a finished run, frame after frame.

    Args:
        run: its folder, or its `tracks.csv`.
        places: in px.

    Raises:
        FileNotFoundError, ValueError: no run, or a damaged row.
    """
    rows = RowStream(tracks_file(run))
    counter = PlaceCounter(places, rows.class_names, rows.names)
    events = [event for tracks in rows for event in counter.update(tracks)]
    events += counter.finish()
    told = facts_of_source(run).get("last_s")
    last_s = round(float(told), DIGITS) if isinstance(told, (int, float)) and 0 <= told <= MAX_TIME_S else 0.0
    return PlaceCounts(places, in_order(events), frozenset(counter.classes), max(last_s, counter.last_s))


def size_of_run(run: Path) -> tuple[int, int] | None:
    """Width and height (px) of the pictures of a run, as far as its files tell."""
    facts = facts_of_source(run)
    width, height = facts.get("width"), facts.get("height")
    if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0:
        return width, height
    info = read_seqinfo(run) if run.is_dir() else None
    return (info.width, info.height) if info is not None and info.width and info.height else None


def source_of_run(run: Path) -> str | None:
    """The source that a run was made from, as it was typed; `None` where nothing tells it."""
    for folder in _back_from(run):
        configuration = facts_of_run(folder).get("configuration")
        if isinstance(configuration, dict) and isinstance(source := configuration.get("source"), str):
            return source
    return None


def facts_of_run(folder: Path) -> dict[str, Any]:
    """What stands in its `summary.json`; nothing where it is not there, or damaged."""
    try:
        content = parse_json((folder / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def facts_of_source(run: Path) -> dict[str, Any]:
    """What a run, or the run that it was made of, tells of its source; nothing where no file tells it."""
    for folder in _back_from(run):
        source = facts_of_run(folder).get("source")
        if isinstance(source, dict) and source.get("width"):
            return source
    return {}


def _back_from(run: Path) -> list[Path]:
    """A run's folder, the run that it was made of, and so on."""
    folders = [run if run.is_dir() else run.parent]
    while len(folders) < _MOST_STEPS:
        source = facts_of_run(folders[-1]).get("source")
        earlier = source.get("run") if isinstance(source, dict) else None
        if not isinstance(earlier, str) or Path(earlier) in folders:
            break
        folders.append(Path(earlier))
    return folders
