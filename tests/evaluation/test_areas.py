"""Areas to ignore: which rows are such, and which predictions they excuse, held against a plain re-implementation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from evaluation import EvalOptions, evaluate, find_pairs
from evaluation.classes import split_by_class
from evaluation.metrics import measure
from evaluation.prepare import prepare
from evaluation.rows import TrackRows
from evaluation.rules import RULES
from tests.evaluation.classed_scenes import report_of

CAR, BUS = ("1,1,10,10,20,40,1,4", "2,1,12,10,20,40,1,4"), ("1,2,300,10,20,40,1,5", "2,2,302,10,20,40,1,5")
FOUND = (
    *("1,1,10,10,20,40,.9,4", "2,1,12,10,20,40,.9,4", "1,2,300,10,20,40,.9,5", "2,2,302,10,20,40,.9,5"),
    *("1,3,150,150,20,40,.9,4", "2,3,152,150,20,40,.9,4"),
)
"""Both objects, and a car inside of 100,100,200,200."""

AREAS = {
    "VisDrone: class 0 with flag 0": ["{f},0,100,100,200,200,0,0"],
    "UAVDT: class -1 with flag 1": ["{f},-1,100,100,200,200,1,-1"],
    "flag 0 of another class": ["{f},9,100,100,200,200,0,5"],
    "flag 0 of a class of its own": ["{f},9,100,100,200,200,0,11"],
    "several with one id in a frame": ["{f},0,100,100,200,200,0,0", "{f},0,600,0,50,50,0,0"],
    "several without an id in a frame": ["{f},-1,100,100,200,200,1,-1", "{f},-1,600,0,50,50,1,-1"],
}


@pytest.mark.parametrize("areas", AREAS.values(), ids=AREAS.keys())
def test_areas_excuse_boxes_of_every_class_and_are_no_class(tmp_path: Path, areas: list[str]) -> None:
    rows = [area.format(f=frame) for frame in (1, 2) for area in areas]
    report = report_of(tmp_path, [*CAR, *BUS, *rows], list(FOUND))
    assert [(r.label, r.rules, r.scores["TP"], r.scores["FP"], r.scores["FN"]) for r in report.results] == [
        ("4", "own", 2, 0, 0),
        ("5", "own", 2, 0, 0),
    ]
    assert report.warnings == ()


def test_a_class_0_that_is_scored_is_a_class(tmp_path: Path) -> None:
    rows = [f"{frame},9,100,100,200,200,1,0" for frame in (1, 2)]
    report = report_of(tmp_path, [*CAR, *BUS, *rows], list(FOUND))
    assert [result.label for result in report.results] == ["0", "4", "5"]
    assert report.combined["FP"] == 2


@pytest.mark.parametrize("rules", ["mot15", "mot17", "own"])
def test_a_score_in_column_7_is_not_cut_to_0(tmp_path: Path, rules: str) -> None:
    gt = [f"{frame},1,10,10,20,40,0.85,1,1" for frame in (1, 2)]
    report = report_of(tmp_path, gt, ["1,1,10,10,20,40,1,1", "2,1,10,10,20,40,1,1"], rules=rules, force=True)
    assert (report.combined["gt_boxes"], report.combined["TP"]) == (2, 2)
    assert any("column 7" in text and "0.85" in text for text in report.warnings)


def test_flags_of_a_table_are_found_by_any_of_their_names(tmp_path: Path) -> None:
    """`conf`, the usual name, hid the flag, so that who is not to be scored was missed."""
    header = "frame,id,bb_left,bb_top,bb_width,bb_height,conf,class,visibility"
    plain = ["1,1,10,10,20,40,1,1,1", "1,2,100,10,20,40,0,1,1", "2,1,12,10,20,40,1,1,1", "2,2,102,10,20,40,0,1,1"]
    found = ["1,7,10,10,20,40,0.9,-1,-1,-1", "2,7,12,10,20,40,0.9,-1,-1,-1"]
    reports = [report_of(tmp_path / str(i), gt, found) for i, gt in enumerate((plain, [header, *plain]))]
    assert reports[0].combined == reports[1].combined
    assert (reports[1].combined["HOTA"], reports[1].combined["gt_boxes"]) == (100.0, 2)


def test_where_only_areas_are_in_the_span_nothing_is_scored_but_what_lies_outside_of_them(tmp_path: Path) -> None:
    gt = [*CAR, *(f"{frame},-1,100,100,200,200,1,-1" for frame in (1, 2, 3, 4))]
    (tmp_path / "gt.txt").write_text("\n".join(gt))
    (tmp_path / "p.txt").write_text("3,1,150,150,20,40,.9,4\n4,1,150,150,20,40,.9,4\n4,2,900,150,20,40,.9,4")
    report = evaluate(
        find_pairs(tmp_path / "gt.txt", tmp_path / "p.txt"),
        EvalOptions(rules="own", classes=("any",), first=3, force=True),
    )
    assert (report.combined["gt_boxes"], report.combined["FP"]) == (0, 1)


def _overlap(a: list[float], b: list[float]) -> float:
    """px^2 that two boxes share."""
    across = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    down = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return max(across, 0) * max(down, 0)


def _plain_counts(
    truth: list[tuple[int, int, list[float]]], found: list[tuple[int, list[float]]]
) -> tuple[int, int, int]:
    """TP, FP, FN of one frame and class 4, box by box. Rows: flag, class, box; and class, box."""
    areas = [box for flag, class_id, box in truth if flag == 0 or class_id == -1]
    objects = [box for flag, class_id, box in truth if flag != 0 and class_id == 4]
    boxes = [box for class_id, box in found if class_id == 4]
    iou = np.array([[(s := _overlap(a, b)) / (a[2] * a[3] + b[2] * b[3] - s) for b in boxes] for a in objects]).reshape(
        len(objects), len(boxes)
    )
    pairs = zip(*linear_sum_assignment(-np.where(iou < 0.5, 0, iou)), strict=True)
    matched = {column for row, column in pairs if iou[row, column] >= 0.5}
    false = [
        box
        for i, box in enumerate(boxes)
        if i not in matched and not any(_overlap(box, area) >= 0.5 * box[2] * box[3] for area in areas)
    ]
    return len(matched), len(false), len(objects) - len(matched)


_BOX = st.tuples(*[st.integers(0, 6)] * 2, *[st.integers(1, 5)] * 2).map(lambda box: [10.0 * side for side in box])
_TRUTH = st.lists(st.tuples(st.sampled_from([0, 1]), st.sampled_from([-1, 0, 4, 5]), _BOX), min_size=1, max_size=8)
_FOUND = st.lists(st.tuples(st.sampled_from([4, 5]), _BOX), min_size=1, max_size=8)


@settings(max_examples=60)
@given(_TRUTH, _FOUND)
def test_counts_are_those_of_a_plain_re_implementation(
    truth: list[tuple[int, int, list[float]]], found: list[tuple[int, list[float]]]
) -> None:
    truth = [*truth, (1, 4, [500.0, 500.0, 10.0, 10.0])]  # of the class there is one at least
    found = [*found, (4, [900.0, 900.0, 10.0, 10.0])]
    rows = _rows([box for *_, box in truth], [c for _, c, _ in truth], [float(flag) for flag, *_ in truth])
    boxes = _rows([box for _, box in found], [c for c, _ in found], [0.9] * len(found))
    unit = next(unit for unit in split_by_class(rows, boxes, RULES["own"], (), []) if unit[0] == "4")
    scores = measure(prepare(unit[1], unit[2], RULES["own"], 1)).scores
    assert (scores["TP"], scores["FP"], scores["FN"]) == _plain_counts(truth, found)


def _rows(boxes: list[list[float]], classes: list[int], flags: list[float]) -> TrackRows:
    count = len(boxes)
    return TrackRows(
        Path("rows"),
        np.ones(count, np.int64),
        np.arange(count),
        np.array(boxes, np.float64).reshape(-1, 4),
        np.array(flags),
        np.array(classes, np.int64),
    )
