"""Which classes are scored: by number, by the names of MOTChallenge, by own names. Figures by hand arithmetic."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluation import evaluate, find_pairs
from tests.evaluation.classed_scenes import CAR, PERSON, STATIC, TRACKS, report_of, still
from tests.evaluation.scenes import write_gt


def test_classes_are_scored_each_for_itself(tmp_path: Path) -> None:
    """A car in place of a person is a false car and a missed person."""
    gt = still((1, 0, ",1,1,1"), (2, 300, ",1,2,1"))
    pred = still((1, 0, ",1,2,1"), (2, 300, ",1,2,1"))
    report = report_of(tmp_path, gt, pred, "person\ncar")
    figures = {result.label: [result.scores[name] for name in ("TP", "FP", "FN")] for result in report.results}
    assert figures == {"person": [0, 0, 4], "car": [4, 4, 0]}
    assert [report.combined[name] for name in ("TP", "FP", "FN")] == [4, 4, 4]
    assert report_of(tmp_path, gt, pred, "person\ncar", classes=("any",)).combined["TP"] == 8
    assert report_of(tmp_path, gt, pred, "person\ncar", classes=("Car",)).combined["FN"] == 0
    assert report_of(tmp_path, gt, pred, "person\ncar", classes=("2",)).results[0].label == "car"


@pytest.mark.parametrize("label", ["3", "car", "CAR"])
def test_numbers_go_by_the_names_of_motchallenge_too(tmp_path: Path, label: str) -> None:
    """The pedestrian and the static person (class 7) are not asked for."""
    gt = still((1, 0, PERSON), (2, 300, CAR), (3, 600, ",1,7,1"))
    pred = still((1, 0, ",0.9,1"), (2, 300, ",0.9,3"))
    report = report_of(tmp_path, gt, pred, classes=(label,))
    assert (report.combined["TP"], report.combined["gt_boxes"]) == (4, 4)


ASKED_FOR = [
    *((rules, label) for rules in ("mot16", "mot17", "mot20") for label in ("1", "pedestrian", "Person", "people")),
    *(("auto", label) for label in ("pedestrian", "Pedestrian", "person", "people")),
]


@pytest.mark.parametrize(("rules", "label"), ASKED_FOR)
def test_pedestrians_asked_for_are_scored_by_the_rules_for_them(tmp_path: Path, rules: str, label: str) -> None:
    """Predictions of other classes are left out instead of refused; who matches a static person does not count."""
    gt = still((1, 0, PERSON), (2, 300, CAR), (3, 600, STATIC))
    pred = still((1, 0, ",0.9,1"), (2, 300, ",0.9,3"), (3, 600, ",0.9,1"))
    report = report_of(tmp_path, gt, pred, rules=rules, classes=(label,))
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
    without = report_of(tmp_path, still(*objects), still(*predicted))
    asked = report_of(tmp_path, still(*objects), still(*predicted), classes=("1",))
    assert {result.rules for result in without.results} == {result.rules for result in asked.results} == {rules}
    of_class_1 = next(result.scores for result in without.results if result.label in ("1", "pedestrian", ""))
    assert asked.combined == of_class_1


@pytest.mark.parametrize("rules", ["mot16", "mot17", "mot20"])
@pytest.mark.parametrize("tail", [TRACKS, ",0.9,1"])
def test_pedestrians_of_a_list_that_names_them_first(tmp_path: Path, rules: str, tail: str) -> None:
    """Such a `labels.txt` has MOTChallenge's own class 1."""
    gt, pred = still((1, 0, PERSON), (2, 300, CAR)), still((1, 0, tail))
    for label in ("pedestrian", "1"):
        report = report_of(tmp_path, gt, pred, "pedestrian\nbus\ncar", rules=rules, classes=(label,))
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
    gt, pred = still((1, 0, PERSON), (2, 300, CAR)), still((1, 0, tail))
    with pytest.raises(ValueError) as error:
        report_of(tmp_path, gt, pred, labels, rules=rules, classes=(label,))
    for fragment in (f"--classes {label} cannot be had", "leave --classes out", *fragments):
        assert fragment in str(error.value), str(error.value)


def test_classes_that_mot15_does_not_look_at_are_told(tmp_path: Path) -> None:
    gt, pred = still((1, 0, PERSON), (2, 300, CAR)), still((1, 0, ",0.9,1"), (2, 300, ",0.9,3"))
    report = report_of(tmp_path, gt, pred, rules="mot15")
    assert report.combined["TP"] == 8
    (warning,) = report.warnings
    assert warning.startswith("mot15 does not look at classes, so all those of")
    assert warning.endswith("(1, 3): --rules own scores each for itself")


@pytest.mark.parametrize("tail", [TRACKS, ",0.9,1"])
def test_pedestrians_where_nobody_tells_classes(tmp_path: Path, tail: str) -> None:
    report = report_of(tmp_path, still((1, 0, ",1,-1,-1,-1")), still((1, 0, tail)), classes=("pedestrian",))
    assert (report.combined["TP"], report.results[0].rules) == (4, "mot15")


def test_pedestrian_is_what_detectors_call_a_person(tmp_path: Path) -> None:
    table = ["frame,id,class,x1,y1,x2,y2"]
    for frame in range(1, 5):
        table += [f"{frame},1,person,0,{10 + frame},50,{110 + frame}", f"{frame},2,car,300,{10 + frame},350,200"]
    gt = still((1, 0, PERSON), (2, 300, CAR))
    for classes, found in ((("pedestrian",), 4), (("car", "pedestrian"), 8)):
        report = report_of(tmp_path, gt, table, classes=classes)
        assert (report.combined["TP"], report.combined["FN"], report.warnings) == (found, 0, ())
    assert report_of(tmp_path, still((1, 0, ",1,-1,-1,-1")), table, classes=("pedestrian",)).combined["TP"] == 4


def test_own_names_come_before_those_of_motchallenge(tmp_path: Path) -> None:
    """Here a car is class 1."""
    gt, pred = still((1, 0, ",1,1,1"), (2, 300, ",1,3,1")), still((1, 0, ",0.9,1"), (2, 300, ",0.9,3"))
    report = report_of(tmp_path, gt, pred, "car\nbus\npedestrian", classes=("pedestrian",))
    assert (report.results[0].rules, report.combined["TP"], report.combined["gt_boxes"]) == ("own", 4, 4)


def test_people_are_found_by_any_word_for_them_but_by_the_own_word_first(tmp_path: Path) -> None:
    gt, pred = still((1, 0, ",1,1,1"), (2, 300, ",1,2,1")), still((1, 0, ",0.9,1"))
    for label in ("pedestrian", "people"):
        report = report_of(tmp_path, gt, pred, "person\ncar", classes=(label,))
        assert [(result.label, result.scores["TP"]) for result in report.results] == [("person", 4)]
    both = still((1, 0, ",0.9,1"), (2, 300, ",0.9,2"))
    report = report_of(tmp_path, gt, both, "pedestrian\nperson", classes=("person",))
    (result,) = report.results
    assert (result.rules, result.label, result.scores["gt_boxes"]) == ("own", "person", 4)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("zebra", r"unknown class 'zebra'.*Known: 1, 3\..*1 pedestrian, .*3 car, "),
        ("cra", r"unknown class 'cra'\. Did you mean 'car'\?"),
        ("persn", r"unknown class 'persn'\. Did you mean 'person'\?"),
        ("bicycl", r"unknown class 'bicycl'.*Known: 1, 3\."),
    ],
)
def test_an_unknown_class_lists_what_is_there_or_what_is_close(tmp_path: Path, typed: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        report_of(tmp_path, still((1, 0, PERSON), (2, 300, CAR)), still((1, 0, ",0.9,3")), classes=(typed,))


def test_classes_over_several_sequences(tmp_path: Path) -> None:
    for name in "ab":
        folder = write_gt(tmp_path / "gt" / name, [])
        (folder / "gt" / "gt.txt").write_text("\n".join(still((1, 0, ",1,3,1"), (2, 300, ",1,4,1"))))
        (tmp_path / f"{name}.txt").write_text("\n".join(still((1, 0, ",1,3,1"))))
    report = evaluate(find_pairs(tmp_path / "gt", tmp_path))
    assert [(label, scores["TP"], scores["FN"]) for label, scores in report.by_class] == [("3", 8, 0), ("4", 0, 8)]


def test_named_classes_of_our_own_table(tmp_path: Path) -> None:
    """`tracks.csv` names its classes: for pedestrians, people are taken and the rest is left out and told."""
    table = ["frame,id,class,x1,y1,x2,y2"]
    for frame in range(1, 5):
        table += [f"{frame},1,person,0,{10 + frame},50,{110 + frame}", f"{frame},2,car,300,50,400,90"]
    report = report_of(tmp_path, still((1, 0, PERSON)), table)
    assert (report.combined["TP"], report.combined["FP"]) == (4, 0)
    assert "4 boxes" in report.warnings[0]
    report = report_of(
        tmp_path, still((1, 0, PERSON)), [line.replace("person", "moving") for line in table if "car" not in line]
    )
    assert (report.combined["TP"], report.combined["FP"]) == (4, 0)
    assert "(moving) are scored as pedestrians" in report.warnings[0]
    report = report_of(tmp_path, still((1, 0, PERSON)), table, "person")
    assert (report.combined["TP"], report.combined["FP"]) == (4, 0)
    report = report_of(tmp_path, still((1, 0, ",1,-1,-1,-1")), table, classes=("person",))
    assert (report.combined["TP"], report.combined["FP"]) == (4, 0)
    report = report_of(tmp_path, still((1, 0, ",1,-1,-1,-1")), table)
    assert report.combined["FP"] == 4
    assert "--classes" in report.warnings[0]
