"""What can be wrong with two files: found before scoring, in one sentence that says what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from evaluation import EvalOptions, evaluate, find_pairs
from evaluation.checks import look, look_at_truth
from evaluation.reading import read_rows
from tests.evaluation.scenes import Row, changed, walkers, write, write_gt

GT = walkers()


def _jitter(rows: Sequence[Row]) -> list[Row]:
    random = np.random.default_rng(0)
    return [(*row[:2], *(np.array(row[2:6]) + random.normal(0, 2, 4))) for row in rows]


PREDICTION = _jitter(GT)

Files = tuple[Sequence[Row], str, Sequence[Row], str]
GT_TAIL, PRED_TAIL = ",1,1,1", ",0.9,-1,-1,-1"


def _both(change: Callable[..., Row]) -> Files:
    return changed(GT, change), GT_TAIL, changed(PREDICTION, change), PRED_TAIL


def _prediction(change: Callable[..., Row], tail: str = PRED_TAIL) -> Files:
    return GT, GT_TAIL, changed(PREDICTION, change), tail


def _truth(change: Callable[..., Row], tail: str = GT_TAIL) -> Files:
    return changed(GT, change), tail, PREDICTION, PRED_TAIL


def corners(f: float, i: float, x: float, y: float, w: float, h: float) -> Row:
    return f, i, x, y, x + w, y + h


def class_first(f: float, i: float, x: float, y: float, w: float, h: float) -> Row:
    return f, i, 2, x, y, w, h


def centres(f: float, i: float, x: float, y: float, w: float, h: float) -> Row:
    return f, i, x + w / 2, y + h / 2, w, h


def shares(f: float, i: float, x: float, y: float, w: float, h: float) -> Row:
    return f, i, x / 1000, y / 500, w / 1000, h / 500


BY_LOOKS = {
    "corners in the prediction": (_prediction(corners), ["prediction", "x1,y1,x2,y2 in a w,h file", "w = x2 - x1"]),
    "corners in the ground truth": (_truth(corners), ["ground truth", "x1,y1,x2,y2 in a w,h file", "w = x2 - x1"]),
    "corners in both": (_both(corners), ["x1,y1,x2,y2 in a w,h file", "w = x2 - x1"]),
    "class in column 3": (_prediction(class_first), ["prediction", "class in column 3", "column 8"]),
    "class in column 3 of both": (_both(class_first), ["class in column 3", "column 8"]),
    "centres": (_prediction(centres), ["prediction", "centre x, centre y, w, h", "left = x - w / 2"]),
    "no id column, some left edges at -1": (
        _prediction(lambda f, i, x, y, w, h: (f, -1 if f % 7 == 0 and i == 1 else round(x), y, w, h), ",90,-1,-1,-1"),
        ["ids missing in prediction", "no id in column 2"],
    ),
    "shares of the picture": (_prediction(shares), ["prediction", "shares of the picture", "multiply"]),
    "shares in the ground truth": (_truth(shares), ["ground truth", "shares of the picture", "multiply"]),
    "id before frame": (
        _prediction(lambda f, i, *box: (i, f, *box)),
        ["prediction", "id,frame", "swap columns 1 and 2"],
    ),
    "id before frame in the ground truth": (
        _truth(lambda f, i, *box: (i, f, *box)),
        ["ground truth", "id,frame", "swap columns 1 and 2"],
    ),
    "no id column in the prediction": (
        _prediction(lambda f, i, x, y, w, h: (f, round(x), y, w, h)),
        ["ids missing in prediction", "no id in column 2", "tracked first"],
    ),
    "no id column in the ground truth": (
        _truth(lambda f, i, x, y, w, h: (f, round(x), y, w, h)),
        ["ids missing in ground truth", "no id in column 2"],
    ),
    "no id column, scores in percent": (
        _prediction(lambda f, i, x, y, w, h: (f, round(x), y, w, h), ",90,-1,-1,-1"),
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
        _prediction(lambda f, *rest: (f - 1, *rest)),
        ["off by one", "gt starts at 1, prediction at 0", "--shift 1"],
    ),
    "scores for flags": (_truth(lambda *row: row, ",0.85,1,1"), ["column 7", "0.85", "flag", "1 to be scored"]),
}

SURE = {
    "empty ground truth": (([], "", PREDICTION, PRED_TAIL), ["is empty: a test split?", "train"]),
    "no frame in common": (
        _prediction(lambda f, *rest: (f + 1000, *rest)),
        ["no frame number in common", "gt starts at 1, prediction at 1001", "--shift -1000"],
    ),
    "detections for tracks": (
        _prediction(lambda f, i, *box: (f, -1, *box)),
        ["ids missing in prediction", "column 2 is -1", "track run"],
    ),
    "all widths negative": (
        _prediction(lambda f, i, x, y, w, h: (f, i, x, y, -w, h)),
        ["90 of 90 boxes of prediction", "not above 0", "frame,id,x,y,w,h in px"],
    ),
    "two rows of a frame without an id": (
        (GT, GT_TAIL, [*PREDICTION, (3, -1, 700, 5, 50, 120), (3, -1, 800, 5, 50, 120)], PRED_TAIL),
        ["2 of 92 rows of prediction", "have no id"],
    ),
    "one id for all": (_prediction(lambda f, i, *box: (f, 0, *box)), ["ids missing in prediction", "column 2 is 0"]),
    "no ids in the ground truth": (_truth(lambda f, i, *box: (f, -1, *box)), ["ids missing in ground truth", "-1"]),
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
    "all flags 0": (_truth(lambda *row: row, ",0,1,1"), ["every row", "flag 0 in column 7", "write 1"]),
    "a class of no rule": (
        (GT, ",1,1,1", changed(PREDICTION, lambda *row: row), ",1,7,-1,-1"),
        ["no class in common", "--classes any"],
    ),
}


def _score(folder: Path, files: Files, **options: object) -> object:
    truth, gt_tail, prediction, pred_tail = files
    write_gt(folder / "seq", truth, gt_tail)
    write(folder / "pred.txt", prediction, pred_tail)
    return evaluate(find_pairs(folder / "seq", folder / "pred.txt"), EvalOptions(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize(("files", "fragments"), {**BY_LOOKS, **SURE}.values(), ids={**BY_LOOKS, **SURE}.keys())
def test_broken_files_are_named_before_scoring(tmp_path: Path, files: Files, fragments: list[str]) -> None:
    with pytest.raises(ValueError) as error:
        _score(tmp_path, files)
    text = str(error.value)
    assert "\n" not in text
    assert ".txt" in text
    for fragment in fragments:
        assert fragment in text, text


@pytest.mark.parametrize("files", [files for files, _ in BY_LOOKS.values()], ids=BY_LOOKS.keys())
def test_what_is_judged_by_looks_can_be_forced_and_is_still_said(tmp_path: Path, files: Files) -> None:
    report = _score(tmp_path, files, force=True)
    assert report.warnings  # type: ignore[attr-defined]


@pytest.mark.parametrize("files", [files for files, _ in SURE.values()], ids=SURE.keys())
def test_what_is_sure_cannot_be_forced(tmp_path: Path, files: Files) -> None:
    with pytest.raises(ValueError):
        _score(tmp_path, files, force=True)


def test_sound_files_get_no_word(tmp_path: Path) -> None:
    report = _score(tmp_path, (GT, GT_TAIL, PREDICTION, PRED_TAIL))
    assert report.warnings == ()  # type: ignore[attr-defined]
    assert report.combined["IDF1"] == 100.0  # type: ignore[attr-defined]


def _alone_found_twice() -> list[Row]:
    """One fast object; for three frames there is a second track of it, 1 px beside."""
    return [
        *((f, 1, 10 + 15 * f, 100, 60, 120) for f in range(1, 61)),
        *((f, 2, 11 + 15 * f, 101, 60, 120) for f in (30, 31, 32)),
    ]


def _pair_at_1_fps() -> list[Row]:
    """Two people who walk side by side, much further from picture to picture than they are apart."""
    return [(f, person, 100 * f + 45 * person, 100, 40, 120) for f in range(1, 31) for person in (1, 2)]


def _crowd_in_a_row() -> list[Row]:
    """Eight people in a queue that moves on by 200 px a frame, seen for 6 frames."""
    return [(f, person, 200 * f + 30 * person, 100, 40, 120) for f in range(1, 7) for person in range(1, 9)]


@pytest.mark.parametrize("rows", [_alone_found_twice(), _pair_at_1_fps()], ids=["found twice", "a pair at 1 fps"])
def test_what_moves_further_than_it_is_apart_has_no_swapped_columns(tmp_path: Path, rows: list[Row]) -> None:
    assert _score(tmp_path, (rows, GT_TAIL, rows, PRED_TAIL)).warnings == ()  # type: ignore[attr-defined]
    truth = read_rows(tmp_path / "seq" / "gt" / "gt.txt")
    assert list(look_at_truth(truth)) == []


def test_files_that_fit_are_not_refused_for_looking_swapped(tmp_path: Path) -> None:
    """A few frames of a fast crowd look so; both files swapped do too, so it is said."""
    rows = _crowd_in_a_row()
    report = _score(tmp_path, (rows, GT_TAIL, rows, PRED_TAIL))
    assert report.combined["IDF1"] == 100.0  # type: ignore[attr-defined]
    assert ["seems to have the id before the frame" in text for text in report.warnings] == [True, True]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["ADL-Rundle-6", "ETH-Bahnhof", "KITTI-17", "TUD-Campus", "TUD-Stadtmitte"])
@pytest.mark.parametrize("step", [10, 25, 50, 100])
def test_real_annotations_of_few_frames_get_no_word(tmp_path: Path, shared: Path, name: str, step: int) -> None:
    rows = np.loadtxt(shared / "data" / "mot15" / name / "gt" / "gt.txt", delimiter=",", usecols=range(7))
    rows = rows[(rows[:, 0] % step == 1) & (rows[:, 6] == 1), :6]
    truth = write_gt(tmp_path / "seq", rows.tolist(), GT_TAIL) / "gt" / "gt.txt"
    pred = write(tmp_path / "pred.txt", _jitter(rows.tolist()), PRED_TAIL)
    assert list(look(read_rows(truth), read_rows(pred))) == []


@pytest.mark.parametrize("name", ["ADL-Rundle-6", "ETH-Bahnhof", "KITTI-17", "TUD-Campus", "TUD-Stadtmitte"])
def test_real_annotations_get_no_word(tmp_path: Path, shared: Path, name: str) -> None:
    """Moving cameras, people toward the camera, flags: nothing that looks broken. Jitter keeps the files apart."""
    gt = shared / "data" / "mot15" / name
    rows = np.loadtxt(gt / "gt" / "gt.txt", delimiter=",", usecols=range(7))
    rows = rows[rows[:, 6] == 1, :6]
    pred = write(tmp_path / "pred.txt", _jitter(rows.tolist()), PRED_TAIL)
    assert list(look(read_rows(gt / "gt" / "gt.txt"), read_rows(pred))) == []


@pytest.mark.parametrize("name", ["ETH-Bahnhof", "KITTI-17", "TUD-Campus", "TUD-Stadtmitte"])
@pytest.mark.parametrize(
    ("change", "fragment"), [(corners, "x1,y1,x2,y2"), (centres, "centre x"), (class_first, "class in")]
)
def test_real_predictions_in_a_wrong_form(
    tmp_path: Path, shared: Path, name: str, change: Callable[..., Row], fragment: str
) -> None:
    gt = shared / "data" / "mot15" / name
    rows = np.loadtxt(gt / "gt" / "gt.txt", delimiter=",", usecols=range(7))
    rows = rows[rows[:, 6] == 1, :6]
    pred = write(tmp_path / "pred.txt", changed(_jitter(rows.tolist()), change), PRED_TAIL)
    finding = next(look(read_rows(gt / "gt" / "gt.txt"), read_rows(pred)))
    assert fragment in finding.text
    assert finding.stops


def test_areas_to_ignore_need_no_ids(tmp_path: Path) -> None:
    """KITTI and others write -1 there, several times in a frame."""
    areas = "".join(f"{frame},-1,{x},0,90,90,0,1,1\n" for frame in range(1, 31) for x in (1200, 1400))
    folder = write_gt(tmp_path / "seq", GT, GT_TAIL)
    file = folder / "gt" / "gt.txt"
    file.write_text(file.read_text() + areas)
    stray = [(frame, 9, 1205, 5, 80, 80) for frame in range(1, 31)]
    report = evaluate(find_pairs(folder, write(tmp_path / "p.txt", [*PREDICTION, *stray])), EvalOptions(rules="own"))
    assert report.warnings == ()
    assert (report.combined["TP"], report.combined["FP"]) == (90, 0)


def test_rows_without_an_id_count_as_one_object_when_forced(tmp_path: Path) -> None:
    rows = [*PREDICTION, (3, -1, 700, 5, 50, 120), (4, -1, 700, 5, 50, 120)]
    report = _score(tmp_path, (GT, GT_TAIL, rows, PRED_TAIL), force=True)
    assert report.combined["FP"] == 2  # type: ignore[attr-defined]
    assert report.combined["pred_ids"] == 4  # type: ignore[attr-defined]


WARNED = {
    "empty prediction": ((GT, GT_TAIL, [], ""), ["is empty", "missed"]),
    "boxes without area": (
        (GT, GT_TAIL, [*PREDICTION, (1, 9, 5, 5, 0, 9)], PRED_TAIL),
        ["1 of 91 boxes", "not above 0", "match nothing"],
    ),
    "another video": (
        _prediction(lambda f, i, x, y, w, h: (f, i, x + 3000, y, w, h)),
        ["hardly overlap", "same video"],
    ),
    "beyond the ground truth": (
        (GT, GT_TAIL, _jitter(walkers(40)), PRED_TAIL),
        ["30 boxes", "frames 31-40, scored 1-30", "--frames"],
    ),
    "tracked in part": (
        (GT, GT_TAIL, PREDICTION[:30], PRED_TAIL),
        ["covers frames 1-10 of 1-30", "missed", "--frames 1-10"],
    ),
}


@pytest.mark.parametrize(("files", "fragments"), WARNED.values(), ids=WARNED.keys())
def test_what_may_be_meant_is_scored_with_a_warning(tmp_path: Path, files: Files, fragments: list[str]) -> None:
    report = _score(tmp_path, files)
    (warning,) = report.warnings  # type: ignore[attr-defined]
    for fragment in fragments:
        assert fragment in warning


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
    pred = write(tmp_path / "pred.txt", _jitter(walkers(60)))
    report = evaluate(find_pairs(folder, pred))
    assert report.combined["FP"] == 90
    assert "--frames 1-30" in report.warnings[0]
    fixed = evaluate(find_pairs(folder, pred), EvalOptions(first=1, last=30))
    assert (fixed.combined["FP"], fixed.warnings) == (0, ())


def test_the_fixes_fix(tmp_path: Path) -> None:
    """`--shift` as proposed gives the figures of the sound files."""
    sound = _score(tmp_path / "sound", (GT, GT_TAIL, PREDICTION, PRED_TAIL))
    for by in (1, -1000):
        shifted = _prediction(lambda f, *rest, by=by: (f - by, *rest))
        assert _score(tmp_path / str(by), shifted, shift=by).combined == sound.combined  # type: ignore[attr-defined]


def test_files_that_count_from_zero_alike_are_sound(tmp_path: Path) -> None:
    rows = changed(GT, lambda f, *rest: (f - 1, *rest))
    predicted = changed(PREDICTION, lambda f, *rest: (f - 1, *rest))
    report = _score(tmp_path, (rows, GT_TAIL, predicted, PRED_TAIL))
    assert report.warnings == ()  # type: ignore[attr-defined]
    assert report.combined["IDF1"] == 100.0  # type: ignore[attr-defined]


def _runners(*, delay: float = 0.0, first: int = 1, late: int = 0) -> list[Row]:
    """Tracks of three people who run by, 25 px a frame: from frame `first` on, `delay` frames behind, numbered `late`
    frames too high."""
    rows = []
    for frame in range(first, 31):
        for person, (start, speed) in enumerate(((100, 25), (900, -25), (400, 24)), start=1):
            rows.append((frame + late, person, start + speed * (frame - delay), 200 + 90 * person, 50, 120))
    return rows


def _findings(folder: Path, prediction: Sequence[Row]) -> list[str]:
    truth = write_gt(folder / "seq", _runners(), GT_TAIL) / "gt" / "gt.txt"
    pred = write(folder / "pred.txt", prediction, PRED_TAIL)
    return [finding.text for finding in look(read_rows(truth), read_rows(pred))]


@pytest.mark.parametrize("delay", [0.0, 0.3, 0.6])
@pytest.mark.parametrize("first", [1, 2, 3])
def test_a_tracker_that_trails_has_sound_frame_numbers(tmp_path: Path, first: int, delay: float) -> None:
    """An online result begins when its tracks are sure, and a Kalman filter trails what runs: at 0.6 frames the boxes
    fit the frame before better, by 0.14 here."""
    assert _findings(tmp_path, _runners(delay=delay, first=first)) == []


@pytest.mark.parametrize(("late", "delay"), [(1, 0.0), (1, 0.3), (1, 0.6), (-1, 0.0), (-1, 0.3)])
@pytest.mark.parametrize("first", [2, 3])
def test_frame_numbers_off_by_one_are_found_also_where_the_tracker_trails(
    tmp_path: Path, first: int, late: int, delay: float
) -> None:
    (text,) = _findings(tmp_path, _runners(delay=delay, first=first, late=late))
    assert "off by one" in text
    assert f"--shift {-late} " in text


@pytest.mark.parametrize("by", [-4, -3, 3, 4])
def test_annotations_some_frames_away_from_the_pictures_are_not_off_by_one(tmp_path: Path, by: int) -> None:
    """A shift by one fits better and mends nothing."""
    truth = write_gt(tmp_path / "seq", walkers(40), GT_TAIL) / "gt" / "gt.txt"
    late = changed(_jitter(walkers(40)), lambda f, *rest: (f + by, *rest))
    pred = write(tmp_path / "pred.txt", late, PRED_TAIL)
    assert list(look(read_rows(truth), read_rows(pred))) == []
