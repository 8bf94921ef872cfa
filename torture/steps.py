"""Random `update` steps: boxes, embeddings, sizes, times and motions without sense, and what holds all the same."""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from torture.campaign import Effort, Tally
from torture.forks import in_fork

if TYPE_CHECKING:
    from tracker import Tracks

__all__ = ["PRESETS", "Ledger", "steps"]

PRESETS = ("deepsort", "strong", "realtime")
STEPS, STEPS_LONG = 100_000, 1_000_000
DIM = 8
SCENE = 2_000
"""Steps after which the style of the boxes changes."""
MAX_GROWTH_MB = 24
ODD = (np.nan, np.inf, -np.inf, 1e30, -1e30, 1e-30, 0.0, 3.4e38)
SIZE = (1920, 1080)


def steps(effort: Effort, tally: Tally) -> None:
    """Each preset in a fork of its own; the time is shared among them."""
    wanted = STEPS_LONG if effort.is_long else STEPS
    for number, preset in enumerate(PRESETS):
        until = effort.until if effort.is_long else _share(effort, len(PRESETS) - number)
        note = effort.folder / f"{preset}.json"
        in_fork(partial(_walk, preset, effort.seed, wanted, until, note))
        told = json.loads(note.read_text(encoding="utf-8"))
        tally.add(f"{preset}, {told['steps']} steps, seed {effort.seed}", told["faults"])
        tally.remarks.append(
            f"{preset} {told['steps']} steps, {told['born']} tracks, memory {told['grown_mb']:+.0f} MB"
        )


def _share(effort: Effort, parts: int) -> float:
    now = time.monotonic()
    return now + (effort.until - now) / parts


def _walk(preset: str, seed: int, wanted: int, until: float, note: Path) -> None:
    from tracker import DeepSort
    from tracker.presets import load_preset

    tracker, ledger = DeepSort(load_preset(preset).config), Ledger()
    settled, done = 0.0, 0
    for step, given in enumerate(_frames(np.random.default_rng(seed), wanted)):
        if ledger.faults or time.monotonic() > until:
            break
        try:
            with np.errstate(all="ignore"):
                tracks = tracker.update(**given)
        except Exception as error:
            ledger.faults.append(f"step {step}: {type(error).__name__}: {error}")
            break
        ledger.check(step, tracks, len(given["xyxy"]))
        done = step + 1
        if step == min(wanted, 50_000) // 10:
            settled = _resident_mb()
    grown = _resident_mb() - settled if settled else 0.0
    if grown > MAX_GROWTH_MB:
        ledger.faults.append(f"memory grew by {grown:.0f} MB")
    told = {"steps": done, "born": ledger.newest, "grown_mb": grown, "faults": ledger.faults}
    note.write_text(json.dumps(told), encoding="utf-8")


@dataclass
class Ledger:
    """What was seen of the tracks so far, and what was wrong with them.

    Attributes:
        newest: the highest id.
        faults: a sentence each.
    """

    newest: int = 0
    faults: list[str] = field(default_factory=list)

    def check(self, step: int, tracks: Tracks, num_detections: int) -> None:
        """Ids unique and born in order, boxes finite with an area, each detection used once."""
        ids, boxes, used = tracks.ids, tracks.xyxy, tracks.detection_index
        new = sorted({int(each) for each in ids if each > self.newest})
        wrong = {
            "an id twice": len(set(ids.tolist())) != len(ids),
            "an id below 1": bool((ids < 1).any()),
            "a box that is not finite": not bool(np.isfinite(boxes).all()),
            "a box without an area": bool(len(boxes)) and not bool((boxes[:, 2:] > boxes[:, :2]).all()),
            "ids that leave a gap": bool(new) and new != list(range(self.newest + 1, self.newest + 1 + len(new))),
            "a detection used twice": len(set(used[used >= 0].tolist())) != int((used >= 0).sum()),
            "a detection that is not there": bool((used >= num_detections).any()),
            "a score that is not finite": not bool(np.isfinite(tracks.scores).all()),
        }
        self.newest = max([self.newest, *new])
        self.faults += [f"step {step}: {what}" for what, is_so in wrong.items() if is_so]


def _frames(rng: np.random.Generator, wanted: int) -> Iterator[dict[str, Any]]:
    """Arguments of `update`: walkers for a while, then noise, crowds, nothing, or what is no box at all."""
    time_s, dim = 0.0, DIM
    for step in range(wanted):
        style = (step // SCENE) % 4
        count = int(rng.integers(0, (8, 12, 40, 3)[style])) if rng.random() < 0.95 else 0
        xyxy = _walkers(step, count) if style == 0 else _noise(rng, count)
        spoiled = rng.random(count) < 0.03
        xyxy[spoiled, rng.integers(0, 4)] = rng.choice(ODD)
        embeddings = rng.normal(size=(count, dim)).astype(np.float32)
        embeddings[rng.random(count) < 0.01] = rng.choice([0.0, np.nan, 1e30])
        time_s += float(rng.choice([1 / 30, 0.0, 1.0, -0.5, 3600.0], p=[0.96, 0.01, 0.01, 0.01, 0.01]))
        motion = np.eye(2, 3) + (rng.normal(size=(2, 3)) * [0.01, 0.01, 5] if rng.random() < 0.3 else 0.0)
        yield {
            "xyxy": xyxy,
            "scores": rng.random(count),
            "class_ids": rng.integers(0, 3, count),
            "embeddings": embeddings,
            "frame_size": SIZE if rng.random() < 0.9 else None,
            "time_s": time_s,
            "motion": motion,
        }


def _walkers(step: int, count: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    number = np.arange(count)
    left, top = (step * (1 + number % 4) + 211 * number) % SIZE[0], 90.0 * (number % 10)
    return np.stack((left, top, left + 40.0, top + 100.0 + number), axis=1).astype(float)


def _noise(rng: np.random.Generator, count: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    corner = rng.uniform(-300, 2200, (count, 2))
    return np.concatenate((corner, corner + rng.uniform(-5, 10.0 ** rng.uniform(0, 3.3), (count, 2))), axis=1)


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20 if os.name == "posix" else 0.0
