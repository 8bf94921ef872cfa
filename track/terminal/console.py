"""The terminal: consoles that show texts of others as texts, and where warnings go."""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING, Any

from registry.words import printable

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["open_console", "safe_console"]

PACKAGES = ("track", "detectors", "reid", "tracker", "evaluation")
"""Our own, whose messages are one line each."""


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
        message = record.getMessage()
        is_ours = record.name.partition(".")[0] in PACKAGES
        text = f"{'note' if is_note else record.levelname.lower()}: {printable(message) if is_ours else message}"
        if text not in self._shown:
            self._shown.add(text)
            style = "yellow" if record.levelno >= logging.WARNING else "dim"
            self._console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


@functools.cache
def _console_class() -> type[Console]:
    from rich.console import Console
    from rich.text import Text

    class SafeConsole(Console):
        """Neither names of files and classes nor messages of libraries steer the terminal, or are taken for markup."""

        def render_str(self, text: str, **settings: Any) -> Any:
            inner = text.strip("\n")  # a blank line before or after is ours, a line end within may be a name's
            return super().render_str(text.replace(inner, printable(inner)) if inner else text, **settings)

        def status(self, status: Any, **settings: Any) -> Any:
            return super().status(Text(printable(status)) if isinstance(status, str) else status, **settings)

    return SafeConsole


def safe_console(**settings: Any) -> Console:
    """A console that shows every text as it is; what would steer a terminal is written out (`registry.words`).

    Args:
        settings: of `rich.console.Console`.
    """
    return _console_class()(**{"markup": False, "emoji": False, **settings})


def open_console(debug: bool) -> Console:
    """The console for progress and warnings (standard error); with `debug` it shows all that the libraries log."""
    console = safe_console(stderr=True)
    root = logging.getLogger()
    root.handlers = [handler for handler in root.handlers if not isinstance(handler, _ConsoleHandler)]
    root.addHandler(_ConsoleHandler(console, logging.DEBUG if debug else logging.WARNING))
    for package in PACKAGES:
        logging.getLogger(package).setLevel(logging.DEBUG if debug else logging.INFO)
    return console
