"""Files of detections that would be read wrongly: told in one sentence, with the line to write above the first one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from registry.box_columns import POSITIONS
from registry.box_table import BoxTable
from registry.misread_boxes import are_corners, are_shares, has_class_in_column_3, lacks_id_column

__all__ = ["check_detections"]

LAST_NAMED = 12
"""Columns of a file that may get a header: one with more has a feature vector, which has no name."""


def check_detections(table: BoxTable) -> None:
    """Refuse a file whose columns hold something else; a header is believed, unless boxes are in shares of the picture.

    Raises:
        ValueError: with what to type.
    """
    if not len(table):
        return
    boxes = table.tlwh()
    if are_shares(boxes):
        raise ValueError(
            f"{table.path}: the boxes look like shares of the picture (all numbers at most {np.abs(boxes).max():g}), "
            "expected px: multiply x, w by the width and y, h by the height of the picture"
        )
    if table.header:
        return
    ids = table["id"]
    if lacks_id_column(boxes) or (ids != np.floor(ids)).any():
        raise ValueError(
            f"{table.path} seems to have no id in column 2 (frame,x,y,w,h,score): "
            + _advice(
                table, ("frame", "x", "y", "w", "h", "score"), "or x1,y1,x2,y2 for x,y,w,h where these are corners"
            )
        )
    objects = _objects(ids)
    if has_class_in_column_3(table.values, objects):
        raise ValueError(
            f"{table.path} seems to have the class in column 3: "
            + _advice(table, ("frame", "id", "class", "x", "y", "w", "h", "score"))
        )
    if are_corners(boxes, objects):
        raise ValueError(
            f"{table.path}: the boxes look like x1,y1,x2,y2 in a w,h file: "
            + _advice(table, ("frame", "id", "x1", "y1", "x2", "y2", "score"))
        )


def _objects(ids: npt.NDArray[np.float64]) -> npt.NDArray[np.int64] | None:
    """Ids, where there are such: files of detections have -1 throughout."""
    found, objects = np.unique(ids, return_inverse=True)
    return objects.astype(np.int64) if len(found) > 1 else None


def _advice(table: BoxTable, names: Sequence[str], aside: str = "") -> str:
    """The line that makes the columns be read as `names`, and the one that has them read as they stand."""
    width = table.values.shape[1]
    if table.path.suffix.lower() == ".npy" or width > LAST_NAMED:
        return "write frame,id,x,y,w,h,score, with x,y the left top corner in px and w = x2 - x1, h = y2 - y1"
    columns, as_it_stands = (",".join([*given, *["-"] * width][:width]) for given in (names, POSITIONS[:7]))
    return (
        f"write the line {columns} above the first one{f' ({aside})' if aside else ''}, or {as_it_stands} to have it "
        "read as it stands"
    )
