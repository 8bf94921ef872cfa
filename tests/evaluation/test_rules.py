"""Which boxes are scored: rule sets and spans of frames. Figures by hand arithmetic."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluation import evaluate, find_pairs
from tests.evaluation.classed_scenes import CAR, CROWD, PERSON, STATIC, TRACKS, VEHICLE, report_of, still
from tests.evaluation.scenes import write_gt

CHOSEN = {
    "no classes": ([(1, 0, ",1,-1,-1,-1")], TRACKS, "", "mot15"),
    "pedestrians": ([(1, 0, PERSON)], TRACKS, "", "mot17"),
    "MOTChallenge's classes": ([(1, 0, PERSON), (2, 300, STATIC)], TRACKS, "", "mot17"),
    "a crowd, as in 2020 only": ([(1, 0, PERSON), (2, 300, CROWD)], TRACKS, "", "mot20"),
    "named classes": ([(1, 0, PERSON)], TRACKS, "car", "own"),
    "no pedestrian": ([(1, 0, CAR)], TRACKS, "", "own"),
    "class 0": ([(1, 0, ",1,0,1")], TRACKS, "", "own"),
    "class 40": ([(1, 0, PERSON), (2, 300, ",1,40,1")], ",0.9,1", "", "own"),
    "classes in both": ([(1, 0, PERSON), (2, 300, CAR)], ",0.9,3", "", "own"),
}


@pytest.mark.parametrize(("objects", "tail", "labels", "rules"), CHOSEN.values(), ids=CHOSEN.keys())
def test_rules_by_what_the_ground_truth_holds(
    tmp_path: Path, objects: list[tuple[int, int, str]], tail: str, labels: str, rules: str
) -> None:
    report = report_of(tmp_path, still(*objects), still((7, 0, tail)), labels)
    assert {result.rules for result in report.results} == {rules}
    assert report.rules[0].startswith(f"{rules} (")


@pytest.mark.parametrize("year", ["MOT16", "MOT17", "MOT20"])
def test_rules_by_the_name_of_the_sequence(tmp_path: Path, year: str) -> None:
    folder = write_gt(tmp_path / f"{year}-02-X", [])
    (folder / "gt" / "gt.txt").write_text("\n".join(still((1, 0, PERSON), (2, 300, CAR))))
    (tmp_path / "p.txt").write_text("\n".join(still((1, 0, TRACKS))))
    report = evaluate(find_pairs(folder, tmp_path / "p.txt"))
    assert report.results[0].rules == year.lower()


@pytest.mark.parametrize(
    ("rules", "scored", "false"),
    [("mot15", 4, 4), ("mot16", 4, 4), ("mot17", 4, 4), ("mot20", 4, 0), ("own", 4, 0)],
)
def test_vehicles_distract_in_2020_and_under_own_rules(tmp_path: Path, rules: str, scored: int, false: int) -> None:
    """A person, and a tracked vehicle (class 6, flag 0): false boxes, unless a rule takes them out.

    Under `own`, what has flag 0 is an area to ignore, whatever its class.
    """
    gt, pred = still((1, 0, PERSON), (2, 300, VEHICLE)), still((1, 0, TRACKS), (2, 300, TRACKS))
    classes = ("1",) if rules == "own" else ()
    report = report_of(tmp_path, gt, pred, rules=rules, classes=classes)
    assert (report.combined["TP"], report.combined["FP"], report.combined["gt_boxes"]) == (scored, false, 4)


def test_static_people_distract_from_2016_on(tmp_path: Path) -> None:
    gt, pred = still((1, 0, PERSON), (2, 300, STATIC)), still((1, 0, TRACKS), (2, 300, TRACKS))
    false = {rules: report_of(tmp_path, gt, pred, rules=rules).combined["FP"] for rules in ("mot15", "mot16", "mot20")}
    assert false == {"mot15": 4, "mot16": 0, "mot20": 0}


def test_own_rules_leave_out_what_lies_inside_ignored_areas(tmp_path: Path) -> None:
    """An area with flag 0: a box inside goes, one beside it is false, and one on a scored person inside it counts."""
    area = [f"{frame},9,200,0,400,400,0,1,1" for frame in range(1, 5)]
    gt = [*still((1, 0, PERSON), (2, 250, PERSON)), *area]
    pred = still((1, 0, TRACKS), (2, 252, TRACKS), (3, 400, TRACKS), (4, 900, TRACKS))
    report = report_of(tmp_path, gt, pred, rules="own")
    assert (report.combined["TP"], report.combined["FP"], report.combined["FN"]) == (8, 4, 0)
    assert report.combined["pred_ids"] == 3


def test_a_span_of_frames(tmp_path: Path) -> None:
    gt, pred = still((1, 0, PERSON), frames=range(5, 15)), still((1, 0, TRACKS), frames=range(5, 12))
    report = report_of(tmp_path, gt, pred, first=7, last=13)
    assert (report.results[0].span, report.combined["frames"]) == ((7, 13), 7)
    assert (report.combined["TP"], report.combined["FN"]) == (5, 2)
    assert report_of(tmp_path, gt, pred).results[0].span == (5, 14)
    assert report_of(tmp_path, gt, pred, last=10).combined["FN"] == 0


WRONG = {
    "unknown rules": ({"rules": "mot18"}, ["'mot18'", "mot17"]),
    "unknown class": ({"classes": ("cra",)}, ["'cra'", "Did you mean 'car'"]),
    "any and more": ({"classes": ("any", "car")}, ["any stands alone"]),
    "classes with pedestrian rules": (
        {"rules": "mot17", "classes": ("car",)},
        ["--classes car has no effect", "--rules mot17"],
    ),
    "a span backwards": ({"first": 9, "last": 3}, ["--frames is 9-3"]),
    "a span without annotations": ({"first": 90}, ["no box at frames 90", "--frames"]),
    "no classes in the prediction": ({}, ["tells no classes", "person, car", "--classes person", "--classes any"]),
}


@pytest.mark.parametrize(("options", "fragments"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_scored(tmp_path: Path, options: dict[str, object], fragments: list[str]) -> None:
    with pytest.raises(ValueError) as error:
        report_of(tmp_path, still((1, 0, PERSON), (2, 300, ",1,2,1")), still((1, 0, TRACKS)), "person\ncar", **options)
    for fragment in fragments:
        assert fragment in str(error.value)


def test_other_objects_under_pedestrian_rules(tmp_path: Path) -> None:
    """TrackEval refuses them too."""
    with pytest.raises(ValueError, match="tells no classes, by which mot17 goes: use --rules mot15"):
        report_of(tmp_path, still((1, 0, ",1,-1,-1,-1")), still((1, 0, TRACKS)), rules="mot17")
    with pytest.raises(ValueError, match="class 3, but mot17 scores pedestrians"):
        report_of(tmp_path, still((1, 0, PERSON)), still((1, 0, ",0.9,3,1")), rules="mot17")
    with pytest.raises(ValueError, match="class 40, but mot17 knows classes 1 to 13"):
        report_of(tmp_path, still((1, 0, ",1,40,1")), still((1, 0, TRACKS)), rules="mot17")
    with pytest.raises(ValueError, match=r"neither .* tells classes"):
        report_of(tmp_path, still((1, 0, ",1,-1,-1,-1")), still((1, 0, TRACKS)), classes=("car",))
