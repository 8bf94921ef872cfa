"""A bar with images per second on a terminal, and a plain line every few seconds elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["counting"]

LINE_EVERY_S = 10.0


@contextmanager
def counting(console: Console, what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A context that shows the progress of `what`; gives the function to call with each number of images done."""
    if not console.is_terminal:
        yield _lines(console, what, total)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = ("{task.description}", "{task.fields[speed]:.0f} images/s", "ETA")
    description, speed, eta = (TextColumn(text) for text in columns)
    counts, left = MofNCompleteColumn(), TimeRemainingColumn(compact=True)
    bar = Progress(description, BarColumn(), counts, speed, eta, left, console=console, transient=True)
    started, done = time.perf_counter(), 0
    with bar:
        task = bar.add_task(what, total=total, speed=0.0)

        def advance(count: int) -> None:
            nonlocal done
            done += count
            bar.update(task, advance=count, speed=done / max(time.perf_counter() - started, 1e-9))

        yield advance


def _lines(console: Console, what: str, total: int) -> Callable[[int], None]:
    started = said = time.perf_counter()
    done = 0

    def advance(count: int) -> None:
        nonlocal said, done
        done, now = done + count, time.perf_counter()
        if now - said >= LINE_EVERY_S:
            said = now
            text = f"{what}: {done}/{total}, {done / (now - started):.0f} images/s"
            console.print(text, markup=False, highlight=False, soft_wrap=True)

    return advance
