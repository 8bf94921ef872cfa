"""What can be wrong with two files: found before scoring, in one sentence that says what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evaluation import EvalOptions, evaluate, find_pairs
from tests.evaluation.file_pairs import (
    GT,
    GT_TAIL,
    PRED_TAIL,
    PREDICTION,
    Files,
    both_as,
    centres,
    class_first,
    corners,
    jittered,
    prediction_as,
    score,
    shares,
    truth_as,
)
from tests.evaluation.scenes import Row, changed, walkers, write, write_gt

BY_PLAUSIBILITY = {
    "corners in the prediction": (prediction_as(corners), ["prediction", "x1,y1,x2,y2 in a w,h file", "w = x2 - x1"]),
    "corners in the ground truth": (truth_as(corners), ["ground truth", "x1,y1,x2,y2 in a w,h file", "w = x2 - x1"]),
    "corners in both": (both_as(corners), ["x1,y1,x2,y2 in a w,h file", "w = x2 - x1"]),
    "class in column 3": (prediction_as(class_first), ["prediction", "class in column 3", "column 8"]),
    "class in column 3 of both": (both_as(class_first), ["class in column 3", "column 8"]),
    "centres": (prediction_as(centres), ["prediction", "centre x, centre y, w, h", "left = x - w / 2"]),
    "no id column, some left edges at -1": (
        prediction_as(lambda f, i, x, y, w, h: (f, -1 if f % 7 == 0 and i == 1 else round(x), y, w, h), ",90,-1,-1,-1"),
        ["ids missing in prediction", "no id in column 2"],
    ),
    "shares of the picture": (prediction_as(shares), ["prediction", "shares of the picture", "multiply"]),
    "shares in the ground truth": (truth_as(shares), ["ground truth", "shares of the picture", "multiply"]),
    "id before frame": (
        prediction_as(lambda f, i, *box: (i, f, *box)),
        ["prediction", "id,frame", "swap columns 1 and 2"],
    ),
    "id before frame in the ground truth": (
        truth_as(lambda f, i, *box: (i, f, *box)),
        ["ground truth", "id,frame", "swap columns 1 and 2"],
    ),
    "no id column in the prediction": (
        prediction_as(lambda f, i, x, y, w, h: (f, round(x), y, w, h)),
        ["ids missing in prediction", "no id in column 2", "tracked first"],
    ),
    "no id column in the ground truth": (
        truth_as(lambda f, i, x, y, w, h: (f, round(x), y, w, h)),
        ["ids missing in ground truth", "no id in column 2"],
    ),
    "no id column, scores in percent": (
        prediction_as(lambda f, i, x, y, w, h: (f, round(x), y, w, h), ",90,-1,-1,-1"),
        ["ids missing in prediction", "no id in column 2"],
    ),
    "some rows without an id": (
        (GT, GT_TAIL, [*PREDICTION, (3, -1, 700, 5, 50, 120), (4, -1, 700, 5, 50, 120)], PRED_TAIL),
        ["2 of 92 rows of prediction", "have no id (-1 in column 2, first in line 91)", "delete what was not tracked"],
    ),
    "a row without an id in the ground truth": (
        ([(3, -1, 700, 5, 50, 120), *GT], GT_TAIL, PREDICTION, PRED_TAIL),
        ["1 of 91 rows of ground truth", "has no id", "first in line 1)"],
    ),
    "frames from 0": (
        prediction_as(lambda f, *rest: (f - 1, *rest)),
        ["off by one", "gt starts at 1, prediction at 0", "--shift 1"],
    ),
    "another video": (
        prediction_as(lambda f, i, x, y, w, h: (f, i, x + 3000, y, w, h)),
        ["hardly overlap", "(best overlap 0.00 in the mean)", "same video"],
    ),
    "scores for flags": (truth_as(lambda *row: row, ",0.85,1,1"), ["column 7", "0.85", "flag", "1 to be scored"]),
}

SURE = {
    "empty ground truth": (([], "", PREDICTION, PRED_TAIL), ["is empty: a test split?", "train"]),
    "no frame in common": (
        prediction_as(lambda f, *rest: (f + 1000, *rest)),
        ["no frame number in common", "gt starts at 1, prediction at 1001", "--shift -1000"],
    ),
    "detections for tracks": (
        prediction_as(lambda f, i, *box: (f, -1, *box)),
        ["ids missing in prediction", "column 2 is -1", "track run"],
    ),
    "all widths negative": (
        prediction_as(lambda f, i, x, y, w, h: (f, i, x, y, -w, h)),
        ["90 of 90 boxes of prediction", "not above 0", "frame,id,x,y,w,h in px"],
    ),
    "two rows of a frame without an id": (
        (GT, GT_TAIL, [*PREDICTION, (3, -1, 700, 5, 50, 120), (3, -1, 800, 5, 50, 120)], PRED_TAIL),
        ["2 of 92 rows of prediction", "have no id"],
    ),
    "one id for all": (prediction_as(lambda f, i, *box: (f, 0, *box)), ["ids missing in prediction", "column 2 is 0"]),
    "no ids in the ground truth": (truth_as(lambda f, i, *box: (f, -1, *box)), ["ids missing in ground truth", "-1"]),
    "an id twice": (
        (GT, GT_TAIL, [*PREDICTION, PREDICTION[4]], PRED_TAIL),
        ["prediction", "id 2 twice in frame 2 (lines 5 and 91)", "an id of its own"],
    ),
    "an id twice in the ground truth": (
        ([*GT, GT[0], GT[5]], GT_TAIL, PREDICTION, PRED_TAIL),
        ["id 1 twice in frame 1 (lines 1 and 91; so has one more pair", "ground truth"],
    ),
    "an id four times": (
        (GT, GT_TAIL, [*PREDICTION, *[PREDICTION[4]] * 3], PRED_TAIL),
        ["id 2 4 times in frame 2 (lines 5, 91, 92, ...)"],
    ),
    "all flags 0": (truth_as(lambda *row: row, ",0,1,1"), ["every row", "flag 0 in column 7", "write 1"]),
    "a class of no rule": (
        (GT, ",1,1,1", changed(PREDICTION, lambda *row: row), ",1,7,-1,-1"),
        ["no class in common", "--classes any"],
    ),
}


@pytest.mark.parametrize(
    ("files", "fragments"), {**BY_PLAUSIBILITY, **SURE}.values(), ids={**BY_PLAUSIBILITY, **SURE}.keys()
)
def test_broken_files_are_named_before_scoring(tmp_path: Path, files: Files, fragments: list[str]) -> None:
    with pytest.raises(ValueError) as error:
        score(tmp_path, files)
    text = str(error.value)
    assert "\n" not in text
    assert ".txt" in text
    for fragment in fragments:
        assert fragment in text, text


@pytest.mark.parametrize("files", [files for files, _ in BY_PLAUSIBILITY.values()], ids=BY_PLAUSIBILITY.keys())
def test_what_is_judged_by_plausibility_can_be_forced_and_is_still_said(tmp_path: Path, files: Files) -> None:
    report = score(tmp_path, files, force=True)
    assert report.warnings


@pytest.mark.parametrize("files", [files for files, _ in SURE.values()], ids=SURE.keys())
def test_what_is_sure_cannot_be_forced(tmp_path: Path, files: Files) -> None:
    with pytest.raises(ValueError):
        score(tmp_path, files, force=True)


def test_rows_without_an_id_count_as_one_object_when_forced(tmp_path: Path) -> None:
    rows = [*PREDICTION, (3, -1, 700, 5, 50, 120), (4, -1, 700, 5, 50, 120)]
    report = score(tmp_path, (GT, GT_TAIL, rows, PRED_TAIL), force=True)
    assert report.combined["FP"] == 2
    assert report.combined["pred_ids"] == 4


WARNED = {
    "empty prediction": ((GT, GT_TAIL, [], ""), ["is empty", "missed"]),
    "boxes without area": (
        (GT, GT_TAIL, [*PREDICTION, (1, 9, 5, 5, 0, 9)], PRED_TAIL),
        ["1 of 91 boxes", "not above 0", "match nothing"],
    ),
    "boxes far too large": (
        prediction_as(lambda f, i, x, y, w, h: (f, i, x - w, y - h / 2, 3 * w, 2 * h)),
        ["hardly overlap", "same video"],
    ),
    "beyond the ground truth": (
        (GT, GT_TAIL, jittered(walkers(40)), PRED_TAIL),
        ["30 boxes", "frames 31-40, scored 1-30", "--frames"],
    ),
    "tracked in part": (
        (GT, GT_TAIL, PREDICTION[:30], PRED_TAIL),
        ["covers frames 1-10 of 1-30", "missed", "--frames 1-10"],
    ),
}


@pytest.mark.parametrize(("files", "fragments"), WARNED.values(), ids=WARNED.keys())
def test_what_may_be_meant_is_scored_with_a_warning(tmp_path: Path, files: Files, fragments: list[str]) -> None:
    report = score(tmp_path, files)
    (warning,) = report.warnings
    for fragment in fragments:
        assert fragment in warning


def _poor(found: int, invented: int) -> list[Row]:
    """The boxes of `found` frames of 30, and `invented` boxes a frame where nobody is."""
    rows = [row for row in PREDICTION if row[0] <= found]
    return rows + [(frame, 9 + i, 2000 + 99 * i, 50, 50, 120) for frame in range(1, 31) for i in range(invented)]


@pytest.mark.parametrize(("found", "invented"), [(30, 40), (3, 0), (15, 30)], ids=["invents", "misses", "does both"])
def test_a_poor_tracker_is_scored(tmp_path: Path, found: int, invented: int) -> None:
    report = score(tmp_path, (GT, GT_TAIL, _poor(found, invented), PRED_TAIL))
    assert (report.combined["TP"], report.combined["FP"]) == (3 * found, 30 * invented)


LOOKED_AT = {
    "nobody found at the end": ((1, 20), 0, ["covers frames 1-20 of 1-30", "--frames 1-20"]),
    "nobody found at the beginning": ((4, 12), 0, ["covers frames 4-12 of 1-30", "--frames 4-12"]),
    "all of it": ((1, 30), 0, []),
    "more than is annotated": ((1, 90), 0, []),
    "numbers that are shifted": ((0, 19), 1, ["covers frames 1-20 of 1-30", "--frames 1-20"]),
    "a file of another run": ((1, 3), 0, ["covers frames 5-10 of 1-30", "--frames 5-10"]),
    "not known": (None, 0, ["covers frames 5-10 of 1-30", "--frames 5-10"]),
}


@pytest.mark.parametrize(("looked_at", "shift", "fragments"), LOOKED_AT.values(), ids=LOOKED_AT.keys())
def test_the_advice_speaks_of_frames_that_were_tracked_not_of_those_with_boxes(
    tmp_path: Path, looked_at: tuple[int, int] | None, shift: int, fragments: list[str]
) -> None:
    rows = [(row[0] - shift, *row[1:]) for row in PREDICTION if 5 <= row[0] <= 10]
    (pair,) = find_pairs(write_gt(tmp_path / "seq", GT), write(tmp_path / "pred.txt", rows))
    report = evaluate([replace(pair, looked_at=looked_at)], EvalOptions(shift=shift))
    assert len(report.warnings) == bool(fragments)
    assert all(fragment in report.warnings[0] for fragment in fragments)


def test_the_ground_truth_as_prediction(tmp_path: Path) -> None:
    folder = write_gt(tmp_path / "seq", GT)
    report = evaluate(find_pairs(folder, folder))
    assert report.combined["HOTA"] == 100.0
    assert "is the ground truth itself" in report.warnings[0]


def test_annotations_of_a_part_of_the_sequence(tmp_path: Path) -> None:
    """`seqinfo.ini` says 60 frames, annotated are 30: what is tracked afterwards counts as false, and that is said."""
    folder = write_gt(tmp_path / "seq", GT, length=60)
    pred = write(tmp_path / "pred.txt", jittered(walkers(60)))
    report = evaluate(find_pairs(folder, pred))
    assert report.combined["FP"] == 90
    assert "--frames 1-30" in report.warnings[0]
    fixed = evaluate(find_pairs(folder, pred), EvalOptions(first=1, last=30))
    assert (fixed.combined["FP"], fixed.warnings) == (0, ())
