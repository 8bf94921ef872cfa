"""`events.csv` and `zones.csv` of a run, from its rows as they become final."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from registry.closing import Closing
from track.files.partial import PartialFile
from track.places.counter import PlaceCounter
from track.places.tables import event_lines, header_line, zones_table
from track.places.totals import in_order, totals_facts
from track.places.types import Event, Places
from track.rows.types import FrameTracks

__all__ = ["EventsCsv", "ZonesCsv"]


class EventsCsv(Closing):
    """Counts row after row, and writes `events.csv`: in order of time once it is closed.

    Args:
        path: final name.
        places: in px.
        class_names: name of each class id.
        as_it_goes: of a camera: the file has its name from the first frame on, and each event is appended when it is
            known. One that the end of a track tells comes later than others, so the order is made at the end.
    """

    def __init__(self, path: Path, places: Places, class_names: Mapping[int, str], *, as_it_goes: bool = False) -> None:
        self.places = places
        self.counter = PlaceCounter(places, class_names)
        self.events: list[Event] = []
        self._path = path
        self._as_it_goes = as_it_goes
        self._file = None if as_it_goes else PartialFile(path)
        self._is_open = True

    def write(self, tracks: FrameTracks) -> None:
        """Count the rows of one frame; `OutputError` if the disk is full."""
        self._take(self.counter.update(tracks))

    def _take(self, events: list[Event]) -> None:
        self.events += events
        if not self._as_it_goes:
            return
        if self._file is None:  # before the first frame, the file of an earlier run stays
            self._file = PartialFile(self._path, in_sight=True)
            self._file.append(header_line().encode())
        if events:
            self._file.append(event_lines(events).encode())

    def close(self) -> None:
        """Count what the end tells, and put the file into order."""
        if not self._is_open:
            return
        self._is_open = False
        self._take(self.counter.finish())
        self.events = in_order(self.events)
        if self._as_it_goes and self._file is not None:
            self._file.commit()
            self._file = PartialFile(self._path)
        if self._file is not None:
            self._file.append((header_line() + event_lines(self.events)).encode())
            self._file.commit()

    def discard(self) -> None:
        """Remove the file instead."""
        self._is_open = False
        if self._file is not None:
            self._file.discard()

    def facts(self) -> dict[str, Any]:
        """For `summary.json`, once closed."""
        return totals_facts(self.events, self.places)


class ZonesCsv(Closing):
    """`zones.csv`, written once the events are complete.

    Args:
        path: final name.
        events: closed before this is.
    """

    def __init__(self, path: Path, events: EventsCsv) -> None:
        self._file, self._events = PartialFile(path), events

    def write(self, tracks: FrameTracks) -> None:
        """Nothing: the events take the rows."""

    def close(self) -> None:
        """Write the totals."""
        counter = self._events.counter
        text = zones_table(self._events.events, self._events.places, counter.classes, counter.last_s)
        self._file.append(text.encode())
        self._file.commit()

    def discard(self) -> None:
        """Remove the file instead."""
        self._file.discard()
