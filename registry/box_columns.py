"""Names of columns in files of boxes: one table for every command, printed in `docs/files.md`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from registry.numbers import as_float

__all__ = ["COLUMNS", "POSITIONS", "Column", "find_columns", "is_header", "plain"]


@dataclass(frozen=True)
class Column:
    """What a column holds, and what it may be called.

    Attributes:
        holds: in a few words.
        names: accepted names; where a file has several of them, the longest is taken.
    """

    holds: str
    names: tuple[str, ...]


COLUMNS: Mapping[str, Column] = {
    "frame": Column(
        "frame number, from 1",
        ("frame", "frame_id", "frame_number", "frame_num", "frame_idx", "frame_index"),
    ),
    "id": Column(
        "identity", ("id", "track_id", "object_id", "tracker_id", "tracking_id", "obj_id", "target_id", "identity")
    ),
    "x": Column(
        "left edge, px",
        (
            "x",
            "x1",
            "left",
            "xmin",
            "x_min",
            "xtl",
            "bb_left",
            "bbox_left",
            "box_left",
            "bbox_x",
            "bbox_x1",
            "bbox_xmin",
        ),
    ),
    "y": Column(
        "top edge, px",
        ("y", "y1", "top", "ymin", "y_min", "ytl", "bb_top", "bbox_top", "box_top", "bbox_y1", "bbox_ymin"),
    ),
    "x2": Column(
        "right edge, px",
        ("x2", "right", "xmax", "x_max", "xbr", "bb_right", "bbox_right", "box_right", "bbox_x2", "bbox_xmax"),
    ),
    "y2": Column(
        "bottom edge, px",
        ("y2", "bottom", "ymax", "y_max", "ybr", "bb_bottom", "bbox_bottom", "box_bottom", "bbox_y2", "bbox_ymax"),
    ),
    "w": Column("width, px", ("w", "width", "bb_width", "bbox_width", "box_width", "bb_w", "bbox_w")),
    "h": Column("height, px", ("h", "height", "bb_height", "bbox_height", "box_height", "bb_h", "bbox_h")),
    "cx": Column("centre from the left, px", ("cx", "xc", "x_center", "center_x", "x_centre", "centre_x")),
    "cy": Column("centre from the top, px", ("cy", "yc", "y_center", "center_y", "y_centre", "centre_y")),
    "flag": Column("flag of a ground truth: 0 is not scored", ("flag", "considered", "not_ignored", "active")),
    "ignored": Column("the same turned round: 1 is not scored", ("ignore", "ignored", "is_ignored")),
    "score": Column(
        "score; in a ground truth without a flag, its flag",
        ("score", "conf", "confidence", "prob", "probability", "det_score", "detection_score"),
    ),
    "class": Column(
        "class, by name or number",
        ("class", "class_id", "class_name", "cls", "label", "category", "category_id", "category_name", "object_class"),
    ),
    "time": Column("time, s", ("time_s", "time", "timestamp")),
}
"""Columns by what they hold. Others are passed over, whatever they are called, those without a name too."""

POSITIONS = ("frame", "id", "x", "y", "w", "h", "score", "class")
"""What columns 1 to 8 hold in a file without a header."""
_UNIT = re.compile(r"[\[(].*?[\])]")


def plain(name: str) -> str:
    """A name without case, blanks, quotes, underscores and units: `Frame_ID` and `frameid` are the same."""
    return re.sub(r"[^a-z0-9]", "", _UNIT.sub("", name.lower()))


_BY_NAME = {plain(name): column for column, entry in COLUMNS.items() for name in entry.names}


def find_columns(header: Sequence[str]) -> dict[str, int]:
    """Where each known column stands in a header; the longest of several names for one is taken, else the first.

    `x0,y0,x1,y1` are corners that count from 0, so that `x1` is there the right edge.
    """
    names = [plain(name) for name in header]
    if {"x0", "y0", "x1", "y1"} <= set(names) and "x2" not in names:
        names = [{"x0": "x1", "y0": "y1", "x1": "x2", "y1": "y2"}.get(name, name) for name in names]
    found: dict[str, int] = {}
    for place, name in enumerate(names):
        column = _BY_NAME.get(name)
        if column is not None and (column not in found or len(name) > len(names[found[column]])):
            found[column] = place
    return found


def is_header(cells: Sequence[str]) -> bool:
    """Whether a line names columns: one of them is the frame, or some are known and none is a number."""
    found = find_columns(cells)
    return "frame" in found or bool(found and not any(_is_number(cell) for cell in cells))


def _is_number(text: str) -> bool:
    try:
        as_float(text)
    except ValueError:
        return False
    return True
