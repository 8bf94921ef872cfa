"""What a person sees while a run goes on: a bar on a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Protocol

from registry.words import counted, printable
from track.terminal.meter import Meter

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["ConsoleProgress", "Progress", "ProgressTask", "Silent"]

LINE_EVERY_S = 5.0
"""Often enough to see that it goes on, seldom enough for a log file."""


class ProgressTask(Protocol):
    """One pass over the frames."""

    def step(self, live_tracks: int) -> None:
        """One more frame is done, with so many tracks (or what else the task counts)."""
        ...


class Progress(Protocol):
    """Makes a task for each pass of a run."""

    def waiting(self, what: str) -> AbstractContextManager[object]:
        """A context in which `what` goes on and nothing can be counted."""
        ...

    def task(self, what: str, total: int | None, unit: str = "track") -> AbstractContextManager[ProgressTask]:
        """A context in which the pass `what` goes on; `total` frames, or `None` where nobody knows.

        `unit` says what `ProgressTask.step` counts, one of it.
        """
        ...


class _Quiet:
    def step(self, live_tracks: int) -> None:
        """Say nothing."""


class Silent:
    """Shows nothing; for use as a library and in tests."""

    def waiting(self, what: str) -> AbstractContextManager[object]:
        """See `Progress.waiting`."""
        return nullcontext()

    def task(self, what: str, total: int | None, unit: str = "track") -> AbstractContextManager[ProgressTask]:
        """See `Progress.task`."""
        return nullcontext(_Quiet())


class ConsoleProgress:
    """A bar on a terminal, and plain lines in log files and pipes.

    Args:
        console: where to.
        every_s: seconds between two lines.
        now_s: the clock, in s.
    """

    def __init__(
        self, console: Console, every_s: float = LINE_EVERY_S, now_s: Callable[[], float] = time.perf_counter
    ) -> None:
        self._console, self._every_s, self._now_s = console, every_s, now_s

    def waiting(self, what: str) -> AbstractContextManager[object]:
        """A line that lives and goes away when it is done.

        Nothing elsewhere: a log needs no line for it, and an error that follows stays the only one.
        """
        if not self._console.is_terminal:
            return nullcontext()
        from rich.text import Text

        return self._console.status(Text(printable(what)))

    @contextmanager
    def task(self, what: str, total: int | None, unit: str = "track") -> Iterator[ProgressTask]:
        """See `Progress.task`."""
        with Meter(self._console, what, total, every_s=self._every_s, now_s=self._now_s, stays=True) as meter:
            yield _Frames(meter, total, unit)


class _Frames:
    def __init__(self, meter: Meter, total: int | None, unit: str) -> None:
        self._meter, self._total, self._unit = meter, total, unit

    def step(self, live_tracks: int) -> None:
        """Count a frame."""
        self._meter.advance()
        done, fps = self._meter.done, self._meter.per_s
        speed, live = f"{fps:.1f} fps", counted(live_tracks, self._unit)
        if self._total is None:
            self._meter.show(f"{speed} {live}", f"frame {done}, {speed}, {live}")
        else:
            eta_s = max(self._total - done, 0) / fps
            self._meter.show(f"{speed} {live}", f"frame {done}/{self._total}, {speed}, {eta_s:.0f} s to go, {live}")
