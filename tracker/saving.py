"""The whole of a `DeepSort` as a state, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Protocol

from .calibration import ScoreCalibration
from .clock import FrameClock
from .config import TrackerConfig
from .gallery import Gallery
from .inputs import MisreadBoxes
from .state import VERSION, State, check_config, check_version, number_from, part_from
from .table import TrackTable
from .types import Evidence
from .votes import ClassVotes

__all__ = ["load_state", "save_state"]

_KIND = "DeepSort"


class _Tracker(Protocol):
    """What a `DeepSort` keeps from frame to frame."""

    config: TrackerConfig
    _table: TrackTable
    _gallery: Gallery
    _calibration: ScoreCalibration
    _votes: ClassVotes
    _clock: FrameClock
    _births: int
    _ids: int
    _by_appearance: Evidence
    _matches: int
    _never_confirmed: int
    _rejected: int
    _misread: MisreadBoxes

    @property
    def evidence(self) -> Evidence:
        """What decided the matches so far."""
        ...


def save_state(tracker: _Tracker) -> State:
    """What `DeepSort.state_dict` returns."""
    return {
        "kind": _KIND,
        "version": VERSION,
        "config": asdict(tracker.config),
        "table": tracker._table.state_dict(),
        "gallery": tracker._gallery.state_dict(tracker._table.slot),
        "calibration": tracker._calibration.state_dict(),
        "votes": tracker._votes.state_dict(),
        "clock": asdict(tracker._clock),
        "births": tracker._births,
        "ids": tracker._ids,
        "evidence": asdict(tracker.evidence),
    }


def load_state(tracker: _Tracker, loaded: _Tracker, state: Mapping[str, Any]) -> None:
    """What `DeepSort.load_state_dict` does, by way of `loaded`, an empty one; nothing changes before all is read."""
    check_version(state, _KIND)
    check_config(state, tracker.config)
    loaded._table = TrackTable.from_state(part_from(state, "table"))
    table = loaded._table
    loaded._gallery.load_state_dict(part_from(state, "gallery"), table.slot, table.capacity)
    loaded._calibration.load_state_dict(part_from(state, "calibration"))
    loaded._votes.load_state_dict(part_from(state, "votes"))
    clock = part_from(state, "clock")
    loaded._clock = FrameClock(float(number_from(clock, "now_s")), float(number_from(clock, "offset_s")))
    loaded._births, loaded._ids = int(number_from(state, "births")), int(number_from(state, "ids"))
    counts = part_from(state, "evidence")
    evidence = Evidence(**{name: int(number_from(counts, name)) for name in asdict(Evidence())})
    loaded._by_appearance = replace(evidence, matches=0, never_confirmed=0, rejected=0)
    loaded._matches, loaded._never_confirmed = evidence.matches, evidence.never_confirmed
    loaded._rejected, loaded._misread = evidence.rejected, tracker._misread
    vars(tracker).update(vars(loaded))
