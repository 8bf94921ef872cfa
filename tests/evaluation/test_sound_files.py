"""What only looks broken: sound files of odd scenes and real annotations get no word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from evaluation import EvalOptions, evaluate, find_pairs
from evaluation.looking.checks import look, look_at_truth
from evaluation.reading import read_rows
from tests.evaluation.file_pairs import (
    GT,
    GT_TAIL,
    PRED_TAIL,
    PREDICTION,
    both_as,
    centres,
    class_first,
    corners,
    jittered,
    score,
)
from tests.evaluation.scenes import Row, changed, write, write_gt


def test_sound_files_get_no_word(tmp_path: Path) -> None:
    report = score(tmp_path, (GT, GT_TAIL, PREDICTION, PRED_TAIL))
    assert report.warnings == ()
    assert report.combined["IDF1"] == 100.0


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


@pytest.mark.parametrize(
    "rows",
    [_alone_found_twice(), _pair_at_1_fps(), _crowd_in_a_row()],
    ids=["found twice", "a pair at 1 fps", "a crowd in a row"],
)
def test_what_moves_further_than_it_is_apart_has_no_swapped_columns(tmp_path: Path, rows: list[Row]) -> None:
    assert score(tmp_path, (rows, GT_TAIL, rows, PRED_TAIL)).warnings == ()
    truth = read_rows(tmp_path / "seq" / "gt" / "gt.txt")
    assert list(look_at_truth(truth)) == []


def test_two_files_with_swapped_columns_fit_and_are_told_all_the_same(tmp_path: Path) -> None:
    """They may be sound, so nothing is refused."""
    report = score(tmp_path, both_as(lambda f, i, *box: (i, f, *box)))
    assert [text.count("seems to have the id before the frame") for text in report.warnings] == [1, 1]


@pytest.mark.parametrize("name", ["ADL-Rundle-6", "ETH-Bahnhof", "KITTI-17", "TUD-Campus", "TUD-Stadtmitte"])
@pytest.mark.parametrize("step", [10, 25, 50, 100])
def test_real_annotations_of_few_frames_get_no_word(tmp_path: Path, shared: Path, name: str, step: int) -> None:
    rows = np.loadtxt(shared / "data" / "mot15" / name / "gt" / "gt.txt", delimiter=",", usecols=range(7))
    rows = rows[(rows[:, 0] % step == 1) & (rows[:, 6] == 1), :6]
    truth = write_gt(tmp_path / "seq", rows.tolist(), GT_TAIL) / "gt" / "gt.txt"
    pred = write(tmp_path / "pred.txt", jittered(rows.tolist()), PRED_TAIL)
    assert list(look(read_rows(truth), read_rows(pred))) == []


@pytest.mark.parametrize("name", ["ADL-Rundle-6", "ETH-Bahnhof", "KITTI-17", "TUD-Campus", "TUD-Stadtmitte"])
def test_real_annotations_get_no_word(tmp_path: Path, shared: Path, name: str) -> None:
    """Moving cameras, people toward the camera, flags: nothing that looks broken. Jitter keeps the files apart."""
    gt = shared / "data" / "mot15" / name
    rows = np.loadtxt(gt / "gt" / "gt.txt", delimiter=",", usecols=range(7))
    rows = rows[rows[:, 6] == 1, :6]
    pred = write(tmp_path / "pred.txt", jittered(rows.tolist()), PRED_TAIL)
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
    pred = write(tmp_path / "pred.txt", changed(jittered(rows.tolist()), change), PRED_TAIL)
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


def test_files_that_count_from_zero_alike_are_sound(tmp_path: Path) -> None:
    rows = changed(GT, lambda f, *rest: (f - 1, *rest))
    predicted = changed(PREDICTION, lambda f, *rest: (f - 1, *rest))
    report = score(tmp_path, (rows, GT_TAIL, predicted, PRED_TAIL))
    assert report.warnings == ()
    assert report.combined["IDF1"] == 100.0
