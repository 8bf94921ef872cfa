"""Counts at lines and zones, frame after frame: the same whether rows come from a run or from its finished file.

What counts is the foot point, the middle of the lower edge of a box. Around a line and around the border of a zone lies
a band of `BAND` body heights on both sides. Somebody is on the other side once they are beyond the band there, however
short a time; whoever turns back inside of it was never across. The moment of an event is the frame in which the foot
point came over the line itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from track.places.geometry import Side, ZoneSide, crossing_is_on, reach_of
from track.places.types import Event, EventKind, Places
from track.rows.types import FrameTracks, RowState

__all__ = ["BAND", "DIGITS", "END_BAND", "GONE_S", "PlaceCounter"]

BAND = 0.25
"""Body heights on both sides in which nobody changes sides: boxes tremble."""
END_BAND = 0.1
"""The same where a track begins or ends: there is no more to be seen of it, and what lies further over is across."""
GONE_S = 60.0
"""Whoever is seen again after so many seconds comes anew; until then they stay where they were. No tracker waits so
long for anybody, and memory is bounded by it."""
_NONE = -1
DIGITS = 4
"""Of px and seconds in `tracks.csv`: a run counts with the same numbers as whoever reads that file."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Moment:
    """When a foot point came over a line or a border; `counts` is false beyond the ends of a line."""

    time_s: float
    frame: int
    counts: bool = True


@dataclass
class _Person:
    """Somebody who is, or was a short time ago, in the picture.

    Attributes:
        class_name: of the last box.
        first, last: sightings.
        height: of the last box, px.
        foot: `(2,)` px, the last one.
        over: for each place, when the foot point last came over it.
        entered: for each place, when this stay in the zone began, and as what class.
    """

    class_name: str
    first: _Moment
    last: _Moment
    height: float
    foot: Floats
    over: dict[int, _Moment]
    entered: dict[int, tuple[_Moment, str]]


class PlaceCounter:
    """Follows everybody over the frames, and tells what they did at each place.

    Args:
        places: in px.
        class_names: name of each class id; an unknown one is called by its number.
        names: of identities, by id, where they have any.
    """

    def __init__(self, places: Places, class_names: Mapping[int, str], names: Mapping[int, str] | None = None) -> None:
        self._class_names, self._names = class_names, {} if names is None else names
        self._place_names = places.names
        self._num_lines = len(places.lines)
        self._sides: list[Side | ZoneSide] = [*map(Side, places.lines), *map(ZoneSide, places.zones)]
        reach = [np.inf] * self._num_lines + [reach_of(zone) for zone in places.zones]
        self._widest = np.array(reach, np.float64)[:, None] / 2
        self._slots: dict[int, int] = {}
        self._free: list[int] = []
        self._people: list[_Person | None] = []
        self._held = np.zeros((len(self._sides), 0), np.int8)
        """+1 and -1: the side on which somebody is known to be; 0 before that is known."""
        self._values = np.zeros((len(self._sides), 0), np.float64)
        """Signed distances (px) at the last sighting."""
        self._next_look_s = -np.inf
        self.classes: set[str] = set()
        self.last_s = 0.0

    def update(self, tracks: FrameTracks) -> list[Event]:
        """What is known to have happened now that this frame is seen. Frames come in order."""
        time_s = round(tracks.time_s, DIGITS)
        self.last_s = max(self.last_s, time_s)
        events = self._forget(time_s)
        seen = np.flatnonzero(tracks.states != RowState.PREDICTED)  # where nobody was seen, nobody walks
        if not len(seen):
            return events
        xyxy = np.round(tracks.xyxy[seen].astype(np.float64), DIGITS).astype(np.float64)
        feet = np.stack([(xyxy[:, 0] + xyxy[:, 2]) / 2, xyxy[:, 3]], axis=1)
        heights = xyxy[:, 3] - xyxy[:, 1]
        values = np.stack([side(feet) for side in self._sides])
        now = _Moment(time_s, tracks.frame_index)
        ids = tracks.ids[seen].tolist()
        for row, track_id in enumerate(ids):
            person = self._known(track_id)
            if person is not None and time_s - person.last.time_s > GONE_S:
                events += self._close(track_id)
                person = None
            if person is None:
                self._open(track_id, now, values[:, row])
        slots = np.array([self._slots[track_id] for track_id in ids])
        self._note_passing(slots, feet, values, now)
        self._values[:, slots] = values
        for row, slot in enumerate(slots.tolist()):
            person = self._of(slot)
            person.last, person.height, person.foot = now, float(heights[row]), feet[row]
            class_id = int(tracks.class_ids[seen[row]])
            person.class_name = self._class_names.get(class_id, str(class_id))
            self.classes.add(person.class_name)
        events += self._flip_beyond(ids, slots, values, heights)
        return events

    def finish(self) -> list[Event]:
        """What the end tells of those who were still there; they leave where they were last seen."""
        return [event for track_id in list(self._slots) for event in self._close(track_id)]

    def _bands(self, heights: Floats) -> tuple[Floats, Floats]:
        """`(P, M)` px in which sides don't change: along a track, and at its ends. Small zones have narrow ones."""
        widths = np.minimum(BAND * heights, self._widest)
        return widths, widths * (END_BAND / BAND)

    def _note_passing(self, slots: npt.NDArray[np.int64], feet: Floats, values: Floats, now: _Moment) -> None:
        """Who came over a line or border since they were last seen, whatever comes of it."""
        before = self._values[:, slots]
        for place, row in np.argwhere((before < 0) != (values < 0)).tolist():
            person, side = self._of(slots[row]), self._sides[place]
            counts = True
            if isinstance(side, Side):
                pair = float(before[place, row]), float(values[place, row])
                counts = crossing_is_on(side, person.foot, feet[row], pair)
            person.over[place] = _Moment(now.time_s, now.frame, counts)

    def _flip_beyond(
        self, ids: list[int], slots: npt.NDArray[np.int64], values: Floats, heights: Floats
    ) -> list[Event]:
        """Events of those who are beyond the band on another side than they were."""
        widths, at_ends = self._bands(heights)
        held = self._held[:, slots]
        signs = np.where(values < 0, -1, 1)
        changed = (held != signs) & (np.abs(values) > np.where(held == 0, at_ends, widths))
        events = []
        for place, row in np.argwhere(changed).tolist():
            events += self._flip(ids[row], place, int(signs[place, row]))
        return events

    def _flip(self, track_id: int, place: int, sign: int) -> list[Event]:
        """Put somebody on a side; the event that this is, if it is one."""
        slot = self._slots[track_id]
        person, was = self._of(slot), int(self._held[place, slot])
        self._held[place, slot] = sign
        moment = person.over.get(place, person.first)
        if place < self._num_lines:
            return [self._event(track_id, place, moment, "in" if sign > 0 else "out")] if was and moment.counts else []
        if sign > 0:
            person.entered[place] = moment, person.class_name
            return [self._event(track_id, place, moment, "enter")]
        return [self._left(track_id, place, moment)] if was else []

    def _left(self, track_id: int, place: int, moment: _Moment) -> Event:
        entered, class_name = self._of(self._slots[track_id]).entered.pop(place)
        dwell_s = round(max(moment.time_s - entered.time_s, 0.0), DIGITS)
        event = self._event(track_id, place, moment, "leave", dwell_s)
        return dataclasses.replace(event, class_name=class_name)  # of the one who entered, so that the two cancel out

    def _event(
        self, track_id: int, place: int, moment: _Moment, kind: EventKind, dwell_s: float | None = None
    ) -> Event:
        person = self._of(self._slots[track_id])
        name = self._place_names[place]
        return Event(
            moment.time_s, moment.frame, track_id, person.class_name, name, kind, dwell_s, self._names.get(track_id, "")
        )

    def _open(self, track_id: int, now: _Moment, values: Floats) -> None:
        if not self._free:
            more = max(len(self._people), 16)
            self._free = list(range(len(self._people), len(self._people) + more))[::-1]
            self._people += [None] * more
            self._held = np.pad(self._held, ((0, 0), (0, more)))
            self._values = np.pad(self._values, ((0, 0), (0, more)))
        slot = self._free.pop()
        self._slots[track_id] = slot
        self._people[slot] = _Person("", now, now, 0.0, np.zeros(2), {}, {})
        self._held[:, slot] = 0
        self._values[:, slot] = values

    def _close(self, track_id: int) -> list[Event]:
        """The last events of somebody who is gone."""
        slot = self._slots[track_id]
        person, values = self._of(slot), self._values[:, slot]
        at_end = self._bands(np.array([person.height]))[1][:, 0]
        events = []
        for place, value in enumerate(values.tolist()):
            sign, held = (-1 if value < 0 else 1), int(self._held[place, slot])
            if sign != held and (abs(value) > at_end[place] or not held):
                events += self._flip(track_id, place, sign)
        events += [self._left(track_id, place, person.last) for place in sorted(person.entered)]
        del self._slots[track_id]
        self._people[slot] = None
        self._free.append(slot)
        return events

    def _forget(self, time_s: float) -> list[Event]:
        """Close those who are gone; looked for now and then, so that a frame costs nothing for it."""
        if time_s < self._next_look_s:
            return []
        self._next_look_s = time_s + GONE_S
        gone = [i for i, slot in self._slots.items() if time_s - self._of(slot).last.time_s > GONE_S]
        return [event for track_id in gone for event in self._close(track_id)]

    def _known(self, track_id: int) -> _Person | None:
        slot = self._slots.get(track_id, _NONE)
        return None if slot == _NONE else self._people[slot]

    def _of(self, slot: int) -> _Person:
        person = self._people[slot]
        if person is None:
            raise KeyError(f"no one is followed in place {slot} of {len(self._people)}")
        return person
