"""Files of detections in other forms: read right where the form is told, else refused with the line to write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from detectors import DetectorOptions
from detectors.public import PublicDetector, read_detections

Floats = npt.NDArray[np.float64]


def _scene() -> Floats:
    """`(90, 7)` rows of MOTChallenge's form: three people who walk through 640x480, as a detector sees them."""
    random = np.random.default_rng(0)
    rows = []
    for frame in range(1, 31):
        for x, y, step in ((40.0, 120.0, 9.0), (560.0, 200.0, -8.0), (300.5, 60.0, 1.5)):
            noise = random.normal(0, 2, 4)
            rows.append([frame, -1, *(np.array([x + step * frame, y, 60, 170]) + noise), random.uniform(0.4, 1)])
    return np.round(np.array(rows), 2)


SCENE = _scene()
XYXY = np.column_stack([SCENE[:, 2:4], SCENE[:, 2:4] + SCENE[:, 4:6]])
ENDS = np.full((len(SCENE), 3), -1.0)


def _text(rows: Floats, header: str = "", separator: str = ",", comma: str = ".") -> str:
    lines = [
        separator.join(f"{value:.2f}".rstrip("0").rstrip(".").replace(".", comma) for value in row) for row in rows
    ]
    return "\n".join([header, *lines] if header else lines) + "\n"


FULL = np.column_stack([SCENE, ENDS])
CORNERS = np.column_stack([SCENE[:, :2], XYXY, SCENE[:, 6], ENDS])
SHARES = np.column_stack([SCENE[:, :2], SCENE[:, 2:6] / [640, 480, 640, 480], SCENE[:, 6], ENDS])
NO_IDS = np.column_stack([SCENE[:, 0], SCENE[:, 2:]])
NO_IDS_CORNERS = np.column_stack([SCENE[:, 0], XYXY, SCENE[:, 6], np.ones(len(SCENE))])
CLASS_THIRD = np.column_stack([SCENE[:, :2], np.full(len(SCENE), 2.0), SCENE[:, 2:], ENDS])

READ = {
    "MOTChallenge's form": _text(FULL),
    "seven columns": _text(SCENE),
    "semicolons": _text(SCENE, separator=";"),
    "decimal commas": _text(FULL, separator=";", comma=","),
    "decimal commas between tabs": _text(FULL, separator="\t", comma=","),
    "tabs": _text(SCENE, separator="\t"),
    "MOTChallenge's names": _text(FULL, "frame,id,bb_left,bb_top,bb_width,bb_height,conf,x,y,z"),
    "corners, told": _text(CORNERS, "frame,id,x1,y1,x2,y2,score,-,-,-"),
    "no ids, told": _text(NO_IDS, "frame,x,y,w,h,score"),
    "corners without ids, told": _text(NO_IDS_CORNERS, "frame,x1,y1,x2,y2,score,-"),
    "supervision": _text(NO_IDS_CORNERS, "frame_idx,x_min,y_min,x_max,y_max,confidence,"),
}


@pytest.mark.parametrize("text", READ.values(), ids=READ.keys())
def test_forms_that_mean_the_same(tmp_path: Path, text: str) -> None:
    (tmp_path / "det.txt").write_text(text)
    found = read_detections(tmp_path / "det.txt")
    assert found.frames.tolist() == SCENE[:, 0].tolist()
    np.testing.assert_allclose(found.xyxy, XYXY, atol=1e-9)
    assert found.scores.tolist() == SCENE[:, 6].tolist()
    assert set(found.class_names.values()) == {"person"}


def test_without_a_score_boxes_are_sure(tmp_path: Path) -> None:
    (tmp_path / "det.txt").write_text(_text(SCENE[:, :6]))
    found = read_detections(tmp_path / "det.txt")
    np.testing.assert_allclose(found.xyxy, XYXY)
    assert set(found.scores.tolist()) == {1.0}


REFUSED = {
    "corners": (_text(CORNERS), ["x1,y1,x2,y2 in a w,h file", "line frame,id,x1,y1,x2,y2,score,-,-,- above"]),
    "shares": (_text(SHARES), ["shares of the picture", "multiply x, w by the width"]),
    "shares under a header": (_text(SHARES[:, :7], "frame,id,x,y,w,h,score"), ["shares of the picture"]),
    "no ids": (_text(NO_IDS), ["no id in column 2", "line frame,x,y,w,h,score above", "frame,id,x,y,w,h to have it"]),
    "no ids, whole px": (_text(np.column_stack([np.round(NO_IDS[:, :5]), NO_IDS[:, 5:]])), ["no id in column 2"]),
    "corners without ids": (_text(NO_IDS_CORNERS), ["no id in column 2", "or x1,y1,x2,y2 for x,y,w,h"]),
    "class in column 3": (_text(CLASS_THIRD), ["class in column 3", "line frame,id,class,x,y,w,h,score,-,-,- above"]),
    "frames from 0": (_text(FULL - [1, *[0] * 9]), ["line 1: frame number 0", "add 1 to all of them"]),
    "a frame out of reason": ("1000000000,-1,1,1,30,40,1\n", ["frame number 1e+09", "up to 100,000,000"]),
    "a header without frames": ("x,y,w,h\n1,1,30,40\n", ["names no column 'frame'"]),
    "five columns": (_text(SCENE[:, [0, 2, 3, 4, 5]]), ["5 columns (are the ids missing?)"]),
}


@pytest.mark.parametrize(("text", "fragments"), REFUSED.values(), ids=REFUSED.keys())
def test_what_would_be_believed_wrongly_is_one_sentence_with_what_to_type(
    tmp_path: Path, text: str, fragments: list[str]
) -> None:
    (tmp_path / "det.txt").write_text(text)
    with pytest.raises(ValueError) as error:
        read_detections(tmp_path / "det.txt")
    assert "\n" not in str(error.value)
    assert [fragment for fragment in ("det.txt", *fragments) if fragment not in str(error.value)] == []


@pytest.mark.parametrize("name", ["corners", "no ids", "corners without ids", "class in column 3"])
def test_the_line_to_write_mends_the_file_and_the_other_keeps_it_as_it_stands(tmp_path: Path, name: str) -> None:
    text, file = REFUSED[name][0], tmp_path / "det.txt"
    file.write_text(text)
    with pytest.raises(ValueError) as error:
        read_detections(file)
    words = str(error.value).split()
    told, as_it_stands = (word for word in words if word.startswith("frame,") and not word.endswith(":"))
    if name == "corners without ids":
        told = told.replace("x,y,w,h", "x1,y1,x2,y2")
    file.write_text(f"{told}\n{text}")
    np.testing.assert_allclose(read_detections(file).xyxy, XYXY, atol=1e-9)
    file.write_text(f"{as_it_stands}\n{text}")
    assert len(read_detections(file).frames) == len(SCENE)


def test_an_array_of_corners_is_refused_too(tmp_path: Path) -> None:
    np.save(tmp_path / "det.npy", np.column_stack([CORNERS, np.ones((len(CORNERS), 4))]))
    with pytest.raises(ValueError, match=r"x1,y1,x2,y2 in a w,h file: write frame,id,x,y,w,h,score.* w = x2 - x1"):
        read_detections(tmp_path / "det.npy")


CLASSES = {
    "numbers": ("1,-1,1,1,30,40,1,1\n1,-1,9,1,30,40,1,3\n", {"1": 1, "3": 1}),
    "names in column 8": ("1,-1,1,1,30,40,1,car\n1,-1,9,1,30,40,1,dog\n1,-1,20,1,30,40,1,car\n", {"car": 2, "dog": 1}),
    "one name in column 8": ("1,-1,1,1,30,40,1,car\n1,-1,9,1,30,40,1,car\n", {"car": 2}),
    "names under a header": ("frame,x,y,w,h,class\n1,1,1,30,40,car\n1,9,1,30,40,dog\n", {"car": 1, "dog": 1}),
    "MOTChallenge's class 1 alone": ("1,-1,1,1,30,40,1,1\n", {"person": 1}),
    "none": ("1,-1,1,1,30,40,1,-1,-1,-1\n", {"person": 1}),
    "zeros that fill": ("1,-1,1,1,30,40,1,0,0,0\n", {"person": 1}),
    "world coordinates": ("1,-1,1,1,30,40,1,3.5,-2.1,0\n", {"person": 1}),
    "some without": ("1,-1,1,1,30,40,1,2\n1,-1,9,1,30,40,1,-1\n", {"2": 1, "none": 1}),
}


@pytest.mark.parametrize(("text", "counts"), CLASSES.values(), ids=CLASSES.keys())
def test_classes(tmp_path: Path, text: str, counts: dict[str, int]) -> None:
    (tmp_path / "det.txt").write_text(text)
    detector = PublicDetector(tmp_path / "det.txt")
    boxes = detector.detect(None, 0)
    labels = [detector.class_names[number] for number in boxes.class_ids.tolist()]
    assert {label: labels.count(label) for label in labels} == counts
    label, count = next(iter(counts.items()))
    chosen = PublicDetector(tmp_path / "det.txt", DetectorOptions(classes=(label.upper(),)))
    assert len(chosen.detect(None, 0)) == count
    with pytest.raises(ValueError, match="unknown class 'zebra'"):
        PublicDetector(tmp_path / "det.txt", DetectorOptions(classes=("zebra",)))


def _windows(rows: Floats) -> dict[str, Floats]:
    """Parts of sound files, and the same mirrored."""
    width = (rows[:, 2] + rows[:, 4]).max()
    mirrored = rows.copy()
    mirrored[:, 2] = width - rows[:, 2] - rows[:, 4]
    parts: dict[str, Callable[[Floats], Floats]] = {
        "first frames": lambda r: r[r[:, 0] <= 12],
        "last frames": lambda r: r[r[:, 0] > r[:, 0].max() - 12],
        "every tenth": lambda r: r[r[:, 0] % 10 == 0],
        "sure ones": lambda r: r[r[:, 6] > 0.9],
        "top left": lambda r: r[(r[:, 2] < width / 4) & (r[:, 3] < np.median(r[:, 3]))],
        "left": lambda r: r[r[:, 2] < width / 8],
        "all": lambda r: r,
    }
    found = {name: part(rows) for name, part in parts.items()}
    return {**found, **{f"{name}, mirrored": part(mirrored) for name, part in parts.items()}}


def _assert_believed(folder: Path, rows: Floats) -> None:
    for name, part in _windows(rows).items():
        np.save(folder / "det.npy", part)
        assert len(read_detections(folder / "det.npy").frames) == len(part), name


def test_a_sound_file_and_its_parts_are_believed(tmp_path: Path) -> None:
    _assert_believed(tmp_path, SCENE)


@pytest.mark.parametrize("folder", ["mot15", "mot17", "mot20-simulated"])
def test_real_detections_and_their_parts_are_believed(tmp_path: Path, shared: Path, folder: str) -> None:
    for file in sorted((shared / "data" / folder).glob("*/det/det.txt")):
        _assert_believed(tmp_path, np.loadtxt(file, delimiter=","))


@pytest.mark.parametrize("folder", ["mot15", "mot17", "mot20-simulated"])
def test_real_detections_as_corners_are_refused(tmp_path: Path, shared: Path, folder: str) -> None:
    for file in sorted((shared / "data" / folder).glob("*/det/det.txt")):
        rows = np.loadtxt(file, delimiter=",")
        rows[:, 4:6] += rows[:, 2:4]
        np.save(tmp_path / "det.npy", rows)
        with pytest.raises(ValueError, match="x1,y1,x2,y2"):
            read_detections(tmp_path / "det.npy")
