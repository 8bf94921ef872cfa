"""Twenty thousand frames per preset through the whole pipeline: time per frame and memory stay flat."""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from torture.campaign import Effort, Tally
from torture.forks import in_fork
from torture.steps import PRESETS

__all__ = ["soak"]

MAX_SLOWDOWN = 1.5
"""Of the last quarter against the second, in processor time."""
MAX_GROWTH_MB = 16
BLOCK = 500
"""Frames between two looks at the clock."""


def soak(effort: Effort, tally: Tally) -> None:
    """Track the same long sequence with each preset; one that is begun goes to its end."""
    from tests.track.run.test_soak import NUM_FRAMES, write_sequence

    in_fork(lambda: _ignore(write_sequence(effort.folder / "soak")))
    for preset in PRESETS:
        if effort.is_over:
            return
        note = effort.folder / f"{preset}.json"
        in_fork(partial(_track, effort.folder, preset, note))
        told = json.loads(note.read_text(encoding="utf-8"))
        tally.add(f"{preset} over {told['frames']} frames", _judge(told, NUM_FRAMES))
        tally.remarks.append(
            f"{preset} {told['frames']} frames, {told['early_ms']:.2f} -> {told['late_ms']:.2f} ms of CPU a frame, "
            f"memory {told['grown_mb']:+.0f} MB"
        )


def _ignore(_: object) -> None:
    pass


def _track(folder: Path, preset: str, note: Path) -> None:
    from track.run.run import run
    from track.setup.config import RunConfig
    from tracker.presets import load_preset

    meter: Any = _meter()
    out = folder / f"out-{preset}"
    config = RunConfig(str(folder / "soak"), detector="public", reid="file", tracker=load_preset(preset), out=out)
    summary = run(config, meter)
    quarter, blocks = len(meter.cpu) // 4, np.diff(meter.cpu) / BLOCK * 1000
    second = slice(quarter, 2 * quarter)
    told = {
        "frames": summary.counts["frames"],
        "early_ms": float(np.median(blocks[second])),
        "late_ms": float(np.median(blocks[-quarter:])),
        "grown_mb": (max(meter.resident[-quarter:]) - max(meter.resident[second])) / 2**20,
    }
    note.write_text(json.dumps(told), encoding="utf-8")


def _meter() -> object:
    """A progress display that notes memory and processor time: wall time would tell what else the machine does."""
    from tests.track.run.test_soak import Meter

    class CpuMeter(Meter):
        def __init__(self) -> None:
            super().__init__(BLOCK)
            self.cpu: list[float] = []

        def step(self, live_tracks: int) -> None:
            super().step(live_tracks)
            if len(self.times) > len(self.cpu):
                self.cpu.append(time.process_time())

    return CpuMeter()


def _judge(told: dict[str, float], wanted: int) -> list[str]:
    found = []
    if told["frames"] != wanted:
        found.append(f"{told['frames']} frames of {wanted}")
    if told["late_ms"] > MAX_SLOWDOWN * told["early_ms"]:
        found.append(f"slower and slower: {told['early_ms']:.2f} -> {told['late_ms']:.2f} ms a frame")
    if told["grown_mb"] > MAX_GROWTH_MB:
        found.append(f"memory grew by {told['grown_mb']:.0f} MB")
    return found
