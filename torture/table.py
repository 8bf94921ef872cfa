"""The table of docs/reliability.md: a row a part, with date, machine and counts, between two markers."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

from benchmarks.machine import machine
from torture.campaign import Part, Tally

__all__ = ["BEGIN", "END", "row_name", "write_row"]

BEGIN, END = "<!-- torture: begin -->", "<!-- torture: end -->"
HEAD = (
    "| part | what was tried | tried | as promised | found | minutes | seed | day |",
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |",
)

_ROW = re.compile(r"\| `(\w+)` \| [^|]+ \| \d+ \| \d+ \| \d+ \| \d+\.\d \| \d+ \| \d{4}-\d\d-\d\d \|")


def write_row(document: Path, part: Part, tally: Tally, minutes: float, seed: int) -> None:
    """Put the row of a part in place of its earlier one; rows of other parts stay.

    Raises:
        ValueError: the document has no place for it.
    """
    text = document.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"{document} has no table: expected one line {BEGIN} and one line {END}")
    before, rest = text.split(BEGIN)
    inside, after = rest.split(END)
    rows = {name: row for row in inside.splitlines() if (name := row_name(row)) is not None}
    rows[part.name] = _row(part, tally, minutes, seed)
    table = "\n".join([*HEAD, *rows.values()])
    document.write_text(f"{before}{BEGIN}\n\n{_machine()}\n\n{table}\n\n{END}{after}", encoding="utf-8")


def row_name(line: str) -> str | None:
    """The part that a line of the table is of; `None` where it is no such row: a merge may have left anything there."""
    found = _ROW.fullmatch(line)
    return None if found is None else found[1]


def _row(part: Part, tally: Tally, minutes: float, seed: int) -> str:
    what = "; ".join([part.title, *tally.remarks])
    day = datetime.date.today().isoformat()
    cells = (f"`{part.name}`", what, tally.tried, tally.good, len(tally.findings), f"{minutes:.1f}", seed, day)
    return "| " + " | ".join(str(cell).replace("|", "/") for cell in cells) + " |"


def _machine() -> str:
    facts = machine(())
    return f"Machine: {facts['cores']} cores, {facts.get('memory', '')}, {facts['system']}, Python {facts['python']}."
