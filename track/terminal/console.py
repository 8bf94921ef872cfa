"""The terminal: where warnings and progress go, and the table at the end of a run."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["open_console"]


class _ConsoleHandler(logging.Handler):
    """Shows log messages above the progress bar, each text once: from a level on, and those marked as a note."""

    def __init__(self, console: Console, level: int) -> None:
        super().__init__()
        self._from_level = level
        self._console = console
        self._shown: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Show one message."""
        is_note = getattr(record, "note", False)
        if record.levelno < self._from_level and not is_note:
            return
        text = f"{'note' if is_note else record.levelname.lower()}: {record.getMessage()}"
        if text not in self._shown:
            self._shown.add(text)
            style = "yellow" if record.levelno >= logging.WARNING else "dim"
            self._console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def open_console(debug: bool) -> Console:
    """The console for progress and warnings (standard error); with `debug` it shows all that the libraries log."""
    from rich.console import Console

    console = Console(stderr=True)
    root = logging.getLogger()
    root.handlers = [handler for handler in root.handlers if not isinstance(handler, _ConsoleHandler)]
    root.addHandler(_ConsoleHandler(console, logging.DEBUG if debug else logging.WARNING))
    for package in ("app", "detectors", "reid", "tracker"):
        logging.getLogger(package).setLevel(logging.DEBUG if debug else logging.INFO)
    return console
