"""`track mot`: each sequence as `track run` would, results in submission form, scores as of `track eval`."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.track.media import write_images
from tests.track.runs import TWO_WALKERS, Track, Walker, all_files, write_sequence
from track.commands.mot import dataset as dataset_module
from track.run.run import run
from track.run.summary import Summary

DEEPSORT = ("--tracker", "deepsort")


def _annotate(sequence: Path, num_frames: int = 20) -> None:
    """The two walkers themselves as ground truth."""
    rows = [(f, n, *w.row(f - 1)[2:6]) for f in range(1, num_frames + 1) for n, w in enumerate(TWO_WALKERS, start=1)]
    (sequence / "gt").mkdir()
    (sequence / "gt" / "gt.txt").write_text("".join(",".join(map(str, row)) + ",1,-1,-1,-1\n" for row in rows))


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """`data/seq-2` and `data/seq-10` with annotations, `data/bare` without."""
    for name in ("seq-2", "seq-10"):
        _annotate(write_sequence(tmp_path / "data" / name))
    write_sequence(tmp_path / "data" / "bare", [Walker(5, 5)])
    (tmp_path / "data" / "notes").mkdir()
    return tmp_path / "data"


def test_every_sequence_is_tracked_as_by_track_run(track: Track, dataset: Path) -> None:
    """One tracker a sequence: nothing of one shows in the next."""
    result = track("mot", "data", *DEEPSORT)
    assert result.code == 0
    assert sorted(path.name for path in Path("runs/data/data").iterdir()) == ["bare.txt", "seq-10.txt", "seq-2.txt"]
    for name in ("bare", "seq-10", "seq-2"):
        assert track("run", f"data/{name}", "--reid", "none", "--out", f"alone/{name}", *DEEPSORT).code == 0
        alone = Path(f"alone/{name}/tracks.txt").read_bytes()
        assert Path(f"runs/data/data/{name}.txt").read_bytes() == alone
        assert Path(f"runs/data/sequences/{name}/tracks.txt").read_bytes() == alone
        assert alone


def test_results_are_in_submission_form(track: Track, dataset: Path) -> None:
    track("mot", "data", *DEEPSORT)
    for path in Path("runs/data/data").iterdir():
        for line in path.read_text().splitlines():
            fields = line.split(",")
            assert (len(fields), fields[7:]) == (10, ["-1", "-1", "-1"])
            assert int(fields[0]) >= 1
            assert int(fields[1]) >= 1


def test_scores_are_those_of_track_eval(track: Track, dataset: Path) -> None:
    result = track("mot", "data", *DEEPSORT)
    assert "without ground truth, so without scores: bare" in result.out
    content = json.loads(Path("runs/data/scores.json").read_text())
    assert [entry["sequence"] for entry in content["sequences"]] == ["seq-2", "seq-10"]
    for name in ("seq-2", "seq-10"):
        evaluated = json.loads(track("eval", "--gt", f"data/{name}", "--pred", "runs/data", "--json").out)
        assert evaluated["sequences"] == [e for e in content["sequences"] if e["sequence"] == name]
    assert content["combined"]["gt_boxes"] == 80
    assert content["combined"]["IDF1"] > 90
    assert f"{content['combined']['HOTA']:#.5g}" in result.out
    assert Path("runs/data/scores.csv").read_text().count("\n") == 4


def test_without_any_ground_truth_there_are_no_scores(track: Track, dataset: Path) -> None:
    result = track("mot", "data/bare", *DEEPSORT, "--out", "o")
    assert result.code == 0
    assert "without scores: bare" in result.out
    assert sorted(path.name for path in Path("o").iterdir()) == ["data", "sequences", "submission.zip"]


def test_an_empty_ground_truth_is_none(track: Track, dataset: Path) -> None:
    """As a test split may have it."""
    (dataset / "bare" / "gt").mkdir()
    (dataset / "bare" / "gt" / "gt.txt").write_text("")
    assert "without scores: bare" in track("mot", "data/bare", *DEEPSORT).out


def _configs(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    seen: list[Any] = []

    def recording(config: Any, progress: Any) -> Any:
        seen.append(config)
        return run(config, progress)

    monkeypatch.setattr(dataset_module, "run", recording)
    return seen


OPTIONS = {
    "conf": (("--conf", "0.5"), "conf", 0.5),
    "online": (("--online",), "online", True),
    "offline": (("--offline",), "offline", True),
    "smooth": (("--smooth",), "smooth", True),
    "seed": (("--seed", "3"), "seed", 3),
    "classes": (("--classes", "person"), "classes", ("person",)),
    "device": (("--device", "cpu"), "device", "cpu"),
    "reid": (("--reid", "none"), "reid", "none"),
}


@pytest.mark.parametrize(("arguments", "name", "value"), OPTIONS.values(), ids=OPTIONS.keys())
def test_options_reach_every_run(
    track: Track,
    dataset: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    name: str,
    value: object,
) -> None:
    seen = _configs(monkeypatch)
    assert track("mot", "data", *DEEPSORT, *arguments).code == 0
    assert [getattr(config, name) for config in seen] == [value] * 3
    assert [Path(config.source).name for config in seen] == ["bare", "seq-2", "seq-10"]


def test_options_of_its_own(track: Track, dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = _configs(monkeypatch)
    result = track("mot", "data", *DEEPSORT, "--sequences", "seq-10", "--rules", "own", "--out", "o")
    assert result.code == 0
    assert [config.source for config in seen] == ["data/seq-10"]
    assert "rules: own" in result.out
    assert Path("o/data/seq-10.txt").is_file()
    assert track("mot", "data", *DEEPSORT, "--out", "o").code == 2
    assert track("mot", "data", *DEEPSORT, "--out", "o", "--overwrite").code == 0
    assert len(list(Path("o/data").iterdir())) == 3


def test_pictures_bring_the_encoder(track: Track, dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All sequences with pictures: `dogenet50`; one without: `none`, the same for all."""
    reids: list[str] = []
    monkeypatch.setattr(dataset_module, "check_possible", lambda config, source: reids.append(config.reid))
    monkeypatch.setattr(dataset_module, "run", lambda *_: (_ for _ in ()).throw(ValueError("enough")))
    for name in ("seq-2", "seq-10"):
        write_images(dataset / name / "img1", [f"{number:06d}.png" for number in range(1, 4)])
    track("mot", "data", "--sequences", "seq-2,seq-10")
    track("mot", "data")
    assert reids == ["dogenet50"] * 2 + ["none"] * 3


def test_several_classes_are_told(track: Track, dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The submission form does not tell them apart."""

    def with_car(config: Any, progress: Any) -> Summary:
        summary = run(config, progress)
        table = summary.run_dir / "tracks.csv"
        table.write_text(table.read_text().replace("person", "car", 1))
        return summary

    monkeypatch.setattr(dataset_module, "run", with_car)
    result = track("mot", "data/seq-2", *DEEPSORT)
    assert "2 classes were tracked (car, person)" in result.err
    assert "--classes car" in result.err


def test_a_signal_ends_it_with_what_is_complete(track: Track, dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import dataclasses

    def stopped_at_the_second(config: Any, progress: Any) -> Summary:
        summary = run(config, progress)
        is_second = config.source.endswith("seq-2")
        return dataclasses.replace(summary, stopped_by=2, partial=True, reason="stopped") if is_second else summary

    monkeypatch.setattr(dataset_module, "run", stopped_at_the_second)
    result = track("mot", "data", *DEEPSORT)
    assert result.code == 130
    assert "stopped: 1 of 3 sequences are complete" in result.out
    assert [path.name for path in Path("runs/data/data").iterdir()] == ["bare.txt"]
    rows = [line.split()[:2] for line in result.out.splitlines()]
    assert ["seq-2", "(stopped)"] in rows
    assert ["bare", "(stopped)"] not in rows
    assert f"results: {Path('runs/data/data')} " in result.out
    alone = track("mot", "data/seq-2", *DEEPSORT, "--out", "alone")
    assert (alone.code, "stopped: 0 of 1 sequences are complete" in alone.out) == (130, True)
    assert "results:" not in alone.out, "no such folder came about"


def _no_detections(dataset: Path) -> None:
    (dataset / "seq-2" / "det" / "det.txt").unlink()


def _broken_detections(dataset: Path) -> None:
    (dataset / "seq-2" / "det" / "det.txt").write_text("1,-1,x,1,5,5,0.9\n")


def _broken_elsewhere(dataset: Path) -> None:
    """Detections of one's own: a folder with a file for each sequence, the last one damaged."""
    found = dataset.parent / "found"
    found.mkdir()
    rows = np.array([[1, -1, 5, 5, 10, 20, 0.9]])
    for name in sorted(path.name for path in dataset.iterdir() if (path / "det").is_dir()):
        np.save(found / f"{name}.npy", rows if name != "seq-2" else rows[:, :3])


def _broken_truth(dataset: Path) -> None:
    (dataset / "seq-2" / "gt" / "gt.txt").write_text("1,1,x,1,5,5,1\n")


def _no_ini(dataset: Path) -> None:
    (dataset / "seq-2" / "seqinfo.ini").unlink()


def _deeper(dataset: Path) -> None:
    dataset.rename(dataset.parent / "mot")
    (dataset / "void").mkdir(parents=True)
    (dataset.parent / "mot").rename(dataset / "train")


BAD: dict[str, tuple[Any, tuple[str, ...], list[str]]] = {
    "no such folder": (None, ("no",), ["dataset no not found"]),
    "no sequences": (None, ("data/notes",), ["no sequence in data/notes", "seqinfo.ini"]),
    "a folder above": (_deeper, ("data",), ["no sequence in data", "track mot data/train"]),
    "unknown sequence": (None, ("data", "--sequences", "seq-3"), ["'seq-3'", "seq-2"]),
    "no detections": (_no_detections, ("data",), ["seq-2", "det/det.txt", "--detector yolo"]),
    "broken detections": (_broken_detections, ("data",), ["seq-2", "line 1"]),
    "broken detections of one's own": (_broken_elsewhere, ("data", "--detector", "found"), ["found/seq-2.npy"]),
    "broken ground truth": (_broken_truth, ("data",), ["seq-2", "gt.txt, line 1", "'x'"]),
    "no seqinfo.ini": (_no_ini, ("data",), ["seq-2", "seqinfo.ini"]),
    "encoder without pictures": (None, ("data", "--reid", "small-cnn"), ["--reid small-cnn looks at images"]),
    "detector without pictures": (None, ("data", "--detector", "motion"), ["--detector motion looks at images"]),
    "unknown rules": (None, ("data", "--rules", "mot99"), ["'mot99'"]),
    "unknown preset": (None, ("data", "--tracker", "strng"), ["'strng'"]),
    "out that holds files": (None, ("data", "--out", "data"), ["data exists and is not empty"]),
}


@pytest.mark.parametrize(("spoil", "arguments", "fragments"), BAD.values(), ids=BAD.keys())
def test_what_is_wrong_shows_before_anything_is_tracked(
    track: Track, dataset: Path, spoil: Any, arguments: tuple[str, ...], fragments: list[str]
) -> None:
    """Also of the last sequence; and nothing is written."""
    if spoil is not None:
        spoil(dataset)
    before = all_files(dataset.parent)
    result = track("mot", *arguments)
    assert (result.code, result.out, len(result.err.splitlines())) == (2, "", 1)
    assert result.err.startswith("track: error: ")
    for fragment in fragments:
        assert fragment in result.err, result.err
    assert all_files(dataset.parent) == before


def test_the_zip_is_what_the_challenge_takes(track: Track, dataset: Path) -> None:
    """The results and nothing else, without a folder; the same bytes again for the same results."""
    result = track("mot", "data", *DEEPSORT)
    assert "to be handed in: runs/data/submission.zip" in result.out
    with zipfile.ZipFile("runs/data/submission.zip") as archive:
        assert archive.namelist() == ["bare.txt", "seq-2.txt", "seq-10.txt"]
        for name in archive.namelist():
            assert archive.read(name) == (Path("runs/data/data") / name).read_bytes()
    first = Path("runs/data/submission.zip").read_bytes()
    assert track("mot", "data", *DEEPSORT, "--out", "runs/data", "--overwrite").code == 0
    assert Path("runs/data/submission.zip").read_bytes() == first


def test_scores_for_a_paper(track: Track, dataset: Path) -> None:
    latex, markdown = (track("mot", "data", *DEEPSORT, form).out for form in ("--latex", "--markdown"))
    assert r"\begin{tabular}{lrrrrrrrr}" in latex
    assert "| sequence | HOTA |" in markdown
    assert "--markdown and --latex exclude each other" in track("mot", "data", "--latex", "--markdown").err
