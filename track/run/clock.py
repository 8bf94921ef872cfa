"""Where the time of a run goes: seconds by stage, and frames per second of the whole."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

__all__ = ["STAGES", "StageClock", "threaded_stages"]

STAGES = (
    "read",
    "wait for frames",
    "detect",
    "wait for detector",
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
_ALWAYS_BESIDE = frozenset({"read", "draw and encode"})
_BESIDE_WITH_PICTURES = frozenset({"wait for frames", "detect"})


def threaded_stages(stages: Iterable[str]) -> list[str]:
    """Those of a run's `stages` that ran in threads of their own, in order.

    Their time overlaps the others', which add up to the time of the run. A detector that looks at no pictures has no
    thread, and nobody waits for it.
    """
    names = list(stages)
    beside = _ALWAYS_BESIDE | (_BESIDE_WITH_PICTURES if "wait for detector" in names else frozenset())
    return [name for name in names if name in beside]


@dataclass
class StageClock:
    """Adds up the seconds spent in each named stage.

    Attributes:
        seconds: by stage.
        started: `time.perf_counter()` when the clock was made or restarted.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

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
        with self._lock:
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
