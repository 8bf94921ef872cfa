"""Text files of boxes: MOTChallenge's columns in all their dialects, and tables whose header names the columns.

A file is read line by line into numbers: its size in memory is eight bytes a number, whatever the text is like.
"""

from __future__ import annotations

import csv
import re
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import numpy as np

from registry.box_columns import POSITIONS, find_columns, is_header
from registry.box_table import BoxTable, FloatArray, numbered
from registry.cells import from_cell
from registry.numbers import as_float, shown

__all__ = ["EXPECTED", "NUM_COLUMNS", "read_box_table"]

EXPECTED = "frame,id,x,y,w,h[,flag or score[,class[,visibility]]] in px, or a header that names the columns"
NUM_COLUMNS = 6
"""Columns up to the height of a box."""
MAX_LINE = 1_000_000
"""Letters of a line: 2,048 features of a detection have 50,000."""
LONGEST_NAME = 200
"""Letters of the name of a class."""
CLASS = POSITIONS.index("class")
_OPTIONAL = frozenset({"score", "class", "time"})
"""Columns of a table whose cells may be empty; so they are in `tracks.csv` where nothing was detected."""
_EMPTY_CELL = re.compile(r"(^|,) *,")
_TWO_TABS = re.compile(r"\t *\t")
_MARKS = ",;\t"


def read_box_table(
    path: Path, header: tuple[str, ...] = (), *, more: tuple[str, ...] = (), texts: tuple[str, ...] = ()
) -> BoxTable:
    """All rows of a file, separated by commas, semicolons, tabs or blanks; with semicolons or tabs 0,5 is a half.

    Args:
        path: the file.
        header: these columns and no others, for a file that this project writes itself.
        more: columns that may follow those.
        texts: columns of texts to read as well, by these names; a file with a header may lack them.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not such a file; with its name, and the line.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} not found: expected a text file of {EXPECTED}")
    try:
        with path.open(encoding="utf-8-sig") as file:
            lines = _lines(path, file)
            first = next(lines, None)
            if first is None and not header:
                return _Rows(path, POSITIONS[:NUM_COLUMNS]).table()
            number, line = first or (1, "")
            names = _header(line)
            if header and (names is None or names[: len(header)] != header or not {*names} <= {*header, *more}):
                raise ValueError(f"{path} line {number} is {shown(line)}, expected the header {','.join(header)}")
            if names is not None:
                return _read_named(path, names, _separator_of_header(line), lines, texts)
            return _read_positions(path, number, line, lines)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not a text file; expected lines of {EXPECTED}") from error


def _lines(path: Path, file: IO[str]) -> Iterator[tuple[int, str]]:
    """Lines that hold anything, with their numbers; separators alone, as tables have below their last row, do not."""
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise ValueError(f"{path}, line {number} has more than {MAX_LINE:,} letters; expected {EXPECTED}")
        if "\0" in line:
            raise ValueError(f"{path} is not a text file; expected lines of {EXPECTED}")
        stripped = line.strip()
        if stripped.strip(_MARKS + ' "') and (number == 1 or not stripped.startswith("#")):
            yield number, line.rstrip("\r\n")


def _header(line: str) -> tuple[str, ...] | None:
    """The names of columns, where a line has such; a `#` before it makes it no less a header."""
    cells = _cells(line.lstrip("#% "), _separator_of_header(line))
    return tuple(cells) if is_header(cells) else None


def _separator_of_header(line: str) -> str:
    return max(_MARKS, key=line.count) if any(mark in line for mark in _MARKS) else " "


def _cells(line: str, separator: str) -> list[str]:
    """The cells of a line, stripped; quoted ones may hold the separator."""
    if separator == " ":
        return line.split()
    if '"' not in line:
        return [cell.strip() for cell in line.split(separator)]
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])]
    except csv.Error as error:
        raise ValueError(f"a cell cannot be read ({error})") from error


class _Rows:
    """Gathers the numbers of a file row by row.

    Args:
        path: the file, for messages.
        columns: what they hold.
        header: names of the columns of a table, all of them; empty for a file without a header.
        places: where `columns` stand among those.
        words: those of `columns` that hold texts.
    """

    def __init__(
        self,
        path: Path,
        columns: Sequence[str],
        header: tuple[str, ...] = (),
        places: Sequence[int] = (),
        *,
        words: Sequence[str] = (),
    ) -> None:
        self._path, self.columns, self.header = path, tuple(columns), header
        self.names = tuple(header[place] for place in places) or tuple(numbered(i) for i in range(len(columns)))
        self._words: dict[int, dict[str, int]] = {self.columns.index(column): {} for column in words}
        self.numbers, self.lines = array("d"), array("q")

    def append(self, number: int, cells: Sequence[str]) -> None:
        """Take a row that has as many cells as there are columns."""
        codes = []
        if self._words:
            cells = list(cells)
            for place, words in self._words.items():
                word, cells[place] = cells[place], "0"
                if len(word) > LONGEST_NAME:
                    where = f"{self._path}, line {number}: {self.names[place]}"
                    raise ValueError(f"{where} is {shown(word)}, expected a name of {LONGEST_NAME} letters at most")
                codes.append((place, words.setdefault(word, len(words))))
        try:
            if max(map(len, cells)) > 25:  # digits of a float; longer ones are looked at one by one
                raise ValueError
            row = [float(cell) for cell in cells]
        except ValueError:
            row = [self._number(number, place, cell) for place, cell in enumerate(cells)]
        for place, code in codes:
            row[place] = code
        self.numbers.extend(row)
        self.lines.append(number)

    def _number(self, line: int, place: int, text: str) -> float:
        if not text and self.header and self.columns[place] in _OPTIONAL:
            return float("nan")
        try:
            return as_float(text)
        except ValueError:
            hint = " (a class by name? columns can be named in a header line)" if place == 2 and not self.header else ""
            what = f"{shown(text)}, not a number{hint}" if text else "empty, expected a number"
            raise ValueError(f"{self._path}, line {line}: {self.names[place]} is {what}; expected {EXPECTED}") from None

    def table(self) -> BoxTable:
        """All that was taken."""
        values = np.array(self.numbers, np.float64).reshape(-1, len(self.columns))
        class_names: dict[int, str] = {}
        texts = {self.columns[place]: tuple(words) for place, words in self._words.items()}
        if words := texts.pop("class", ()):
            column = self.columns.index("class")
            values[:, column], class_names = _classes(values[:, column], words)
        lines = np.array(self.lines, np.int64)
        return BoxTable(self._path, self.header, self.names, self.columns, values, lines, class_names, texts)


def _classes(codes: FloatArray, words: Sequence[str]) -> tuple[FloatArray, dict[int, str]]:
    """Classes as written -> their numbers where all of them are such (NaN for empty cells), else in order of names."""
    try:
        numbers = [as_float(word) if word else np.nan for word in words]
        return np.array(numbers)[codes.astype(np.int64)], {}
    except ValueError:
        names = sorted(word for word in words if word)
        places = np.array([names.index(word) if word else np.nan for word in words])
        return places[codes.astype(np.int64)], dict(enumerate(map(from_cell, names)))


def _read_positions(path: Path, number: int, first: str, lines: Iterator[tuple[int, str]]) -> BoxTable:
    separator = _separator(first)
    cells = _position_cells(path, number, first, separator)
    width = len(cells)
    columns = (*POSITIONS, *[""] * (width - len(POSITIONS)))[:width]
    rows = _Rows(path, columns, words=["class"] if width > CLASS and not _is_number(cells[CLASS]) else ())
    _check_width(path, number, width, None)
    rows.append(number, cells)
    for number, line in lines:
        cells = _position_cells(path, number, line, separator if separator in line else _separator(line))
        _check_width(path, number, len(cells), width)
        rows.append(number, cells)
    return rows.table()


def _separator(line: str) -> str:
    """What separates the columns of a file, by its first line: `;`, a tab, a comma, or blanks (with tabs that align).

    Commas inside of what tabs or blanks separate are those of decimals; a comma at the end of such is a separator.
    """
    if ";" in line:
        return ";"
    if "\t" in line and not _TWO_TABS.search(line.strip()):
        return "\t" if "," not in line or _are_numbers(line.split("\t")) else ","
    if "," not in line:
        return " "
    return " " if len(line.split()) >= NUM_COLUMNS and _are_numbers(line.split()) else ","


def _are_numbers(cells: Sequence[str]) -> bool:
    return all(_is_number(cell) for cell in cells if cell.strip())


def _is_number(text: str) -> bool:
    try:
        as_float(text)
    except ValueError:
        return False
    return True


def _position_cells(path: Path, number: int, line: str, separator: str) -> list[str]:
    """The cells of a line without a header; only at its end one may be empty, for it would shift what follows."""
    if separator == " " or ('"' not in line and separator == "," and not _EMPTY_CELL.search(line)):
        return line.strip().rstrip(",").replace("," if separator == "," else " ", " ").split()
    try:
        cells = _cells(line.rstrip(f" \r\t{separator}"), separator)
    except ValueError as error:
        raise ValueError(f"{path}, line {number}: {error}; expected {EXPECTED}") from error
    if "" in cells:
        raise ValueError(f"{path}, line {number}: {numbered(cells.index(''))} is empty; expected {EXPECTED}")
    return cells


def _check_width(path: Path, number: int, width: int, before: int | None) -> None:
    if width >= NUM_COLUMNS and width == (before or width):
        return
    than = f", but the lines before have {before}" if before not in (None, width) else ""
    hint = " (are the ids missing?)" if width == NUM_COLUMNS - 1 and before is None else ""
    count = f"{width} column" + ("s" if width > 1 else "")
    raise ValueError(f"{path}, line {number}: {count}{than}{hint}; expected {EXPECTED}")


def _read_named(
    path: Path, header: tuple[str, ...], separator: str, lines: Iterator[tuple[int, str]], texts: tuple[str, ...]
) -> BoxTable:
    """The known columns of a table, and `texts`; a row with one cell more than the header begins with a number."""
    found = find_columns(header)
    found |= {name: header.index(name) for name in texts if name in header}
    words = [column for column in found if column == "class" or column in texts]
    rows = _Rows(path, tuple(found), header, tuple(found.values()), words=words)
    more: int | None = None
    for number, line in lines:
        try:
            cells = _cells(line, separator)
        except ValueError as error:
            raise ValueError(f"{path}, line {number}: {error}; expected {EXPECTED}") from error
        if more is None:
            has_index = len(cells) == len(header) + 1 and cells[-1] != "" and header[-1] != ""
            more = 1 if has_index else 0
        cells = _as_wide_as(cells[more:], len(header))
        if len(cells) != len(header):
            raise ValueError(
                f"{path}, line {number}: {len(cells)} columns, but the header has {len(header)} "
                f"({shown(','.join(header))})"
            )
        rows.append(number, [cells[place] for place in found.values()])
    return rows.table()


def _as_wide_as(cells: list[str], width: int) -> list[str]:
    """Without empty cells behind the last one of the header."""
    while len(cells) > width and cells[-1] == "":
        cells = cells[:-1]
    return cells
