"""Which boxes are scored: rule sets, classes, spans of frames. Figures by hand arithmetic."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluation import EvalOptions, Report, evaluate, find_pairs
from tests.evaluation.scenes import write_gt


def _scored(folder: Path, gt: list[str], pred: list[str], labels: str = "", **options: object) -> Report:
    write_gt(folder / "seq", [])
    (folder / "seq" / "gt" / "gt.txt").write_text("\n".join(gt))
    if labels:
        (folder / "seq" / "gt" / "labels.txt").write_text(labels)
    (folder / "pred.txt").write_text("\n".join(pred))
    return evaluate(find_pairs(folder / "seq", folder / "pred.txt"), EvalOptions(**options))  # type: ignore[arg-type]


def _box(frame: int, track: int, x: int, tail: str = "") -> str:
    return f"{frame},{track},{x},{10 + frame},50,100{tail}"


def _gt(*objects: tuple[int, int, str], frames: range = range(1, 5)) -> list[str]:
    """Objects (id, x, further columns) that stand in each frame."""
    return [_box(frame, track, x, tail) for frame in frames for track, x, tail in objects]


PERSON, CAR, STATIC, VEHICLE, CROWD = ",1,1,1", ",1,3,1", ",0,7,1", ",0,6,1", ",0,13,1"
TRACKS = ",0.9,-1,-1,-1"

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
def test_rules_by_the_looks_of_the_ground_truth(
    tmp_path: Path, objects: list[tuple[int, int, str]], tail: str, labels: str, rules: str
) -> None:
    report = _scored(tmp_path, _gt(*objects), _gt((7, 0, tail)), labels)
    assert {result.rules for result in report.results} == {rules}
    assert report.rules[0].startswith(f"{rules} (")


@pytest.mark.parametrize("year", ["MOT16", "MOT17", "MOT20"])
def test_rules_by_the_name_of_the_sequence(tmp_path: Path, year: str) -> None:
    folder = write_gt(tmp_path / f"{year}-02-X", [])
    (folder / "gt" / "gt.txt").write_text("\n".join(_gt((1, 0, PERSON), (2, 300, CAR))))
    (tmp_path / "p.txt").write_text("\n".join(_gt((1, 0, TRACKS))))
    report = evaluate(find_pairs(folder, tmp_path / "p.txt"))
    assert report.results[0].rules == year.lower()


@pytest.mark.parametrize(
    ("rules", "scored", "false"),
    [("mot15", 4, 4), ("mot16", 4, 4), ("mot17", 4, 4), ("mot20", 4, 0), ("own", 4, 4)],
)
def test_vehicles_distract_in_2020_only(tmp_path: Path, rules: str, scored: int, false: int) -> None:
    """A person, and a tracked vehicle (class 6, flag 0): false boxes, unless a rule takes them out.

    Under `own`, classes are scored each for itself; a prediction without classes is of the one that is asked for, and
    the vehicle is of another.
    """
    gt, pred = _gt((1, 0, PERSON), (2, 300, VEHICLE)), _gt((1, 0, TRACKS), (2, 300, TRACKS))
    classes = ("1",) if rules == "own" else ()
    report = _scored(tmp_path, gt, pred, rules=rules, classes=classes)
    assert (report.combined["TP"], report.combined["FP"], report.combined["gt_boxes"]) == (scored, false, 4)


def test_static_people_distract_from_2016_on(tmp_path: Path) -> None:
    gt, pred = _gt((1, 0, PERSON), (2, 300, STATIC)), _gt((1, 0, TRACKS), (2, 300, TRACKS))
    false = {rules: _scored(tmp_path, gt, pred, rules=rules).combined["FP"] for rules in ("mot15", "mot16", "mot20")}
    assert false == {"mot15": 4, "mot16": 0, "mot20": 0}


def test_own_rules_leave_out_what_lies_inside_ignored_areas(tmp_path: Path) -> None:
    """An area with flag 0: a box inside goes, one beside it is false, and one on a scored person inside it counts."""
    area = [f"{frame},9,200,0,400,400,0,1,1" for frame in range(1, 5)]
    gt = [*_gt((1, 0, PERSON), (2, 250, PERSON)), *area]
    pred = _gt((1, 0, TRACKS), (2, 252, TRACKS), (3, 400, TRACKS), (4, 900, TRACKS))
    report = _scored(tmp_path, gt, pred, rules="own")
    assert (report.combined["TP"], report.combined["FP"], report.combined["FN"]) == (8, 4, 0)
    assert report.combined["pred_ids"] == 3


def test_classes_are_scored_each_for_itself(tmp_path: Path) -> None:
    """A car in place of a person is a false car and a missed person."""
    gt = _gt((1, 0, ",1,1,1"), (2, 300, ",1,2,1"))
    pred = _gt((1, 0, ",1,2,1"), (2, 300, ",1,2,1"))
    report = _scored(tmp_path, gt, pred, "person\ncar")
    figures = {result.label: [result.scores[name] for name in ("TP", "FP", "FN")] for result in report.results}
    assert figures == {"person": [0, 0, 4], "car": [4, 4, 0]}
    assert [report.combined[name] for name in ("TP", "FP", "FN")] == [4, 4, 4]
    assert _scored(tmp_path, gt, pred, "person\ncar", classes=("any",)).combined["TP"] == 8
    assert _scored(tmp_path, gt, pred, "person\ncar", classes=("Car",)).combined["FN"] == 0
    assert _scored(tmp_path, gt, pred, "person\ncar", classes=("2",)).results[0].label == "car"


@pytest.mark.parametrize("label", ["3", "car", "CAR"])
def test_numbers_go_by_the_names_of_motchallenge_too(tmp_path: Path, label: str) -> None:
    """The pedestrian and the static person (class 7) are not asked for."""
    gt = _gt((1, 0, PERSON), (2, 300, CAR), (3, 600, ",1,7,1"))
    pred = _gt((1, 0, ",0.9,1"), (2, 300, ",0.9,3"))
    report = _scored(tmp_path, gt, pred, classes=(label,))
    assert (report.combined["TP"], report.combined["gt_boxes"]) == (4, 4)


ASKED_FOR = [
    *((rules, label) for rules in ("mot16", "mot17", "mot20") for label in ("1", "pedestrian", "Pedestrian")),
    *(("auto", label) for label in ("pedestrian", "Pedestrian")),
]


@pytest.mark.parametrize(("rules", "label"), ASKED_FOR)
def test_pedestrians_asked_for_are_scored_by_the_rules_for_them(tmp_path: Path, rules: str, label: str) -> None:
    """Predictions of other classes are left out instead of refused; who matches a static person does not count."""
    gt = _gt((1, 0, PERSON), (2, 300, CAR), (3, 600, STATIC))
    pred = _gt((1, 0, ",0.9,1"), (2, 300, ",0.9,3"), (3, 600, ",0.9,1"))
    report = _scored(tmp_path, gt, pred, rules=rules, classes=(label,))
    assert [report.combined[name] for name in ("TP", "FP", "FN")] == [4, 0, 0]
    assert report.results[0].rules == ("mot17" if rules == "auto" else rules)


@pytest.mark.parametrize(
    ("objects", "predicted", "rules"),
    [
        ([(1, 0, ",1,1,1"), (2, 300, ",1,2,1")], [(1, 0, ",0.9,1"), (2, 300, ",0.9,2")], "own"),
        ([(1, 0, ",1,1,1"), (2, 300, ",1,2,1")], [(1, 0, ",0.9,1")], "mot17"),
        ([(1, 0, ",1,1,1"), (2, 300, ",1,40,1")], [(1, 0, ",0.9,1")], "own"),
        ([(1, 0, ",1,-1,-1,-1")], [(1, 0, ",0.9,1")], "mot15"),
    ],
    ids=["both tell classes", "one class predicted", "class 40", "no classes"],
)
def test_a_number_leaves_the_rules_as_they_are(
    tmp_path: Path, objects: list[tuple[int, int, str]], predicted: list[tuple[int, int, str]], rules: str
) -> None:
    """1 may be a car, and 2 a van that is a miss when taken for a car; MOT17 would take 2 for a person on a vehicle."""
    without = _scored(tmp_path, _gt(*objects), _gt(*predicted))
    asked = _scored(tmp_path, _gt(*objects), _gt(*predicted), classes=("1",))
    assert {result.rules for result in without.results} == {result.rules for result in asked.results} == {rules}
    of_class_1 = next(result.scores for result in without.results if result.label in ("1", "pedestrian", ""))
    assert asked.combined == of_class_1


@pytest.mark.parametrize("rules", ["mot16", "mot17", "mot20"])
@pytest.mark.parametrize("tail", [TRACKS, ",0.9,1"])
def test_pedestrians_of_a_list_that_names_them_first(tmp_path: Path, rules: str, tail: str) -> None:
    """Such a `labels.txt` has MOTChallenge's own class 1."""
    gt, pred = _gt((1, 0, PERSON), (2, 300, CAR)), _gt((1, 0, tail))
    for label in ("pedestrian", "1"):
        report = _scored(tmp_path, gt, pred, "pedestrian\nbus\ncar", rules=rules, classes=(label,))
        assert [report.combined[name] for name in ("TP", "FP", "FN")] == [4, 0, 0]


HALF = {
    "mot15, by number": ("", "mot15", "1", ["--rules mot15", "do not look at the classes of", "--rules own, or mot16"]),
    "mot15, by name": ("", "mot15", "pedestrian", ["--rules mot15", "do not look at the classes of"]),
    "mot15, named classes": (
        "car\nbus\npedestrian",
        "mot15",
        "pedestrian",
        ["--rules mot15", "use --rules own, or leave"],
    ),
    "cars first": ("car\nbus\npedestrian", "mot17", "pedestrian", ["class 1 of", "there named car", "--rules own"]),
}


@pytest.mark.parametrize("tail", [TRACKS, ",0.9,1"])
@pytest.mark.parametrize(("labels", "rules", "label", "fragments"), HALF.values(), ids=HALF.keys())
def test_a_class_is_not_kept_in_one_file_alone(
    tmp_path: Path, labels: str, rules: str, label: str, fragments: list[str], tail: str
) -> None:
    """The cars of the ground truth would be missed."""
    gt, pred = _gt((1, 0, PERSON), (2, 300, CAR)), _gt((1, 0, tail))
    with pytest.raises(ValueError) as error:
        _scored(tmp_path, gt, pred, labels, rules=rules, classes=(label,))
    for fragment in (f"--classes {label} cannot be had", "leave --classes out", *fragments):
        assert fragment in str(error.value), str(error.value)


def test_classes_that_mot15_does_not_look_at_are_told(tmp_path: Path) -> None:
    gt, pred = _gt((1, 0, PERSON), (2, 300, CAR)), _gt((1, 0, ",0.9,1"), (2, 300, ",0.9,3"))
    report = _scored(tmp_path, gt, pred, rules="mot15")
    assert report.combined["TP"] == 8
    (warning,) = report.warnings
    assert warning.startswith("mot15 does not look at classes, so all those of")
    assert warning.endswith("(1, 3): --rules own scores each for itself")


@pytest.mark.parametrize("tail", [TRACKS, ",0.9,1"])
def test_pedestrians_where_nobody_tells_classes(tmp_path: Path, tail: str) -> None:
    report = _scored(tmp_path, _gt((1, 0, ",1,-1,-1,-1")), _gt((1, 0, tail)), classes=("pedestrian",))
    assert (report.combined["TP"], report.results[0].rules) == (4, "mot15")


def test_pedestrian_is_what_detectors_call_a_person(tmp_path: Path) -> None:
    table = ["frame,id,class,x1,y1,x2,y2"]
    for frame in range(1, 5):
        table += [f"{frame},1,person,0,{10 + frame},50,{110 + frame}", f"{frame},2,car,300,{10 + frame},350,200"]
    gt = _gt((1, 0, PERSON), (2, 300, CAR))
    for classes, found in ((("pedestrian",), 4), (("car", "pedestrian"), 8)):
        report = _scored(tmp_path, gt, table, classes=classes)
        assert (report.combined["TP"], report.combined["FN"], report.warnings) == (found, 0, ())
    assert _scored(tmp_path, _gt((1, 0, ",1,-1,-1,-1")), table, classes=("pedestrian",)).combined["TP"] == 4


def test_own_names_come_before_those_of_motchallenge(tmp_path: Path) -> None:
    """Here a car is class 1."""
    gt, pred = _gt((1, 0, ",1,1,1"), (2, 300, ",1,3,1")), _gt((1, 0, ",0.9,1"), (2, 300, ",0.9,3"))
    report = _scored(tmp_path, gt, pred, "car\nbus\npedestrian", classes=("pedestrian",))
    assert (report.results[0].rules, report.combined["TP"], report.combined["gt_boxes"]) == ("own", 4, 4)


def test_an_unknown_class_lists_numbers_with_their_names(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"unknown class 'cra'.*Known: 1, 3\..*1 pedestrian, .*3 car"):
        _scored(tmp_path, _gt((1, 0, PERSON), (2, 300, CAR)), _gt((1, 0, ",0.9,3")), classes=("cra",))


def test_classes_over_several_sequences(tmp_path: Path) -> None:
    for name in "ab":
        folder = write_gt(tmp_path / "gt" / name, [])
        (folder / "gt" / "gt.txt").write_text("\n".join(_gt((1, 0, ",1,3,1"), (2, 300, ",1,4,1"))))
        (tmp_path / f"{name}.txt").write_text("\n".join(_gt((1, 0, ",1,3,1"))))
    report = evaluate(find_pairs(tmp_path / "gt", tmp_path))
    assert [(label, scores["TP"], scores["FN"]) for label, scores in report.by_class] == [("3", 8, 0), ("4", 0, 8)]


def test_named_classes_of_our_own_table(tmp_path: Path) -> None:
    """`tracks.csv` names its classes: for pedestrians, people are taken and the rest is left out and told."""
    table = ["frame,id,class,x1,y1,x2,y2"]
    for frame in range(1, 5):
        table += [f"{frame},1,person,0,{10 + frame},50,{110 + frame}", f"{frame},2,car,300,50,400,90"]
    report = _scored(tmp_path, _gt((1, 0, PERSON)), table)
    assert (report.combined["TP"], report.combined["FP"]) == (4, 0)
    assert "4 boxes" in report.warnings[0]
    report = _scored(
        tmp_path, _gt((1, 0, PERSON)), [line.replace("person", "moving") for line in table if "car" not in line]
    )
    assert (report.combined["TP"], report.combined["FP"]) == (4, 0)
    assert "(moving) are scored as pedestrians" in report.warnings[0]
    report = _scored(tmp_path, _gt((1, 0, PERSON)), table, "person")
    assert (report.combined["TP"], report.combined["FP"]) == (4, 0)
    report = _scored(tmp_path, _gt((1, 0, ",1,-1,-1,-1")), table, classes=("person",))
    assert (report.combined["TP"], report.combined["FP"]) == (4, 0)
    report = _scored(tmp_path, _gt((1, 0, ",1,-1,-1,-1")), table)
    assert report.combined["FP"] == 4
    assert "--classes" in report.warnings[0]


def test_a_span_of_frames(tmp_path: Path) -> None:
    gt, pred = _gt((1, 0, PERSON), frames=range(5, 15)), _gt((1, 0, TRACKS), frames=range(5, 12))
    report = _scored(tmp_path, gt, pred, first=7, last=13)
    assert (report.results[0].span, report.combined["frames"]) == ((7, 13), 7)
    assert (report.combined["TP"], report.combined["FN"]) == (5, 2)
    assert _scored(tmp_path, gt, pred).results[0].span == (5, 14)
    assert _scored(tmp_path, gt, pred, last=10).combined["FN"] == 0


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
        _scored(tmp_path, _gt((1, 0, PERSON), (2, 300, ",1,2,1")), _gt((1, 0, TRACKS)), "person\ncar", **options)
    for fragment in fragments:
        assert fragment in str(error.value)


def test_other_objects_under_pedestrian_rules(tmp_path: Path) -> None:
    """TrackEval refuses them too."""
    with pytest.raises(ValueError, match="tells no classes, by which mot17 goes: use --rules mot15"):
        _scored(tmp_path, _gt((1, 0, ",1,-1,-1,-1")), _gt((1, 0, TRACKS)), rules="mot17")
    with pytest.raises(ValueError, match="class 3, but mot17 scores pedestrians"):
        _scored(tmp_path, _gt((1, 0, PERSON)), _gt((1, 0, ",0.9,3,1")), rules="mot17")
    with pytest.raises(ValueError, match="class 40, but mot17 knows classes 1 to 13"):
        _scored(tmp_path, _gt((1, 0, ",1,40,1")), _gt((1, 0, TRACKS)), rules="mot17")
    with pytest.raises(ValueError, match=r"neither .* tells classes"):
        _scored(tmp_path, _gt((1, 0, ",1,-1,-1,-1")), _gt((1, 0, TRACKS)), classes=("car",))
