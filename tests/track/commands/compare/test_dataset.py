"""`track compare` on a folder of sequences: what `track mot` and `track eval` say of each, and of all together."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluation import evaluate, find_pairs
from tests.track.runs import TWO_WALKERS, Track, Walker, all_files, write_sequence, write_video

OTHERS = (Walker(4, 8, speed=2.0), Walker(70, 30, speed=-2.0, score=0.7), Walker(30, 2, first=6, last=14))
WALKERS = {"a": TWO_WALKERS, "b": OTHERS}


def _annotate(path: Path, walkers: tuple[Walker, ...], num_frames: int = 20) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        (f + 1, number, *walker.row(f)[2:6])
        for f in range(num_frames)
        for number, walker in enumerate(walkers, start=1)
        if walker.first <= f < walker.last
    ]
    path.write_text("".join(",".join(map(str, row)) + ",1,1,1\n" for row in rows))


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sequences `data/a` and `data/b` with annotations; the cache is the test's own, and no plot is drawn."""
    monkeypatch.setattr("track.scenes.cache.cache_folder", lambda kind: tmp_path / "cache" / kind)
    monkeypatch.setattr("track.commands.compare.report.plot_comparison", lambda path, comparison: path.write_bytes(b""))
    for name, walkers in WALKERS.items():
        write_sequence(tmp_path / "data" / name, walkers)
        _annotate(tmp_path / "data" / name / "gt" / "gt.txt", walkers)
    return tmp_path / "data"


COMPARE = ("compare", "data", "--tracker", "strong,deepsort", "--out", "o")


def test_figures_are_those_of_all_boxes_together(track: Track, data: Path) -> None:
    """As of `track eval` on the tracks of `track mot`, and not the mean of the sequences."""
    result = track(*COMPARE, "--gt", "data")
    assert result.code == 0, result.err
    assert "data (2 sequences): 40 frames, 88 detections by public" in result.out
    assert "of each sequence: o/sequences (a, b)" in result.out
    rows = list(csv.DictReader(Path("o/compare.csv").read_text().splitlines()))
    assert [(row["encoder"], row["tracker"]) for row in rows] == [("none", "strong"), ("none", "deepsort")]
    for row in rows:
        tracker = row["tracker"]
        assert track("mot", "data", "--tracker", tracker, "--out", f"m-{tracker}").code == 0
        for name in "ab":
            same = Path(f"m-{tracker}/data/{name}.txt").read_bytes()
            assert Path(f"o/none-{tracker}/{name}.txt").read_bytes() == same
        scores = evaluate(find_pairs(data, Path(f"o/none-{tracker}"))).combined
        assert [float(row[name]) for name in ("HOTA", "IDF1", "MOTA", "IDSW")] == pytest.approx(
            [scores[name] for name in ("HOTA", "IDF1", "MOTA", "IDSW")]
        )


def test_each_sequence_has_its_own_comparison(track: Track, data: Path) -> None:
    assert track(*COMPARE, "--gt", "data").code == 0
    content = json.loads(Path("o/compare.json").read_text())
    assert content["sequences"] == ["a", "b"]
    each = [json.loads(Path("o/sequences", name, "compare.json").read_text()) for name in "ab"]
    for key in ("frames", "detections"):
        assert content[key] == sum(part[key] for part in each)
    assert content["rows"][0]["tracks"] == sum(part["rows"][0]["tracks"] for part in each)
    alone = track("compare", "data/b", "--tracker", "strong,deepsort", "--gt", "data", "--out", "alone")
    assert alone.code == 0
    for name in ("compare.csv", "none-strong/tracks.csv"):
        assert Path("alone", name).read_bytes() == Path("o/sequences/b", name).read_bytes()


def test_without_ground_truth_and_again(track: Track, data: Path) -> None:
    first, again = track(*COMPARE), track(*COMPARE, "--overwrite")
    assert (first.code, again.code) == (0, 0)
    assert "switches suspected" in first.out
    assert "from the cache, with the times measured then: detections" in again.out
    assert track(*COMPARE).code == 2


def _no_truth_of_b(data: Path) -> None:
    _annotate(data.parent / "truths" / "a.txt", WALKERS["a"])


def _shorter(data: Path) -> None:
    write_sequence(data / "b", OTHERS, 10)


def _change_last(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(new.join(text.rsplit(old, 1)))


def _broken_truth_of_b(data: Path) -> None:
    _change_last(data / "b" / "gt" / "gt.txt", ",1,1,1", ",,1,1")


def _empty_truth_of_b(data: Path) -> None:
    (data / "b" / "gt" / "gt.txt").write_text("")


def _truth_of_another_for_b(data: Path) -> None:
    _annotate(data / "b" / "gt" / "gt.txt", (Walker(900, 900),))


def _broken_detections_of_b(data: Path) -> None:
    _change_last(data / "b" / "det" / "det.txt", ",-1,-1,-1", ",-1,-1,x")


def _in_one_folder(data: Path, of_b: Any) -> None:
    """`found/a.npy` and `found/b.npy`, DeepSORT's way: detections of all sequences in a folder."""
    (data.parent / "found").mkdir()
    sound = np.array([[*walker.row(f), -1, -1, -1, 1, 2] for walker in WALKERS["a"] for f in range(20)])
    np.save(data.parent / "found" / "a.npy", sound)
    if of_b is not None:
        np.save(data.parent / "found" / "b.npy", of_b(sound))


def _no_detections_of_b(data: Path) -> None:
    (data / "b" / "det" / "det.txt").unlink()


BAD = {
    "broken ground truth of the last": (_broken_truth_of_b, ("--gt", "data"), ["b/gt/gt.txt, line ", "column 7"]),
    "empty ground truth of the last": (_empty_truth_of_b, ("--gt", "data"), ["b/gt/gt.txt is empty: a test split?"]),
    "ground truth of another": (
        _truth_of_another_for_b,
        ("--gt", "data"),
        ["does not belong to b", "outside of 96x64"],
    ),
    "broken detections of the last": (_broken_detections_of_b, (), ["b/det/det.txt, line ", "'x'"]),
    "no detections of the last": (_no_detections_of_b, (), ["no detections in", "data/b"]),
    "damaged detections of the last in a folder": (
        lambda data: _in_one_folder(data, lambda rows: rows[:, :3]),
        ("--detector", "found"),
        ["found/b.npy"],
    ),
    "no detections of the last in a folder": (
        lambda data: _in_one_folder(data, None),
        ("--detector", "found"),
        ["no detections in found", "b.npy"],
    ),
    "no features of the last": (
        lambda data: _in_one_folder(data, lambda rows: rows[:, :10]),
        ("--detector", "found", "--reid", "none,file"),
        ["carry no features", "--reid none"],
    ),
    "ground truth of one alone": (_no_truth_of_b, ("--gt", "truths"), ["no ground truth of b in data", "<sequence>"]),
    "a network without pictures": (lambda data: None, ("--reid", "small-cnn"), ["--reid small-cnn", "none"]),
    "a span beyond the last one": (_shorter, ("--start", "1.5"), ["--start 1.5", "b"]),
    "a span beyond": (lambda data: None, ("--start", "99"), ["--start 99"]),
}


@pytest.mark.parametrize(("prepare", "arguments", "fragments"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_one_line_and_leaves_nothing(
    track: Track, data: Path, prepare, arguments: tuple[str, ...], fragments: list[str]
) -> None:
    prepare(data)
    before = all_files(data)
    result = track("compare", "data", *arguments)
    assert result.code == 2
    (line,) = result.err.splitlines()
    for fragment in fragments:
        assert fragment in line, line
    assert not Path("runs").exists()
    assert not Path("cache").exists()
    assert all_files(data) == before


def test_a_folder_of_pictures_is_one_source(track: Track, data: Path) -> None:
    """Also where it has folders beside them."""
    write_video(data, TWO_WALKERS, 3)
    (data / "frame.png").write_bytes(b"")
    result = track("compare", "data")
    assert result.code == 2
    assert "none of the 1 pictures in data can be decoded" in result.err
