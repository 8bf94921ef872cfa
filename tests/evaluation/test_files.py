"""Two files or two folders are enough: which file belongs to which."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluation import find_ground_truth, find_pairs, without_truth
from tests.evaluation.scenes import walkers, write, write_gt

ROWS = walkers(3)


def _touch(path: Path) -> Path:
    return write(path, ROWS)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """`data/a` and `data/b` with annotations, `data/c` without."""
    for name in "ab":
        write_gt(tmp_path / "data" / name, ROWS, length=3)
    _touch(tmp_path / "data" / "c" / "det" / "det.txt")
    return tmp_path / "data"


GT_FORMS = {
    "sequence folders": (["gt/a/gt/gt.txt", "gt/b/gt/gt.txt"], "gt", {"a", "b"}),
    "files by name": (["gt/a.txt", "gt/b.txt"], "gt", {"a", "b"}),
    "files by name, as csv": (["gt/a.csv", "gt/b.csv"], "gt", {"a", "b"}),
    "one sequence folder": (["gt/a/gt/gt.txt"], "gt/a", {"a"}),
    "its gt folder": (["gt/a/gt/gt.txt"], "gt/a/gt", {"gt"}),
    "gt.txt": (["gt/a/gt/gt.txt"], "gt/a/gt/gt.txt", {"a"}),
    "a file": (["x/walk.txt"], "x/walk.txt", {"walk"}),
}


@pytest.mark.parametrize(("files", "path", "names"), GT_FORMS.values(), ids=GT_FORMS.keys())
def test_forms_of_ground_truth(tmp_path: Path, files: list[str], path: str, names: set[str]) -> None:
    for file in files:
        _touch(tmp_path / file)
    assert set(find_ground_truth(tmp_path / path)) == names


PRED_FORMS = {
    "files by name": ["a.txt", "b.txt"],
    "csv by name": ["a.csv", "b.csv"],
    "a TrackEval folder": ["data/a.txt", "data/b.txt"],
    "runs": ["a/tracks.txt", "b/tracks.txt"],
    "runs with tables only": ["a/tracks.csv", "b/tracks.csv"],
    "folders by name": ["a/a.txt", "b/b.txt"],
}


@pytest.mark.parametrize("files", PRED_FORMS.values(), ids=PRED_FORMS.keys())
def test_forms_of_predictions(tmp_path: Path, dataset: Path, files: list[str]) -> None:
    expected = [_touch(tmp_path / "pred" / file) for file in files]
    pairs = find_pairs(dataset, tmp_path / "pred")
    assert [pair.truth.name for pair in pairs] == ["a", "b"]
    assert [pair.prediction for pair in pairs] == expected


@pytest.mark.parametrize("file", ["tracks.txt", "whatever.txt", "a.txt", "gt/gt.txt"])
def test_one_sequence_takes_the_only_file_there_is(tmp_path: Path, dataset: Path, file: str) -> None:
    expected = _touch(tmp_path / "pred" / file)
    (pair,) = find_pairs(dataset / "a", tmp_path / "pred")
    assert pair.prediction == expected
    assert find_pairs(dataset / "a", expected)[0].prediction == expected


def test_length_and_labels_come_along(dataset: Path) -> None:
    (dataset / "a" / "gt" / "labels.txt").write_text("car\nbus\n\n")
    truths = find_ground_truth(dataset)
    assert (truths["a"].length, truths["a"].labels) == (3, ("car", "bus"))
    assert truths["b"].labels == ()


def test_chosen_sequences(tmp_path: Path, dataset: Path) -> None:
    _touch(tmp_path / "pred" / "b.txt")
    assert [pair.truth.name for pair in find_pairs(dataset, tmp_path / "pred", ("b",))] == ["b"]


@pytest.mark.parametrize("file", ["b/tracks.txt", "b/x.txt", "mine.txt"])
def test_a_chosen_sequence_takes_what_is_given_for_it(tmp_path: Path, dataset: Path, file: str) -> None:
    """A file itself, or a folder of its name."""
    expected = _touch(tmp_path / "pred" / file)
    assert find_pairs(dataset, expected, ("b",))[0].prediction == expected
    if "/" in file:
        assert find_pairs(dataset, expected.parent, ("b",))[0].prediction == expected


def _chosen_but_other(tmp_path: Path, dataset: Path) -> None:
    _touch(tmp_path / "pred" / "a.txt")
    find_pairs(dataset, tmp_path / "pred", ("b",))


def _chosen_but_any(tmp_path: Path, dataset: Path) -> None:
    """There is other ground truth of which this may be."""
    _touch(tmp_path / "pred" / "x.txt")
    find_pairs(dataset, tmp_path / "pred", ("b",))


def _chosen_but_another_file(tmp_path: Path, dataset: Path) -> None:
    find_pairs(dataset, _touch(tmp_path / "pred" / "a.txt"), ("b",))


def _chosen_but_another_run(tmp_path: Path, dataset: Path) -> None:
    find_pairs(dataset, _touch(tmp_path / "runs" / "a" / "tracks.txt"), ("b",))


def _two_chosen(tmp_path: Path, dataset: Path) -> None:
    write_gt(dataset / "c", ROWS)
    _touch(tmp_path / "pred" / "a.txt")
    find_pairs(dataset, tmp_path / "pred", ("b", "c"))


def _one_file_for_two_chosen(tmp_path: Path, dataset: Path) -> None:
    write_gt(dataset / "c", ROWS)
    find_pairs(dataset, _touch(tmp_path / "x.txt"), ("b", "c"))


def _empty_data(tmp_path: Path, dataset: Path) -> None:
    (tmp_path / "pred" / "data").mkdir(parents=True)
    find_pairs(dataset, tmp_path / "pred")


def _empty(tmp_path: Path, dataset: Path) -> None:
    (tmp_path / "pred").mkdir()
    find_pairs(dataset, tmp_path / "pred")


def _missing(tmp_path: Path, dataset: Path) -> None:
    _touch(tmp_path / "pred" / "b.txt")
    find_pairs(dataset, tmp_path / "pred")


def _none_meets(tmp_path: Path, dataset: Path) -> None:
    for name in ("x1", "x2"):
        _touch(tmp_path / "pred" / f"{name}.txt")
    find_pairs(dataset, tmp_path / "pred")


def _some_meet(tmp_path: Path, dataset: Path) -> None:
    for name in ("b", "c"):
        _touch(tmp_path / "pred" / f"{name}.txt")
    find_pairs(dataset, tmp_path / "pred")


def _elsewhere(tmp_path: Path, dataset: Path) -> None:
    for name in "ab":
        _touch(tmp_path / "pred" / "tracker" / "data" / f"{name}.txt")
    find_pairs(dataset, tmp_path / "pred")


def _one_file(tmp_path: Path, dataset: Path) -> None:
    find_pairs(dataset, _touch(tmp_path / "x.txt"))


def _test_split(tmp_path: Path, dataset: Path) -> None:
    _touch(tmp_path / "test" / "c" / "det" / "det.txt")
    find_pairs(tmp_path / "test", dataset)


def _too_high(tmp_path: Path, dataset: Path) -> None:
    find_pairs(dataset.parent, dataset)


def _typo(tmp_path: Path, dataset: Path) -> None:
    write_gt(tmp_path / "gts" / "walking", ROWS)
    find_pairs(tmp_path / "gts", tmp_path / "x", ("walkin",))


def _bad_ini(tmp_path: Path, dataset: Path) -> None:
    (dataset / "a" / "seqinfo.ini").write_text("[Sequence]\nseqLength=many\n")
    find_pairs(dataset, dataset)


WRONG = {
    "one of two": (_missing, ["no prediction for a", "expected a.txt", "--sequences b"]),
    "none meets": (_none_meets, ["no name of --gt is one of --pred", "for a, b in", "there is x1, x2"]),
    "one on each side": (_some_meet, ["for a in", "without ground truth there is c", "--sequences b"]),
    "one folder further": (_elsewhere, ["directly in", "use --pred", "tracker"]),
    "one file for two sequences": (_one_file, ["is one file, but --gt has 2 sequences", "a, b"]),
    "one chosen, tracks of another": (_chosen_but_other, ["no prediction for b", "expected b.txt; the folder has a"]),
    "one chosen, tracks of any name": (_chosen_but_any, ["no prediction for b", "without ground truth there is x"]),
    "one chosen, the file of another": (_chosen_but_another_file, ["of a by its name, not of b", "--sequences a"]),
    "one chosen, the run of another": (_chosen_but_another_run, ["of a by its name, not of b", "--sequences a"]),
    "two chosen, tracks of a third": (_two_chosen, ["no prediction for b, c", "expected b.txt; the folder has a"]),
    "one file for two chosen": (_one_file_for_two_chosen, ["is one file, but --sequences names 2"]),
    "a folder of an empty folder": (_empty_data, ["no name of --gt is one of --pred", "; the folder has data"]),
    "a folder of nothing": (_empty, ["; it is empty"]),
    "a test split": (_test_split, ["no gt/gt.txt: a test split?", "train"]),
    "a folder above": (_too_high, ["but in data: give --gt", "data"]),
    "a misspelt sequence": (_typo, ["'walkin'", "Did you mean 'walking'"]),
    "a length that is none": (_bad_ini, ["seqinfo.ini", "seqLength=<frames>"]),
    "no ground truth": (lambda tmp, data: find_pairs(tmp / "no", data), ["--gt", "not found"]),
    "no prediction": (lambda tmp, data: find_pairs(data, tmp / "no"), ["--pred", "not found"]),
    "an empty folder": (lambda tmp, data: (tmp / "e").mkdir() or find_pairs(tmp / "e", data), ["no annotations in"]),
}


@pytest.mark.parametrize(("call", "fragments"), WRONG.values(), ids=WRONG.keys())
def test_what_is_not_there_is_named_with_the_fix(tmp_path: Path, dataset: Path, call, fragments: list[str]) -> None:
    """And nothing is said that was not looked at."""
    with pytest.raises((ValueError, FileNotFoundError)) as error:
        call(tmp_path, dataset)
    assert "\n" not in str(error.value)
    for fragment in fragments:
        assert fragment in str(error.value), str(error.value)
    assert ("it is empty" in str(error.value)) == (call is _empty)
    assert ("without ground truth there is" in str(error.value)) == (call in (_none_meets, _some_meet, _chosen_but_any))


@pytest.mark.parametrize("form", ["{}.txt", "data/{}.txt", "{}/tracks.txt", "{}/{}.txt"])
def test_predictions_without_ground_truth_are_named(tmp_path: Path, dataset: Path, form: str) -> None:
    for name in "abcd":
        _touch(tmp_path / "pred" / form.format(name, name))
    for name in ("pedestrian_summary.txt", "pedestrian_detailed.csv"):  # of TrackEval
        _touch(tmp_path / "pred" / name)
    text = without_truth(dataset, find_pairs(dataset, tmp_path / "pred"))
    assert text is not None
    assert text.endswith("no ground truth of that name: c, d")


def test_the_only_ground_truth_takes_a_prediction_of_any_name(tmp_path: Path, dataset: Path) -> None:
    write_gt(tmp_path / "one" / "a", ROWS)
    _touch(tmp_path / "pred" / "whatever.txt")
    text = without_truth(tmp_path / "one", find_pairs(tmp_path / "one", tmp_path / "pred"))
    assert text is not None
    assert "whatever.txt is scored against a, since there is no other" in text
    assert without_truth(tmp_path / "one", find_pairs(tmp_path / "one", tmp_path / "pred"), chosen=True) == text
    (tmp_path / "pred" / "whatever.txt").rename(tmp_path / "pred" / "tracks.txt")
    assert without_truth(tmp_path / "one", find_pairs(tmp_path / "one", tmp_path / "pred")) is None


def test_one_ground_truth_asked_for_leaves_nothing_out(tmp_path: Path, dataset: Path) -> None:
    for name in "ab":
        _touch(tmp_path / "pred" / f"{name}.txt")
    assert without_truth(dataset, find_pairs(dataset, tmp_path / "pred")) is None
    assert without_truth(dataset / "a", find_pairs(dataset / "a", tmp_path / "pred")) is None
