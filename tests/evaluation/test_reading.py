"""Files of tracks in all their dialects, and what is said of files that are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evaluation.reading import read_rows
from evaluation.rows import NO_CLASS

DIALECTS = {
    "commas": "1,7,10,20,30,40,1,-1,-1,-1\n2,7,11.5,20,30,40,1,-1,-1,-1\n",
    "commas and blanks": "1, 7, 10, 20, 30, 40, 1, -1, -1, -1\n2, 7, 11.5, 20, 30, 40, 1, -1, -1, -1\n",
    "blanks": "1 7 10 20 30 40 1\n2 7 11.5 20 30 40 1\n",
    "tabs": "1\t7\t10\t20\t30\t40\t1\n2\t7\t11.5\t20\t30\t40\t1\n",
    "semicolons": "1;7;10;20;30;40;1\n2;7;11.5;20;30;40;1\n",
    "trailing commas, empty lines, no line end": "\n1,7,10,20,30,40,1,\n\n2,7,11.5,20,30,40,1,",
    "tabs that align": "1\t\t7\t10\t20\t30\t40\t1\n2\t\t7\t11.5\t20\t30\t40\t1\n",
    "lines of separators": ";;;;;\n1,7,10,20,30,40\n , ,,,,\n2,7,11.5,20,30,40\n\t\t\n,,,,,\n",
    "a header, lines of separators": "frame,id,x,y,w,h\n1,7,10,20,30,40\n,,,,,\n2,7,11.5,20,30,40\n,,,,,\n",
    "windows": "1,7,10,20,30,40,1\r\n2,7,11.5,20,30,40,1\r\n",
    "byte order mark": "\ufeff1,7,10,20,30,40\n2,7,11.5,20,30,40\n",
    "whole numbers as floats": "1.0,7.0,10,20,30,40\n2e0,7.00,11.5,20,30,40\n",
    "named corners": "frame,time_s,id,class,x1,y1,x2,y2,score\n1,0,7,1,10,20,40,60,\n2,0,7,1,11.5,20,41.5,60,0.5\n",
    "decimal commas between semicolons": "1;7;10,0;20;30;40;0,9\n2;7;11,5;20;30;40;0,9\n",
    "decimal commas between tabs": "1\t7\t10\t20\t30\t40\t0,9\n2\t7\t11,5\t20\t30\t40\t0,9\n",
    "decimal commas between blanks": "1 7 10,0 20 30 40\n2 7 11,5 20 30 40\n",
    "commas and tabs": "1,\t7,\t10,\t20,\t30,\t40\n2,\t7,\t11.5,\t20,\t30,\t40\n",
    "quotes": '"1","7","10","20","30","40"\n"2","7","11.5","20","30","40"\n',
    "an unnamed index": ",frame,id,x,y,w,h\n0,1,7,10,20,30,40\n1,2,7,11.5,20,30,40\n",
    "an index that the header leaves out": "frame,id,x,y,w,h\n0,1,7,10,20,30,40\n1,2,7,11.5,20,30,40\n",
    "world coordinates beside bb_left": (
        "frame,id,bb_left,bb_top,bb_width,bb_height,conf,x,y,z\n"
        "1,7,10,20,30,40,1,-1,-1,-1\n2,7,11.5,20,30,40,1,-1,-1,-1\n"
    ),
    "supervision": (
        "x_min,y_min,x_max,y_max,class_id,confidence,tracker_id,frame_idx\n"
        "10,20,40,60,0,0.9,7,1\n11.5,20,41.5,60,0,0.9,7,2\n"
    ),
    "a comment for a header": "# FrameId, Id, Left, Top, Width, Height\n1,7,10,20,30,40\n2,7,11.5,20,30,40\n",
    "a header between blanks": "frame id x y w h\n1 7 10 20 30 40\n2 7 11.5 20 30 40\n",
    "a header, quoted decimal commas": 'frame,id,x,y,w,h\n1,7,10,20,30,40\n2,7,"11,5",20,30,40\n',
    "a header after a byte order mark": "\ufeffFrame,ID,X,Y,W,H\n1,7,10,20,30,40\n2,7,11.5,20,30,40\n",
    "corners from 0": "frame,id,x0,y0,x1,y1\n1,7,10,20,40,60\n2,7,11.5,20,41.5,60\n",
    "centres by name": "frame,id,cx,cy,w,h\n1,7,25,40,30,40\n2,7,26.5,40,30,40\n",
    "named sizes": 'Track_ID;"Frame";left;top;width;height\n7;1;10;20;30;40\n7;2;11.5;20;30;40\n',
}


@pytest.mark.parametrize("text", DIALECTS.values(), ids=DIALECTS.keys())
def test_dialects_mean_the_same(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.txt").write_text(text, encoding="utf-8", newline="")
    rows = read_rows(tmp_path / "t.txt")
    np.testing.assert_array_equal(rows.frames, [1, 2])
    np.testing.assert_array_equal(rows.ids, [7, 7])
    np.testing.assert_array_equal(rows.tlwh, [[10, 20, 30, 40], [11.5, 20, 30, 40]])


CLASSES = {
    "mot17": ("1,7,10,20,30,40,1,3,0.5\n", [3], ("3",)),
    "mot15 results": ("1,7,10,20,30,40,1,-1,-1,-1\n", [NO_CLASS], ()),
    "mot15 world coordinates": ("1,1,1,1,9,9,1,-3.2,16,0.4\n1,2,1,1,9,9,1,4,1,1\n", [NO_CLASS] * 2, ()),
    "no column": ("1,7,10,20,30,40\n", [NO_CLASS], ()),
    "by name": ("frame,id,x,y,w,h,class\n1,1,1,1,2,2,dog\n1,2,1,1,2,2,cat\n", [1, 0], ("cat", "dog")),
    "by name in column 8": ("1,1,1,1,2,2,1,dog,1\n1,2,1,1,2,2,1,cat,1\n", [1, 0], ("cat", "dog")),
    "by number and none, named": ("frame,id,x,y,w,h,class\n1,1,1,1,2,2,3.0\n1,2,1,1,2,2,\n", [3, NO_CLASS], ("3",)),
    "coordinates in millimetres": ("1,1,1,1,9,9,1,3200000,16,0\n", [NO_CLASS], ()),
    "class 0": ("1,7,10,20,30,40,1,0\n", [0], ("0",)),
}


@pytest.mark.parametrize(("text", "class_ids", "labels"), CLASSES.values(), ids=CLASSES.keys())
def test_classes(tmp_path: Path, text: str, class_ids: list[int], labels: tuple[str, ...]) -> None:
    (tmp_path / "t.txt").write_text(text)
    rows = read_rows(tmp_path / "t.txt")
    assert rows.class_ids.tolist() == class_ids
    assert rows.labels == labels


def test_labels_name_classes_from_1(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("1,1,1,1,9,9,1,2,1\n")
    rows = read_rows(tmp_path / "t.txt", ["car", "bus"])
    assert rows.labels == ("bus",)
    assert rows.of_label("BUS").tolist() == rows.of_label("2").tolist() == [True]


def test_flags_are_column_7(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text("1,1,1,1,9,9,0\n1,2,1,1,9,9,1\n")
    assert read_rows(tmp_path / "t.txt").flags.tolist() == [0, 1]


FLAGS = {
    "named as one": ("flag", "0", "1", [0, 1]),
    "named as a score": ("conf", "0", "1", [0, 1]),
    "named as a score, by another word": ("Confidence", "0", "1", [0, 1]),
    "a score": ("score", "0.3", "0.9", [0.3, 0.9]),
    "a score that is not there": ("score", "", "0.9", [1, 0.9]),
    "turned round": ("ignored", "1", "0", [0, 1]),
    "a flag beside a score": ("score,considered", "0.2,0", "0.3,1", [0, 1]),
}


@pytest.mark.parametrize(("name", "first", "second", "flags"), FLAGS.values(), ids=FLAGS.keys())
def test_flags_by_the_name_of_their_column(
    tmp_path: Path, name: str, first: str, second: str, flags: list[float]
) -> None:
    (tmp_path / "t.txt").write_text(f"frame,id,x,y,w,h,{name}\n1,1,1,1,9,9,{first}\n1,2,1,1,9,9,{second}\n")
    assert read_rows(tmp_path / "t.txt").flags.tolist() == flags


@pytest.mark.parametrize("text", ["", "\n\n", "frame,id,x,y,w,h\n"], ids=["nothing", "blank lines", "a header"])
def test_an_empty_file_has_no_rows(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.txt").write_text(text)
    rows = read_rows(tmp_path / "t.txt")
    assert (len(rows), rows.tlwh.shape, rows.labels) == (0, (0, 4), ())


GOOD = "1,1,1,1,9,9,1,-1\n"
BROKEN = {
    "too few columns": (GOOD + "2,1,1,1,9\n", ["line 2", "5 columns", "frame,id,x,y,w,h"]),
    "more columns than before": (GOOD + "2,1,1,1,9,9,1,-1,3\n", ["line 2", "9 columns", "lines before have 8"]),
    "a word": (GOOD + "2,1,one,1,9,9,1,-1\n", ["line 2", "column 3 (x) is 'one'"]),
    "KITTI's form": ("0 1 Pedestrian 0 0 0 10 10 20 20\n", ["line 1", "'Pedestrian'", "a class by name?"]),
    "nan": (GOOD + "2,1,nan,1,9,9,1,-1\n", ["line 2", "column 3 (x) is nan"]),
    "inf": (GOOD + "2,1,1,1,inf,9,1,-1\n", ["line 2", "column 5 (w) is inf"]),
    "half a frame": ("1.5,1,1,1,9,9\n", ["line 1", "column 1 (frame) is 1.5", "whole number"]),
    "half an id": (GOOD + "2,1.5,1,1,9,9,1,-1\n", ["line 2", "column 2 (id) is 1.5", "whole number"]),
    "frame 1e9": (GOOD + "1000000000,1,1,1,9,9,1,-1\n", ["line 2", "column 1 (frame) is 1e+09", "100,000,000 at most"]),
    "frame 1e18": ("1000000000000000000,1,1,1,9,9\n", ["line 1", "(frame) is 1e+18"]),
    "frame 1e400": ("1e400,1,1,1,9,9\n", ["line 1", "(frame) is inf, not a number"]),
    "an id of 30 digits": (f"1,{'9' * 30},1,1,9,9\n", ["line 1", "(id) is 1e+30"]),
    "more digits than an integer takes": (f"1,{'9' * 5000},1,1,9,9\n", ["(id) is '999", "5,000 letters"]),
    "a line without an end": ("1," + "9" * 10_000_000, ["line 1 has more than 1,000,000 letters"]),
    "a place out of reason": (GOOD + "2,1,1e300,1,9,9,1,-1\n", ["line 2", "(x) is 1e+300", "px"]),
    "a class out of reason": ("frame,id,x,y,w,h,class\n1,1,1,1,9,9,1e12\n", ["line 2", "class is 1e+12", "1,000,000"]),
    "a class that is endless": ("frame,id,x,y,w,h,class\n1,1,1,1,9,9,1e400\n", ["line 2", "class is inf"]),
    "a class of a novel": (f"frame,id,x,y,w,h,class\n1,1,1,1,9,9,{'a' * 900}\n", ["line 2", "class is 'aaa", "200"]),
    "a cell that a table cannot hold": (
        f'frame,id,x,y,w,h,class\n1,1,1,1,9,9,"{"a" * 200_000}"\n',
        ["line 2", "a cell cannot be read"],
    ),
    "a header without frames": ("id,x,y,w,h\n1,1,1,9,9\n", ["names no column 'frame'"]),
    "bytes of nothing": ("1,1,1,1,9,9\n\0\0\0", ["not a text file"]),
    "no ids": ("1,1.5,9,9,9,1\n", ["line 1", "column 2 (id) is 1.5", "without ids?"]),
    "a wrong line below one of separators": ("1,1,1,1,9,9\n,,,,,\n2,1,1,1,9,x\n", ["line 3", "column 6 (h) is 'x'"]),
    "half a width": ("frame,id,x,y,w,h\n1,1.5,9,9,9,1\n", ["line 2: id is 1.5", "without ids?"]),
    "no id column": ("1,9,9,9,9\n", ["line 1: 5 columns (are the ids missing?)"]),
    "no table": ("{}\n", ["line 1: 1 column;"]),
    "a blank id": (GOOD + "2,,1,1,9,9,1,-1\n", ["line 2", "column 2 (id) is empty"]),
    "blank ids throughout": ("1, ,1,1,9,9,1,-1\n2, ,1,1,9,9,1,-1\n", ["line 1", "column 2 (id) is empty"]),
    "a blank id between tabs": ("1\t7\t1\t1\t9\t9\n2\t\t1\t1\t9\t9\n", ["line 2", "column 2 (id) is empty"]),
    "a blank frame": (GOOD + ",7,1,1,9,9,1,-1\n", ["line 2", "column 1 (frame) is empty"]),
    "a blank flag": (GOOD + "2;7;1;1;9;9;;-1\n", ["line 2", "column 7 (flag or score) is empty"]),
    "a header without ids": ("frame,x,y,w,h\n1,1,1,9,9\n", ["names no column 'id'", "id or track_id or object_id"]),
    "a header without sizes": ("frame,id,x,y,x2\n1,1,1,9,9\n", ["no column 'w'", "width", "x1, y1, x2, y2"]),
    "a blank id under a header": ("\nframe,id,x,y,w,h\n\n1,,1,1,9,9\n", ["line 4", "id is empty"]),
    "a word under a header": ("frame,id,x,y,w,h\n1,1,1,1,9,wide\n", ["line 2", "h is 'wide'"]),
    "a short row under a header": ("frame,id,x,y,w,h\n1,1,1,1,9\n", ["line 2", "5 columns", "header has 6"]),
}


@pytest.mark.parametrize(("text", "fragments"), BROKEN.values(), ids=BROKEN.keys())
def test_broken_files_name_the_line(tmp_path: Path, text: str, fragments: list[str]) -> None:
    (tmp_path / "t.txt").write_text(text)
    with pytest.raises(ValueError) as error:
        read_rows(tmp_path / "t.txt")
    for fragment in ("t.txt", *fragments):
        assert fragment in str(error.value)


def test_what_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(ValueError, match="not a text file"):
        read_rows(tmp_path / "t.txt")
    with pytest.raises(FileNotFoundError, match="not found"):
        read_rows(tmp_path / "no.txt")
