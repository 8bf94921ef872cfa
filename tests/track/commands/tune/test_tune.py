"""`track tune` as typed: the gain it tells is that of `track mot` with `best.yaml`, it goes on, and it refuses well."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluation.pieces import Interval
from tests.track.runs import Result, Track, Walker, assert_one_line, write_sequence, write_video
from track.commands.tune.config import Outcome
from track.commands.tune.data import Clip
from track.commands.tune.report import as_yaml, verdict
from track.commands.tune.space import changed_preset
from track.terminal.interrupt import StoppedError
from tracker.presets import load_preset

WALKERS = (Walker(2, 4), Walker(80, 36, speed=-1.0))
BLIND = "base: deepsort\ntracker:\n  birth_score: 0.95\n"
"""Starts no track from a score of 0.9: any trial that lowers `birth_score` finds everybody."""
FAST = ("--reid", "none", "--trials", "6", "--out", "out")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache is the test's own."""
    monkeypatch.setattr("track.scenes.cache.cache_folder", lambda kind: tmp_path / "cache" / kind)


def truth_of(walkers: tuple[Walker, ...], num_frames: int) -> str:
    numbered = list(enumerate(walkers, start=1))
    rows = [(f + 1, number, *w.row(f)[2:6], 1, -1, -1, -1) for f in range(num_frames) for number, w in numbered]
    return "".join(",".join(map(str, row)) + "\n" for row in rows)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three sequences of 40 frames whose detections are their ground truth; and `blind.yaml`."""
    for number, name in enumerate("abc"):
        walkers = tuple(Walker(w.x, w.y + 2 * number, w.speed) for w in WALKERS)
        folder = write_sequence(tmp_path / "data" / name, walkers, 40)
        (folder / "gt").mkdir()
        (folder / "gt" / "gt.txt").write_text(truth_of(walkers, 40))
    (tmp_path / "blind.yaml").write_text(BLIND)
    return tmp_path / "data"


def facts(folder: str = "out") -> dict[str, Any]:
    content: dict[str, Any] = json.loads(Path(folder, "tune.json").read_text())
    return content


def ran(result: Result) -> Result:
    assert result.code == 0, result.err
    return result


# What it tells


def test_a_gain_is_told_and_is_that_of_track_mot_with_the_file_that_was_written(track: Track, data: Path) -> None:
    result = ran(track("tune", data, "--preset", "blind.yaml", *FAST))
    found = facts()
    assert found["is_gain"]
    assert "gain: +" in result.out
    assert "use them: track run VIDEO --tracker out/best.yaml" in result.out.replace("\\", "/")
    assert found["gain_on_what_was_left_out"]["interval"][0] > 50
    for preset, scores in (("out/best.yaml", found["tuned_scores"]), ("blind.yaml", found["preset_scores"])):
        ran(track("mot", data, "--tracker", preset, "--reid", "none", "--out", "m", "--overwrite"))
        combined = json.loads(Path("m/scores.json").read_text())["combined"]
        assert {name: round(float(combined[name]), 3) for name in scores} == scores


def test_what_cannot_be_better_is_told_to_be_no_gain(track: Track, data: Path) -> None:
    result = ran(track("tune", data, "--preset", "deepsort", *FAST))
    assert not facts()["is_gain"]
    assert "no gain: keep the preset deepsort" in result.out
    assert "use them" not in result.out
    assert load_preset("out/best.yaml").config == load_preset("deepsort").config


def test_everything_is_printed_that_was_chosen_and_left_out(track: Track, data: Path) -> None:
    result = ran(track("tune", data, "--preset", "blind.yaml", "--sequences", "a,c", *FAST))
    table = result.out.splitlines()
    assert [line.split()[0] for line in table[:7:2]] == ["measured", "tuned", "tuned", "tuned"]
    assert [part["part"] for part in facts()["left_out"]] == ["a", "c"]
    assert "gain on what was tuned: " in result.out
    assert "gain on what was left out: " in result.out
    assert "6 settings tried on 80 frames" in result.out


def test_the_same_seed_finds_the_same(track: Track, data: Path) -> None:
    for folder in ("one", "two"):
        ran(track("tune", data, "--preset", "blind.yaml", "--reid", "none", "--trials", "4", "--out", folder))
    assert Path("one/best.yaml").read_text() == Path("two/best.yaml").read_text()
    assert Path("one/study.jsonl").read_text() == Path("two/study.jsonl").read_text()


PRESETS = {
    "a shipped one: only what was changed": ("strong", "base: strong"),
    "own file: what differs": (BLIND, "base: strong"),
    "own file that counts in frames": ("base: deepsort\ntracker: {max_age: 12, birth_score: 0.95}\n", "max_age: 12"),
    "own file with reid and every": ("reid: {when: ambiguous, refresh: 9}\nevery: 2\n", "refresh: 9"),
    "own file with classes": ("tracker: {class_groups: 'car bus'}\n", "class_groups: car bus"),
}


@pytest.mark.parametrize(("preset", "expected"), PRESETS.values(), ids=PRESETS.keys())
def test_the_file_that_is_written_is_the_preset_with_what_was_changed(
    preset: str, expected: str, tmp_path: Path
) -> None:
    name = preset
    if "\n" in preset:
        name = str(tmp_path / "own.yaml")
        Path(name).write_text(preset)
    given, values = load_preset(name), {"recover_s": 1.25, "n_init": 2.0, "max_cosine_distance": 0.31}
    zero = np.zeros(3)
    outcome = Outcome(tmp_path, name, values, 5, 90, zero, zero, (), Interval(1.0, 0.5, 1.5, 9))
    changed = changed_preset(given, values)
    text = as_yaml(changed, outcome)
    (tmp_path / "best.yaml").write_text(text)
    again = load_preset(str(tmp_path / "best.yaml"))
    assert expected in text
    assert again.config == changed.config
    assert again.own_gate
    for key in ("class_groups", "reid_when", "reid_refresh", "every", "kind"):
        assert getattr(again, key) == getattr(given, key)


VERDICTS = {
    "above 0": (Interval(2.0, 0.5, 3.5, 9), "gain: +2.0, 95 % interval +0.5 to +3.5 on what was left out, over strong"),
    "around 0": (
        Interval(1.0, -0.5, 2.5, 9),
        "no gain: keep the preset strong; +1.0, 95 % interval -0.5 to +2.5 on what was left out, which may be chance",
    ),
    "below 0": (
        Interval(-2.0, -3.5, -0.5, 9),
        "no gain: keep the preset strong; -2.0, 95 % interval -3.5 to -0.5 on what was left out, worse",
    ),
}


@pytest.mark.parametrize(("gain", "said"), VERDICTS.values(), ids=VERDICTS.keys())
def test_the_verdict_is_by_the_interval(gain: Interval, said: str, tmp_path: Path) -> None:
    zero = np.zeros(3)
    assert verdict(Outcome(tmp_path, "strong", {"recover_s": 1.25}, 5, 90, zero, zero, (), gain)) == said


# What it takes


def test_a_single_sequence_is_left_out_by_halves(track: Track, data: Path) -> None:
    write_sequence(data / "long", WALKERS, 70)
    (data / "long" / "gt").mkdir()
    (data / "long" / "gt" / "gt.txt").write_text(truth_of(WALKERS, 70))
    ran(track("tune", data / "long", "--preset", "blind.yaml", *FAST))
    assert [part["part"] for part in facts()["left_out"]] == ["first half of long", "second half of long"]
    assert facts()["is_gain"]


def test_a_folder_of_videos_with_a_folder_of_ground_truth(track: Track, tmp_path: Path) -> None:
    (tmp_path / "blind.yaml").write_text(BLIND)
    (tmp_path / "gt").mkdir()
    for name in ("one", "two"):
        video, _ = write_video(tmp_path / "made" / name, WALKERS, 40)
        (tmp_path / "videos").mkdir(exist_ok=True)
        video.rename(tmp_path / "videos" / f"{name}.mp4")
        (tmp_path / "gt" / f"{name}.txt").write_text(truth_of(WALKERS, 40))
    detections = tmp_path / "made" / "one" / "clip.txt"
    result = ran(track("tune", "videos", "--gt", "gt", "--preset", "blind.yaml", "--detector", detections, *FAST))
    assert [part["part"] for part in facts()["left_out"]] == ["one", "two"]
    assert "gain: +" in result.out


def test_what_was_not_annotated_is_not_scored(track: Track, data: Path) -> None:
    (data / "a" / "gt" / "gt.txt").write_text(truth_of(WALKERS, 25))
    result = ran(track("tune", data, "--preset", "deepsort", "--reid", "none", "--trials", "2", "--out", "out"))
    assert "a: annotated up to frame 25 of 40; the rest is left out" in result.out
    assert facts()["frames"] == 25 + 40 + 40
    assert facts()["preset_scores"]["MOTA"] > 80


# Going on


def test_a_study_goes_on_and_says_so(track: Track, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    original = Clip.count
    monkeypatch.setattr(Clip, "count", lambda self, preset: (calls.append(1), original(self, preset))[1])
    typed = ("tune", data, "--preset", "blind.yaml", "--reid", "none", "--out", "out")
    ran(track(*typed, "--trials", "4"))
    first = len(calls)
    result = ran(track(*typed, "--trials", "4"))
    assert "10 trials of an earlier run are in the study, 0 are left" in result.err
    assert len(calls) - first < first / 2  # what was chosen, for the tables
    ran(track(*typed, "--trials", "5"))
    assert facts()["tried"] == 5


def test_ctrl_c_keeps_the_study_which_then_goes_on_as_if_it_had_not_come(
    track: Track, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = ("tune", data, "--preset", "blind.yaml", "--reid", "none", "--trials", "4")
    calls = []
    original = Clip.count

    def count(self: Clip, preset: Any) -> Any:
        calls.append(1)
        if len(calls) == 14:
            raise StoppedError(2, "nothing was written")
        return original(self, preset)

    with monkeypatch.context() as patch:
        patch.setattr(Clip, "count", count)
        stopped = track(*typed, "--out", "cut")
    assert stopped.code == 130
    assert "stopped by Ctrl-C: 4 trials are in cut/study.jsonl: the same with --out cut goes on" in stopped.err
    assert not Path("cut/best.yaml").exists()
    ran(track(*typed, "--out", "cut"))
    ran(track(*typed, "--out", "whole"))
    assert Path("cut/study.jsonl").read_text() == Path("whole/study.jsonl").read_text()
    assert Path("cut/best.yaml").read_text() == Path("whole/best.yaml").read_text()


OTHERS = {
    "another preset": (("--preset", "deepsort"), "is a study of another preset"),
    "another seed": (("--seed", "3"), "is a study of another --seed"),
    "other rows": (("--online",), "is a study of other rows or rules (--online, --smooth, --offline, --rules)"),
    "other data": (("--sequences", "a,b"), "is a study of other data"),
}


@pytest.mark.parametrize(("more", "expected"), OTHERS.values(), ids=OTHERS.keys())
def test_a_study_of_something_else_is_left_as_it_is(
    track: Track, data: Path, more: tuple[str, ...], expected: str
) -> None:
    ran(track("tune", data, "--reid", "none", "--trials", "2", "--out", "out"))
    before = Path("out/study.jsonl").read_bytes()
    refused = track("tune", data, "--reid", "none", "--trials", "2", "--out", "out", *more)
    assert refused.code == 2
    assert len(refused.err.splitlines()) == 1
    assert expected in refused.err
    assert "choose another --out" in refused.err
    assert Path("out/study.jsonl").read_bytes() == before


# What it refuses

BAD = {
    "no such dataset": (("nothing",), "dataset nothing not found: expected a folder of sequences or videos"),
    "no trials": (("data", "--trials", "0"), "--trials is 0, expected 2 (the preset and another)"),
    "one trial": (("data", "--trials", "1"), "--trials is 1, expected 2"),
    "a negative seed": (("data", "--seed", "-1"), "--seed is -1, expected"),
    "an unknown preset": (("data", "--preset", "strnog"), "strong"),
    "no such preset file": (("data", "--preset", "no.yaml"), "no.yaml"),
    "the reference": (("data", "--preset", "reference"), "use --preset deepsort"),
    "an unknown sequence": (("data", "--sequences", "a,x"), "unknown sequence 'x'"),
    "no ground truth": (("bare",), "bare has no gt/gt.txt, without which nothing can be scored: give --gt"),
    "a ground truth of one for several": (("data", "--gt", "data/a/gt/gt.txt"), "has no ground truth of b"),
    "no such ground truth": (("data", "--gt", "gone"), "--gt gone not found"),
    "one tiny sequence": (("tiny",), "tiny has 20 annotated frames, expected 40 or more"),
    "unknown rules": (("data", "--rules", "mot99"), "mot99"),
    "a ground truth without a row": (("hollow",), "hollow"),
    "a ground truth of another video": (("foreign",), "does not belong to foreign"),
    "a folder of nothing": (("empty",), "empty"),
    "a folder that holds something else": (("data", "--out", "data"), "data exists and is not empty"),
}


@pytest.mark.parametrize(("typed", "expected"), BAD.values(), ids=BAD.keys())
def test_bad_input(track: Track, data: Path, tmp_path: Path, typed: tuple[str, ...], expected: str) -> None:
    write_sequence(tmp_path / "bare", WALKERS, 70)
    (tmp_path / "empty").mkdir()
    for name, text in (("hollow", ""), ("foreign", truth_of((Walker(300, 4), Walker(400, 36)), 70))):
        write_sequence(tmp_path / name, WALKERS, 70)
        (tmp_path / name / "gt").mkdir()
        (tmp_path / name / "gt" / "gt.txt").write_text(text)
    write_sequence(tmp_path / "tiny", WALKERS, 20)
    (tmp_path / "tiny" / "gt").mkdir()
    (tmp_path / "tiny" / "gt" / "gt.txt").write_text(truth_of(WALKERS, 20))
    before = sorted(str(path) for path in data.rglob("*"))
    assert_one_line(track("tune", *typed, "--reid", "none"), expected)
    assert sorted(str(path) for path in data.rglob("*")) == before


def test_an_error_in_the_first_trial_leaves_nothing_behind(track: Track, data: Path) -> None:
    (data / "a" / "gt" / "labels.txt").write_text("dog\ncat\n")
    rows = (data / "a" / "gt" / "gt.txt").read_text().splitlines()
    classes = [row.replace(",-1,-1,-1", f",{1 + number % 2},1") for number, row in enumerate(rows)]
    (data / "a" / "gt" / "gt.txt").write_text("\n".join(classes) + "\n")
    refused = track("tune", data, "--reid", "none", "--out", "out")
    assert refused.code == 2
    assert "tells no classes" in refused.err
    assert not Path("out").exists()


def test_without_optuna_it_says_what_to_type(track: Track, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert_one_line(track("tune", data), "needs the package optuna; type: pip install 'track-reid[tune]'")
