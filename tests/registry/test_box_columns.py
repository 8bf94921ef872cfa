"""Names of columns: how they may be written, which of several wins, and that the page lists what is accepted."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.box_columns import COLUMNS, find_columns, is_header

PAGE = Path(__file__).resolve().parents[2] / "docs" / "files.md"

HEADERS = {
    "MOTChallenge's own, with world coordinates": (
        "frame,id,bb_left,bb_top,bb_width,bb_height,conf,x,y,z",
        {"frame": 0, "id": 1, "x": 2, "y": 3, "w": 4, "h": 5, "score": 6},
    ),
    "supervision's CSV": (
        "x_min,y_min,x_max,y_max,class_id,confidence,tracker_id,class_name,frame_idx",
        {"x": 0, "y": 1, "x2": 2, "y2": 3, "score": 5, "id": 6, "class": 7, "frame": 8},
    ),
    "pandas, with its index": (
        "Unnamed: 0,FrameId,Id,X,Y,Width,Height,Confidence",
        {"frame": 1, "id": 2, "x": 3, "y": 4, "w": 5, "h": 6, "score": 7},
    ),
    "CVAT's corners": (
        "frame,track_id,label,xtl,ytl,xbr,ybr",
        {"frame": 0, "id": 1, "class": 2, "x": 3, "y": 4, "x2": 5, "y2": 6},
    ),
    "capitals, blanks and units": (
        " Frame Number , Object ID ,BB Left [px],bb top (px),BBox Width,BBOX-HEIGHT",
        {"frame": 0, "id": 1, "x": 2, "y": 3, "w": 4, "h": 5},
    ),
    "corners from 0": ("frame,id,x0,y0,x1,y1", {"frame": 0, "id": 1, "x": 2, "y": 3, "x2": 4, "y2": 5}),
    "centres": ("frame,id,cx,cy,w,h", {"frame": 0, "id": 1, "cx": 2, "cy": 3, "w": 4, "h": 5}),
    "the number of a row and that of a track": (
        "id,frame,track_id,x,y,w,h",
        {"frame": 1, "id": 2, "x": 3, "y": 4, "w": 5, "h": 6},
    ),
    "of two names alike long, the first": (
        "frame,id,left,xmin,y,w,h",
        {"frame": 0, "id": 1, "x": 2, "y": 4, "w": 5, "h": 6},
    ),
}


@pytest.mark.parametrize(("header", "places"), HEADERS.values(), ids=HEADERS.keys())
def test_where_columns_stand(header: str, places: dict[str, int]) -> None:
    assert find_columns(header.split(",")) == places
    assert is_header(header.split(","))


@pytest.mark.parametrize("line", ["1,2,3,4,5,6", "0 1 Pedestrian 0 0 0", "{}", "a,b,c", ",,,"])
def test_lines_that_are_no_header(line: str) -> None:
    assert not is_header(line.replace(" ", ",").split(","))


def test_no_name_stands_for_two_columns() -> None:
    for column, entry in COLUMNS.items():
        for name in entry.names:
            assert find_columns([name]) == {column: 0}


def test_the_page_lists_every_name() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for entry in COLUMNS.values():
        assert f"| {entry.holds} | {', '.join(f'`{name}`' for name in entry.names)} |" in page
