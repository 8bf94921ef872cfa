"""Files of tracks and of ground truth -> rows with identities, checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from evaluation.rows import FloatArray, IntArray, TrackRows
from registry.box_files import read_box_table
from registry.box_table import BoxTable
from registry.numbers import MAX_EXACT, MAX_FRAME, MAX_PX

__all__ = ["read_rows"]


def read_rows(path: Path, labels: Sequence[str] = ()) -> TrackRows:
    """All boxes of a file; see `registry.box_files` for its forms.

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
    table.require("frame", "id")
    return TrackRows(
        path,
        frames=_whole(table, "frame", MAX_FRAME),
        ids=_whole(table, "id", MAX_EXACT),
        tlwh=_boxes(table),
        flags=_flags(table),
        class_ids=table.class_ids,
        class_names=table.class_names or ({} if table.header else dict(enumerate(labels, start=1))),
        raw=table.values if not table.header else np.empty((len(table), 0)),
        lines=table.lines,
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
    for column in table.box_columns:
        values = table[column]
        wrong = np.flatnonzero(~(np.abs(values) <= MAX_PX))
        if len(wrong):
            value = values[wrong[0]]
            what = f"expected px, {MAX_PX:,.0f} at most" if np.isfinite(value) else "not a number"
            raise ValueError(f"{table.where(int(wrong[0]))}: {table.name_of(column)} is {value:g}, {what}")
    return table.tlwh()


def _flags(table: BoxTable) -> FloatArray:
    """Column 7, or the column named as a flag, or else as a score; 1 where nothing stands there."""
    if "ignored" in table and "flag" not in table:
        return np.where(table["ignored"] == 0, 1.0, 0.0)
    column = next((name for name in ("flag", "score") if name in table), None)
    if column is None:
        return np.ones(len(table))
    values = table[column]
    return np.where(np.isfinite(values), values, 1.0)
