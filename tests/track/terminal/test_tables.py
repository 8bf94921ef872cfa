"""Tables as Markdown and LaTeX: what stands in a cell stays what it is, whatever letters it has."""

from __future__ import annotations

import pytest
from rich.table import Table

from track.terminal.tables import chosen_form, table_as_latex, table_as_markdown


@pytest.fixture
def table() -> Table:
    made = Table()
    made.add_column("sequence")
    made.add_column("HOTA", justify="right")
    made.add_row("MOT17_04 | a*b", "61.20")
    made.add_row(r"50% & {x}^2~\y", "-")
    return made


def test_markdown(table: Table) -> None:
    assert table_as_markdown(table).splitlines() == [
        "| sequence | HOTA |",
        "| --- | ---: |",
        r"| MOT17\_04 \| a\*b | 61.20 |",
        r"| 50% & \{x\}^2~\\y | - |",
    ]


def test_latex(table: Table) -> None:
    assert table_as_latex(table).splitlines() == [
        r"\begin{tabular}{lr}",
        r"\toprule",
        r"sequence & HOTA \\",
        r"\midrule",
        r"MOT17\_04 | a*b & 61.20 \\",
        r"50\% \& \{x\}\textasciicircum{}2\textasciitilde{}\textbackslash{}y & - \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]


def test_a_line_end_in_a_name_breaks_no_table() -> None:
    made = Table()
    made.add_column("a\nb")
    made.add_row("c\nd")
    assert len(table_as_markdown(made).splitlines()) == 3


def test_one_form_at_most() -> None:
    assert chosen_form(json=False, csv=False) == ""
    assert chosen_form(json=False, markdown=True, latex=False) == "markdown"
    with pytest.raises(ValueError, match="--csv and --latex exclude each other: drop one"):
        chosen_form(json=False, csv=True, markdown=False, latex=True)
