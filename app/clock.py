"""Where the time of a run goes: seconds by stage, and frames per second of the whole."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["STAGES", "THREADED_STAGES", "StageClock"]

STAGES = (
    "read",
    "wait for frames",
    "detect",
    "embed",
    "camera",
    "associate",
    "smooth",
    "link",
    "write",
    "wait for video",
    "draw and encode",
)
"""The stages of a run in the order in which a frame meets them."""
THREADED_STAGES = frozenset({"read", "draw and encode"})
"""Those with a thread of their own: their time overlaps the others', which add up to the time of the run."""


@dataclass
class StageClock:
    """Adds up the seconds spent in each named stage.

    Attributes:
        seconds: by stage.
        started: `time.perf_counter()` when the clock was made or restarted.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time of the `with` block towards `name`."""
        before = time.perf_counter()
        try:
            yield
        finally:
            self.add(name, time.perf_counter() - before)

    def add(self, name: str, seconds: float) -> None:
        """Count time that was measured elsewhere, in a thread for instance."""
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds

    def in_order(self) -> dict[str, float]:
        """Seconds by stage, in the order of `STAGES`; a stage that is not listed there comes last."""
        order = {name: place for place, name in enumerate(STAGES)}
        return dict(sorted(self.seconds.items(), key=lambda item: order.get(item[0], len(order))))

    def restart(self) -> float:
        """Start to count from now; returns the seconds since the clock was made."""
        elapsed = self.elapsed()
        self.started = time.perf_counter()
        return elapsed

    def elapsed(self) -> float:
        """Seconds since the clock was made or restarted."""
        return time.perf_counter() - self.started
