"""The table in the note: what ran is what is printed, and parts that did not run keep their row."""

from __future__ import annotations

from pathlib import Path

import pytest

from torture.__main__ import DOCUMENT
from torture.campaign import Effort, Part, Tally
from torture.parts import PARTS
from torture.table import BEGIN, END, row_name, write_row


def nothing(effort: Effort, tally: Tally) -> None:
    pass


KILLS = Part("kills", "SIGKILL", 1, nothing)
DISK = Part("disk", "a full disk", 1, nothing)


def rows(document: Path) -> list[list[str]]:
    lines = [line for line in document.read_text().splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def tally(tried: int, bad: int) -> Tally:
    done = Tally()
    for number in range(tried):
        done.add(f"case {number}", ["wrong"] if number < bad else [])
    return done


def test_a_row_takes_the_place_of_the_earlier_one_and_others_stay(tmp_path: Path) -> None:
    document = tmp_path / "note.md"
    document.write_text(f"before\n\n{BEGIN}\n{END}\n\nafter\n")
    write_row(document, KILLS, tally(60, 2), 3.21, 7)
    write_row(document, DISK, tally(20, 0), 1.0, 7)
    write_row(document, KILLS, tally(61, 1), 4.0, 8)
    assert [row[:7] for row in rows(document)] == [
        ["`kills`", "SIGKILL", "61", "60", "1", "4.0", "8"],
        ["`disk`", "a full disk", "20", "20", "0", "1.0", "7"],
    ]
    text = document.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\n\nafter\n")


def test_figures_of_a_part_stand_behind_its_title(tmp_path: Path) -> None:
    document = tmp_path / "note.md"
    document.write_text(f"{BEGIN}\n{END}\n")
    done = tally(1, 0)
    done.remarks.append("12 a|b")
    write_row(document, KILLS, done, 1.0, 0)
    assert rows(document)[0][1] == "SIGKILL; 12 a/b"


@pytest.mark.parametrize("text", ["", BEGIN, f"{BEGIN}{END}{BEGIN}{END}"])
def test_a_note_without_one_place_for_the_table_is_refused(tmp_path: Path, text: str) -> None:
    document = tmp_path / "note.md"
    document.write_text(text)
    with pytest.raises(ValueError, match="has no table: expected one line"):
        write_row(document, KILLS, tally(1, 0), 1.0, 0)
    assert document.read_text() == text


def test_what_is_no_row_does_not_stay_in_the_table(tmp_path: Path) -> None:
    """A merge had put a line of the findings in the place of a row, and each later campaign kept it."""
    document = tmp_path / "note.md"
    document.write_text(f"{BEGIN}\n| `disk` | `export` said another thing. | It says the right one. |\n{END}\n")
    write_row(document, KILLS, tally(1, 0), 1.0, 0)
    assert [row[0] for row in rows(document)] == ["`kills`"]


def test_the_table_of_the_documentation_has_one_row_a_part_and_nothing_else() -> None:
    inside = DOCUMENT.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]
    lines = [line for line in inside.splitlines() if line.startswith("| `")]
    names = [row_name(line) for line in lines]
    assert None not in names, lines[names.index(None)]
    assert names == [part.name for part in PARTS]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert all(int(tried) >= int(good) > 0 for _, _, tried, good, *_ in cells)
    assert all(int(found) <= int(tried) for _, _, tried, _, found, *_ in cells)
