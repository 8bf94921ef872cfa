"""What a person sees while a run goes on: a bar on a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Progress", "ProgressTask", "Silent", "create_progress"]

LINE_EVERY_S = 5.0


class ProgressTask(Protocol):
    """One pass over the frames."""

    def step(self, live_tracks: int) -> None:
        """One more frame is done."""
        ...


class Progress(Protocol):
    """Makes a task for each pass of a run."""

    def task(self, what: str, total: int | None) -> contextmanager[ProgressTask]:  # type: ignore[type-arg]
        """A context in which the pass `what` goes on; `total` frames, or `None` where nobody knows."""
        ...


class _Quiet:
    def step(self, live_tracks: int) -> None:
        """Say nothing."""


class Silent:
    """Shows nothing; for use as a library and in tests."""

    @contextmanager
    def task(self, what: str, total: int | None) -> Iterator[ProgressTask]:
        """See `Progress.task`."""
        yield _Quiet()


class _Lines:
    def __init__(self, console: Console, what: str, total: int | None) -> None:
        self._console, self._what, self._total = console, what, total
        self._done = 0
        self._started = self._said = time.perf_counter()

    def step(self, live_tracks: int) -> None:
        """Count a frame, and say so when the last line is old enough."""
        self._done += 1
        now = time.perf_counter()
        if now - self._said >= LINE_EVERY_S:
            self._said = now
            fps = self._done / (now - self._started)
            of_total = "" if self._total is None else f"/{self._total}"
            eta = "" if self._total is None else f", {max(self._total - self._done, 0) / fps:.0f} s to go"
            self._console.print(
                f"{self._what}: frame {self._done}{of_total}, {fps:.1f} fps{eta}, {live_tracks} tracks",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )


class PlainProgress:
    """For log files and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def task(self, what: str, total: int | None) -> Iterator[ProgressTask]:
        """See `Progress.task`."""
        yield _Lines(self._console, what, total)


class _Bar:
    def __init__(self, bar: object, what: str, total: int | None) -> None:
        self._bar = bar
        self._id = bar.add_task(what, total=total, fps=0.0, tracks=0)  # type: ignore[attr-defined]
        self._started = time.perf_counter()
        self._done = 0

    def step(self, live_tracks: int) -> None:
        """Move on by one frame."""
        self._done += 1
        fps = self._done / max(time.perf_counter() - self._started, 1e-9)
        self._bar.update(self._id, advance=1, fps=fps, tracks=live_tracks)  # type: ignore[attr-defined]


class BarProgress:
    """For a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def task(self, what: str, total: int | None) -> Iterator[ProgressTask]:
        """See `Progress.task`."""
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        bar = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[fps]:.1f} fps"),
            TextColumn("ETA"),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[tracks]} tracks"),
            console=self._console,
        )
        with bar:
            yield _Bar(bar, what, total)


def create_progress(console: Console) -> BarProgress | PlainProgress:
    """A bar if `console` is a terminal, plain lines otherwise."""
    return BarProgress(console) if console.is_terminal else PlainProgress(console)
