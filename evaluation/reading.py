"""Files of tracks and of ground truth -> rows with identities, checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from evaluation.rows import NO_CLASS, FloatArray, IntArray, TrackRows
from registry.box_columns import COLUMNS
from registry.box_table import BoxTable, read_box_table
from registry.numbers import MAX_EXACT, MAX_FRAME, MAX_PX

__all__ = ["read_rows"]

MAX_CLASS = 1_000_000
"""Highest number of a class; what is above in column 8 is no class."""


def read_rows(path: Path, labels: Sequence[str] = ()) -> TrackRows:
    """All boxes of a file; see `registry.box_table` for its forms.

    A class stands in column 8 when that column holds names or whole numbers (MOTChallenge 2015 has world coordinates
    there); a file with a header is read by the names of its columns.

    Args:
        path: text file.
        labels: names of the classes 1, 2, ... (as in the `labels.txt` that annotation tools write beside `gt.txt`).

    Raises:
        FileNotFoundError: no such file.
        ValueError: not such a file; with its name, and the line.
    """
    table = read_box_table(path)
    _require(table, "frame", "id")
    class_ids = _class_ids(table)
    return TrackRows(
        path,
        frames=_whole(table, "frame", MAX_FRAME),
        ids=_whole(table, "id", MAX_EXACT),
        tlwh=_boxes(table),
        flags=_flags(table),
        class_ids=class_ids,
        class_names=table.class_names or ({} if table.header else dict(enumerate(labels, start=1))),
        raw=table.values if not table.header else np.empty((len(table), 0)),
        lines=table.lines,
    )


def _require(table: BoxTable, *columns: str) -> None:
    for column in columns:
        if column not in table:
            corners = ", or the corners of the boxes as x1, y1, x2, y2" if column in ("x", "y", "w", "h") else ""
            names = COLUMNS[column].names[:3]
            raise ValueError(
                f"{table.path}: the header ({','.join(table.header)}) names no column {column!r}; expected one named "
                f"{' or '.join(names)}{corners}"
            )


def _whole(table: BoxTable, column: str, highest: int) -> IntArray:
    values = table[column]
    wrong = np.flatnonzero(~((values == np.floor(values)) & (np.abs(values) <= highest)))
    if len(wrong):
        value = values[wrong[0]]
        missing = " (a file of boxes without ids?)" if column == "id" and len(wrong) > len(values) / 2 else ""
        is_whole = value == np.floor(value) and np.isfinite(value)
        what = f"expected {highest:,} at most" if is_whole else f"expected a whole number{missing}"
        what = what if np.isfinite(value) else "not a number"
        raise ValueError(f"{table.where(int(wrong[0]))}: {table.name_of(column)} is {value:g}, {what}")
    return values.astype(np.int64)


def _boxes(table: BoxTable) -> FloatArray:
    """`(N, 4)` left, top, width, height, from whatever of a box the columns hold."""
    columns = _box_columns(table)
    _require(table, *columns)
    for column in columns:
        values = table[column]
        wrong = np.flatnonzero(~(np.abs(values) <= MAX_PX))
        if len(wrong):
            value = values[wrong[0]]
            what = f"expected px, {MAX_PX:,.0f} at most" if np.isfinite(value) else "not a number"
            raise ValueError(f"{table.where(int(wrong[0]))}: {table.name_of(column)} is {value:g}, {what}")
    box = np.stack([table[column] for column in columns], axis=1)
    if columns[2] == "x2":
        box[:, 2:] -= box[:, :2]
    elif columns[0] == "cx":
        box[:, :2] -= box[:, 2:] / 2
    return box


def _box_columns(table: BoxTable) -> tuple[str, str, str, str]:
    if "x2" in table and "y2" in table:
        return "x", "y", "x2", "y2"
    is_centred = "cx" in table and "cy" in table and not ("x" in table and "y" in table)
    return ("cx", "cy", "w", "h") if is_centred else ("x", "y", "w", "h")


def _flags(table: BoxTable) -> FloatArray:
    """Column 7, or the column named as a flag, or else as a score; 1 where nothing stands there."""
    if "ignored" in table and "flag" not in table:
        return np.where(table["ignored"] == 0, 1.0, 0.0)
    column = next((name for name in ("flag", "score") if name in table), None)
    if column is None:
        return np.ones(len(table))
    values = table[column]
    return np.where(np.isfinite(values), values, 1.0)


def _class_ids(table: BoxTable) -> IntArray:
    """The column of classes; none where it holds fractions or anything below -1, which are coordinates."""
    if "class" not in table:
        return np.full(len(table), NO_CLASS, np.int64)
    column = np.where(np.isnan(table["class"]), float(NO_CLASS), table["class"]) if table.header else table["class"]
    are_classes = (column == np.floor(column)) & (column >= NO_CLASS) & (column <= MAX_CLASS)
    if are_classes.all():
        return column.astype(np.int64)
    if table.header:
        row = int(np.flatnonzero(~are_classes)[0])
        raise ValueError(
            f"{table.where(row)}: class is {column[row]:g}, expected a name, or a whole number from {NO_CLASS} to "
            f"{MAX_CLASS:,}"
        )
    return np.full(len(column), NO_CLASS, np.int64)
