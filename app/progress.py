"""What a person sees while a run goes on: a bar on a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Protocol

from registry.words import counted

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichProgress

__all__ = ["BarProgress", "PlainProgress", "Progress", "ProgressTask", "Silent", "create_progress"]

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


class PlainProgress:
    """For log files and pipes.

    Args:
        console: where the lines go.
        every_s: seconds between two lines.
        now_s: the clock, in s.
    """

    def __init__(
        self, console: Console, every_s: float = LINE_EVERY_S, now_s: Callable[[], float] = time.perf_counter
    ) -> None:
        self._console, self._every_s, self._now_s = console, every_s, now_s

    def task(self, what: str, total: int | None, unit: str = "track") -> AbstractContextManager[ProgressTask]:
        """See `Progress.task`."""
        return nullcontext(_Lines(self._say, what, total, self._every_s, self._now_s, unit))

    def waiting(self, what: str) -> AbstractContextManager[object]:
        """Nothing: a log needs no line for it, and an error that follows stays the only one."""
        return nullcontext()

    def _say(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)


class _Lines:
    def __init__(
        self,
        say: Callable[[str], None],
        what: str,
        total: int | None,
        every_s: float,
        now_s: Callable[[], float],
        unit: str,
    ) -> None:
        self._unit = unit
        self._say, self._what, self._total, self._every_s, self._now_s = say, what, total, every_s, now_s
        self._done = 0
        self._started = self._said = now_s()

    def step(self, live_tracks: int) -> None:
        """Count a frame, and say so when the last line is old enough."""
        self._done += 1
        now = self._now_s()
        if now - self._said >= self._every_s:
            self._said = now
            self._say(self._line(self._done / max(now - self._started, 1e-9), live_tracks))

    def _line(self, fps: float, live_tracks: int) -> str:
        if self._total is None:
            return f"{self._what}: frame {self._done}, {fps:.1f} fps, {counted(live_tracks, self._unit)}"
        eta_s = max(self._total - self._done, 0) / fps
        place = f"frame {self._done}/{self._total}, {fps:.1f} fps, {eta_s:.0f} s to go"
        return f"{self._what}: {place}, {counted(live_tracks, self._unit)}"


class BarProgress:
    """For a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def waiting(self, what: str) -> AbstractContextManager[object]:
        """A line that lives and goes away when it is done."""
        from rich.markup import escape

        return self._console.status(escape(what))

    @contextmanager
    def task(self, what: str, total: int | None, unit: str = "track") -> Iterator[ProgressTask]:
        """See `Progress.task`."""
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[fps]:.1f} fps"),
            TextColumn("ETA"),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[counted]}"),
            console=self._console,
        )
        with bar:
            yield _Bar(bar, what, total, unit)


class _Bar:
    def __init__(self, bar: RichProgress, what: str, total: int | None, unit: str) -> None:
        self._bar, self._unit = bar, unit
        self._id = bar.add_task(what, total=total, fps=0.0, counted=counted(0, unit))
        self._started = time.perf_counter()
        self._done = 0

    def step(self, live_tracks: int) -> None:
        """Move on by one frame."""
        self._done += 1
        fps = self._done / max(time.perf_counter() - self._started, 1e-9)
        self._bar.update(self._id, advance=1, fps=fps, counted=counted(live_tracks, self._unit))


def create_progress(console: Console) -> BarProgress | PlainProgress:
    """A bar if `console` is a terminal, plain lines otherwise."""
    return BarProgress(console) if console.is_terminal else PlainProgress(console)
