"""Tables on a console."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

__all__ = ["print_table"]


def print_table(console: Console, table: RenderableType, style: str | None = None) -> None:
    """Print it, or a text below it, without the blanks that rich fills lines with: in a log or a diff they show."""
    with console.capture() as captured:
        console.print(table, style=style)
    for line in captured.get().splitlines():
        print(line.rstrip(), file=console.file)
