"""One count that a person watches: a bar with a text on a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from registry.closing import Closing
from registry.words import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

__all__ = ["Meter", "counting"]

LINE_EVERY_S = 10.0


class Meter(Closing):
    """Shows how far something is, until it is closed.

    Args:
        console: where to; a terminal gets a bar, anything else plain lines.
        what: goes on; stands before bar and lines.
        total: of the count, or `None` where nobody knows.
        every_s: seconds between two lines.
        now_s: the clock of lines and speed, in s.
        stays: whether the bar is left on the terminal when it is closed.
        percent: whether the bar tells its place in percent, and not as a count.

    Attributes:
        done: the count so far.
    """

    def __init__(
        self,
        console: Console,
        what: str,
        total: int | None,
        *,
        every_s: float = LINE_EVERY_S,
        now_s: Callable[[], float] = time.perf_counter,
        stays: bool = False,
        percent: bool = False,
    ) -> None:
        self.done = 0
        self._console, self._what, self._every_s, self._now_s = console, what, every_s, now_s
        self._started = self._now = self._said = now_s()
        self._bar = _open_bar(console, what, total, stays, percent) if console.is_terminal else None

    @property
    def per_s(self) -> float:
        """The mean speed up to the last `advance`."""
        return self.done / max(self._now - self._started, 1e-9)

    def advance(self, count: int = 1) -> None:
        """Count on; what was counted is seen with the next `show`."""
        self.done += count
        self._now = self._now_s()

    def show(self, text: str, line: str = "") -> None:
        """Move the bar on, with `text` behind it; or print `line` when the last one is old enough."""
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=self.done, text=text)
        elif line and self._now - self._said >= self._every_s:
            self._said = self._now
            self._console.print(f"{self._what}: {line}", markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        """Leave the terminal to others."""
        if self._bar is not None:
            self._bar.stop()
        self._bar = None


def _open_bar(console: Console, what: str, total: int | None, stays: bool, percent: bool) -> Progress:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %") if percent else MofNCompleteColumn(),
        TextColumn("{task.fields[text]}", markup=False),
        TextColumn("ETA"),
        TimeRemainingColumn(compact=True),
        console=console,
        transient=not stays,
    )
    bar.add_task(printable(what), total=total, text="")
    bar.start()
    return bar


@contextmanager
def counting(console: Console, what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A context that shows the progress of `what`; gives the function to call with each number of images done."""
    with Meter(console, what, total) as meter:

        def advance(count: int) -> None:
            meter.advance(count)
            speed = f"{meter.per_s:.0f} images/s"
            meter.show(speed, f"{meter.done}/{total}, {speed}")

        yield advance
