"""What the parts of the campaign share: how much to do, where, what was found, and how it is counted."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Effort", "Part", "Tally"]

SHOW_EVERY_S = 10.0


@dataclass(frozen=True)
class Effort:
    """How much of a part to do.

    Attributes:
        folder: for inputs and results; the campaign's own.
        seed: of all choices.
        until: `time.monotonic()` at which no new case is begun.
        is_long: the sizes of `make torture-long`.
    """

    folder: Path
    seed: int
    until: float
    is_long: bool = False

    def choices(self, name: str) -> random.Random:
        """Random choices of one part: the same for the same seed, whatever ran before."""
        return random.Random(f"{self.seed} {name}")

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self.until


@dataclass
class Tally:
    """What a part did and found.

    Attributes:
        tried: cases.
        good: cases that kept all promises.
        findings: what was wrong, a sentence each.
        remarks: figures for the table.
    """

    tried: int = 0
    good: int = 0
    findings: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    _shown: float = 0.0

    def add(self, what: str, faults: Sequence[str]) -> None:
        """Count a case; `what` says how to do it again."""
        self.tried += 1
        self.good += not faults
        if faults:
            self.findings.append(f"{what}: {'; '.join(faults)}")
            print(f"  FOUND {self.findings[-1]}", flush=True)
        if time.monotonic() - self._shown > SHOW_EVERY_S:
            self._shown = time.monotonic()
            print(f"  {self.tried} tried, {self.good} good", flush=True)


@dataclass(frozen=True)
class Part:
    """A part of the campaign.

    Attributes:
        name: for the command line.
        title: what is tried, for the table.
        minutes: its share of an hour.
        work: does it.
    """

    name: str
    title: str
    minutes: float
    work: Callable[[Effort, Tally], None]


def fresh(folder: Path, inputs: Path) -> Path:
    """A new copy of prepared inputs, in place of what an earlier case left."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(inputs, folder, symlinks=True)
    return folder


def each(effort: Effort, cases: Sequence[object]) -> Iterator[int]:
    """Numbers of the cases until the time is up."""
    for number in range(len(cases)):
        if effort.is_over:
            return
        yield number
