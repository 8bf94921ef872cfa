"""Files of tracks: MOTChallenge text in all its dialects, and tables with a header such as `tracks.csv`."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from evaluation.rows import NO_CLASS, FloatArray, IntArray, TrackRows
from registry.cells import from_cell

__all__ = ["read_rows"]

EXPECTED = "frame,id,x,y,w,h[,flag or score[,class[,visibility]]] in px, or a header that names the columns"
COLUMNS = ("frame", "id", "x", "y", "w", "h", "flag or score", "class", "visibility")
NUM_COLUMNS = 6
FLAG, CLASS = 6, 7
MAX_EXACT = 2.0**53
"""Whole numbers above are not exact as floats, so neither frames nor ids can be."""

_NAMES: dict[str, tuple[str, ...]] = {
    "frame": ("frame", "frame_id", "frame_number"),
    "id": ("id", "track_id", "object_id"),
    "x": ("x", "x1", "left", "bb_left", "xmin"),
    "y": ("y", "y1", "top", "bb_top", "ymin"),
    "x2": ("x2", "xmax", "right"),
    "y2": ("y2", "ymax", "bottom"),
    "w": ("w", "width", "bb_width"),
    "h": ("h", "height", "bb_height"),
    "flag": ("flag", "considered", "not_ignored"),
    "class": ("class", "class_id", "label", "category"),
}
_EMPTY_CELL = re.compile(r"(^|[,;\t]) *[,;\t]")
_TWO_TABS = re.compile(r"\t *\t")


def read_rows(path: Path, labels: Sequence[str] = ()) -> TrackRows:
    """All boxes of a file.

    Columns are separated by commas, semicolons, tabs or blanks. A class stands in column 8 when that column holds whole
    numbers (MOTChallenge 2015 has world coordinates there); a file with a header is read by the names of its columns.

    Args:
        path: text file.
        labels: names of the classes 1, 2, ... (as in the `labels.txt` that annotation tools write beside `gt.txt`).

    Raises:
        FileNotFoundError: no such file.
        ValueError: not such a file; with its name, and the line.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} not found: expected a text file of {EXPECTED}")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not a text file; expected lines of {EXPECTED}") from error
    first = next((line for line in lines if not _is_blank(line)), "")
    if any(name in _names_in(first) for name in _NAMES["frame"]):
        return _read_named(path, lines)
    return _of_columns(path, lines, labels)


def _is_blank(line: str) -> bool:
    """Whether a line has nothing, or separators alone as tables have below their last row."""
    return not line.strip().strip(" \t,;")


def _names_in(line: str) -> list[str]:
    return [field.strip().strip('"').lower() for field in line.replace(";", ",").replace("\t", ",").split(",")]


def _fields(line: str) -> list[str]:
    return line.strip().rstrip(",;").replace(";", ",").replace("\t", ",").replace(",", " ").split()


def _read_numbers(path: Path, lines: Sequence[str]) -> FloatArray:
    """`(N, 6 or more)` numbers; all lines have as many columns as the first."""
    _refuse_empty_cells(path, lines)
    rows = [(number, _fields(line)) for number, line in enumerate(lines, start=1) if not _is_blank(line)]
    if not rows:
        return np.empty((0, NUM_COLUMNS))
    width = len(rows[0][1])
    for number, fields in rows:
        if len(fields) != width or width < NUM_COLUMNS:
            before = f", but the lines before have {width}" if len(fields) != width else ""
            hint = " (are the ids missing?)" if width == len(fields) == NUM_COLUMNS - 1 else ""
            count = f"{len(fields)} column" + ("s" if len(fields) > 1 else "")
            raise ValueError(f"{path}, line {number}: {count}{before}{hint}; expected {EXPECTED}")
    try:
        values = np.array([fields for _, fields in rows], np.float64)
    except ValueError:
        raise _not_a_number(path, rows) from None
    wrong = np.argwhere(~np.isfinite(values[:, :FLAG]))
    if len(wrong):
        row, column = wrong[0].tolist()
        raise ValueError(f"{path}, line {rows[row][0]}: {_named(column)} is {rows[row][1][column]}, not a number")
    lines_of_rows = [number for number, _ in rows]
    _check_whole(path, values[:, 0], _named(0), lines_of_rows)
    _check_whole(path, values[:, 1], _named(1), lines_of_rows, is_id=True)
    return values


def _named(column: int) -> str:
    """`column 2 (id)` of 1."""
    return f"column {column + 1}" + (f" ({COLUMNS[column]})" if column < len(COLUMNS) else "")


def _refuse_empty_cells(path: Path, lines: Sequence[str]) -> None:
    """Nothing between two separators would shift what follows into the columns of others; only at the end it may be.

    Tabs are taken for blanks where every line has two in a row: they bring numbers of other lengths below each other.
    """
    if _is_aligned(lines):
        return
    for number, line in enumerate(lines, start=1):
        if _EMPTY_CELL.search(line) is None or _is_blank(line):
            continue
        separator = next(mark for mark in ",;\t" if mark in line)
        cells = [cell.strip() for cell in line.rstrip(" \r\t,;").split(separator)]
        if "" in cells:
            raise ValueError(f"{path}, line {number}: {_named(cells.index(''))} is empty; expected {EXPECTED}")


def _is_aligned(lines: Iterable[str]) -> bool:
    return all(
        "," not in line and ";" not in line and _TWO_TABS.search(line.strip()) for line in lines if not _is_blank(line)
    )


def _not_a_number(path: Path, rows: Iterable[tuple[int, list[str]]]) -> ValueError:
    for number, fields in rows:
        for column, text in enumerate(fields):
            if not _is_number(text):
                hint = " (a class by name? columns can be named in a header line)" if column == 2 else ""
                return ValueError(
                    f"{path}, line {number}: {_named(column)} is {text!r}, not a number{hint}; expected {EXPECTED}"
                )
    return ValueError(f"{path} holds something that is no number; expected {EXPECTED}")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _check_whole(path: Path, values: FloatArray, name: str, lines: Sequence[int], *, is_id: bool = False) -> None:
    wrong = np.flatnonzero((values != np.floor(values)) | (np.abs(values) > MAX_EXACT))
    if len(wrong):
        missing = " (a file of boxes without ids?)" if is_id and len(wrong) > len(values) / 2 else ""
        raise ValueError(
            f"{path}, line {lines[wrong[0]]}: {name} is {values[wrong[0]]:g}, expected a whole number{missing}"
        )


def _of_columns(path: Path, lines: Sequence[str], labels: Sequence[str]) -> TrackRows:
    values = _read_numbers(path, lines)
    count, width = values.shape
    return TrackRows(
        path,
        frames=values[:, 0].astype(np.int64),
        ids=values[:, 1].astype(np.int64),
        tlwh=values[:, 2:6].copy(),
        flags=values[:, FLAG].copy() if width > FLAG else np.ones(count),
        class_ids=_class_ids(values[:, CLASS]) if width > CLASS else np.full(count, NO_CLASS, np.int64),
        class_names=dict(enumerate(labels, start=1)),
        raw=values,
        lines=_filled(lines),
    )


def _filled(lines: Iterable[str]) -> IntArray:
    """Numbers of the lines that hold anything, from 1."""
    return np.array([number for number, line in enumerate(lines, start=1) if not _is_blank(line)], np.int64)


def _class_ids(column: FloatArray) -> IntArray:
    """Column 8 as classes; none where it holds fractions or anything below -1, which are coordinates."""
    if not np.isfinite(column).all() or (column != np.floor(column)).any() or (column < NO_CLASS).any():
        return np.full(len(column), NO_CLASS, np.int64)
    return column.astype(np.int64)


def _read_named(path: Path, lines: Sequence[str]) -> TrackRows:
    text = [line for line in lines if not _is_blank(line)]
    dialect = max(",;\t", key=text[0].count)
    table = [[field.strip() for field in row] for row in csv.reader(text, delimiter=dialect)]
    header, body = [name.lower() for name in table[0]], table[1:]
    where = _filled(lines)[1:]
    columns = {key: _position(header, names) for key, names in _NAMES.items()}
    corners = columns["x2"] is not None and columns["y2"] is not None
    needed = ("frame", "id", "x", "y", *(("x2", "y2") if corners else ("w", "h")))
    for key in needed:
        if columns[key] is None:
            raise _no_column(path, header, key)
    for line, row in zip(where, body, strict=False):
        if len(row) != len(header):
            raise ValueError(f"{path}, line {line}: {len(row)} columns, but the header has {len(header)}")
    numbers = {key: _named_numbers(path, body, columns[key], key, where) for key in needed}
    for key in ("frame", "id"):
        _check_whole(path, numbers[key], key, where.tolist(), is_id=key == "id")
    box = np.stack([numbers[key] for key in needed[2:]], axis=1).reshape(-1, 4)
    if corners:
        box[:, 2:] -= box[:, :2]
    class_column, flag_column = columns["class"], columns["flag"]
    class_ids, class_names = _named_classes([row[class_column] for row in body] if class_column is not None else [])
    return TrackRows(
        path,
        frames=numbers["frame"].astype(np.int64),
        ids=numbers["id"].astype(np.int64),
        tlwh=box,
        flags=np.ones(len(body)) if flag_column is None else _named_numbers(path, body, flag_column, "flag", where),
        class_ids=class_ids if len(class_ids) == len(body) else np.full(len(body), NO_CLASS, np.int64),
        class_names=class_names,
        lines=where,
    )


def _no_column(path: Path, header: Sequence[str], key: str) -> ValueError:
    corners = ", or the corners of the boxes as x1, y1, x2, y2" if key in ("x", "y", "w", "h") else ""
    return ValueError(
        f"{path}: the header ({','.join(header)}) names no column {key!r}; expected one named "
        f"{' or '.join(_NAMES[key])}{corners}"
    )


def _position(header: Sequence[str], names: Sequence[str]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)


def _named_numbers(
    path: Path, body: Sequence[Sequence[str]], column: int | None, name: str, where: Sequence[int] | IntArray
) -> FloatArray:
    values = np.empty(len(body))
    for number, row in enumerate(body):
        text = row[column or 0]
        try:
            values[number] = float(text)
        except ValueError:
            values[number] = np.nan
        if not np.isfinite(values[number]):
            what = f"{text!r}, not a number" if text else "empty, expected a number"
            raise ValueError(f"{path}, line {where[number]}: {name} is {what}")
    return values


def _named_classes(texts: Sequence[str]) -> tuple[IntArray, Mapping[int, str]]:
    """Class ids of classes by name or number, and the names."""
    if all(text.isdecimal() for text in texts):
        return np.array([int(text) for text in texts], np.int64), {}
    texts = [from_cell(text) for text in texts]  # as `track` writes them
    names = sorted(set(texts))
    return np.array([names.index(text) for text in texts], np.int64), dict(enumerate(names))
