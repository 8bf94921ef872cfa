"""Tables on a console, and as Markdown and LaTeX for what is written about them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from registry.words import printable

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

__all__ = ["FORMS", "chosen_form", "print_table", "table_as", "table_as_latex", "table_as_markdown"]

FORMS = ("json", "csv", "markdown", "latex")
_LATEX = {
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "\\": r"\textbackslash{}",
}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|#])")


def chosen_form(**wanted: bool) -> str:
    """The one of `FORMS` that was asked for; empty for tables on a console.

    Raises:
        ValueError: two of them.
    """
    chosen = [name for name, is_wanted in wanted.items() if is_wanted]
    if len(chosen) > 1:
        raise ValueError(f"--{chosen[0]} and --{chosen[1]} exclude each other: drop one")
    return chosen[0] if chosen else ""


def print_table(console: Console, table: RenderableType, style: str | None = None) -> None:
    """Print it, or a text below it, without the blanks that rich fills lines with: in a log or a diff they show."""
    with console.capture() as captured:
        console.print(table, style=style)
    for line in captured.get().splitlines():
        print(line.rstrip(), file=console.file)


def table_as(form: str, table: Table) -> str:
    """The table as `markdown` or as `latex`."""
    return table_as_markdown(table) if form == "markdown" else table_as_latex(table)


def table_as_markdown(table: Table) -> str:
    """A table of GitHub's Markdown; names of others stand in it as they are."""
    marks = {"right": "---:", "center": ":---:"}
    lines = [_texts(table), [marks.get(column.justify, "---") for column in table.columns]]
    body = [[_MARKDOWN.sub(r"\\\1", cell) for cell in row] for row in _rows(table)]
    return "".join(f"| {' | '.join(row)} |\n" for row in [*lines, *body])


def table_as_latex(table: Table) -> str:
    """A `tabular` with the rules of the package booktabs."""
    columns = "".join("r" if column.justify == "right" else "l" for column in table.columns)
    head, *body = [[_for_latex(cell) for cell in row] for row in (_texts(table), *_rows(table))]
    lines = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", f"{' & '.join(head)} \\\\", r"\midrule"]
    lines += [f"{' & '.join(row)} \\\\" for row in body]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def _texts(table: Table) -> list[str]:
    return [printable(str(column.header)) for column in table.columns]


def _rows(table: Table) -> list[list[str]]:
    columns = [[printable(str(cell)) for cell in column.cells] for column in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def _for_latex(text: str) -> str:
    return "".join(_LATEX.get(letter, letter) for letter in text)
