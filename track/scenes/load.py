"""How much of the machine other programs took while something was timed: a speed measured beside them is too low."""

from __future__ import annotations

import time
from dataclasses import dataclass

import psutil

__all__ = ["HIGH_LOAD", "LoadMeter"]

HIGH_LOAD = 0.2
"""Share of the cores: beyond a fifth in other hands, whatever keeps all cores busy is slower by as much."""
_SHORTEST_S = 1.0
"""Processor time is counted in hundredths of a second; over less than this, that would be noise."""

_NOT_BUSY = ("idle", "iowait", "guest", "guest_nice")
"""Kinds of processor time in which nobody works, or that others hold already."""


@dataclass(frozen=True)
class _Moment:
    """Seconds on the clock, of all processors at work since the machine was started, and of them for this program."""

    at_s: float
    busy_s: float
    own_s: float


class LoadMeter:
    """Tells which share of the cores other programs kept busy, from 0 to 1."""

    def __init__(self) -> None:
        self._moments = [_now()]

    def start(self) -> None:
        """Something begins to be timed."""
        self._moments.append(_now())

    def others(self) -> float:
        """The share since `start`, or since an earlier one where that was less than a second ago."""
        now = _now()
        long_ago = [moment for moment in self._moments if moment.at_s <= now.at_s - _SHORTEST_S]
        before = (long_ago or self._moments[:1])[-1]
        cores, span_s = psutil.cpu_count() or 1, max(now.at_s - before.at_s, 1e-9)
        others_s = (now.busy_s - before.busy_s) - (now.own_s - before.own_s)
        return round(min(max(others_s / (cores * span_s), 0.0), 1.0), 3)


def _now() -> _Moment:
    times = psutil.cpu_times()._asdict()
    busy_s = sum(seconds for kind, seconds in times.items() if kind not in _NOT_BUSY)
    return _Moment(time.perf_counter(), busy_s, time.process_time())
