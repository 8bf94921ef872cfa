"""`summary.json`: what was asked for, what happened, how fast, and what appearance did."""

from __future__ import annotations

import importlib.metadata
import json
import math
import platform
from pathlib import Path

import pytest

from tests.track.runs import FAST, Track, Walker, read_csv, read_summary, write_sequence, write_video
from track.files.versions import versions
from track.run.clock import STAGES, StageClock
from track.run.summary import Summary


def test_configuration_is_the_resolved_one(track: Track, tmp_path: Path) -> None:
    """Every setting, the tracker's as well, defaults included: enough to run it again."""
    (tmp_path / "own.yaml").write_text("tracker: {max_age: 7}")
    clip, detections = write_video(tmp_path)
    track("run", clip, *FAST, "--detector", detections, "--tracker", "own.yaml", "--end", "1", "--out", "o")
    configuration = read_summary(Path("o"))["configuration"]
    assert configuration["source"] == str(clip)
    assert configuration["detector"] == {"asked": str(detections), "used": "public"}
    assert configuration["reid"]["name"] == "none"
    assert (configuration["start_s"], configuration["end_s"], configuration["every"]) == (0.0, 1.0, 1)
    tracker = configuration["tracker"]
    assert (tracker["preset"], tracker["max_age"], tracker["n_init"]) == ("own.yaml", 7, 3)
    assert tracker["max_cosine_distance"] == 0.2


def test_counts(track: Track, tmp_path: Path) -> None:
    """One person all the time, one for two frames only: 20 + 2 detections, one id, one track that died tentative."""
    sequence = write_sequence(tmp_path / "s", [Walker(2, 4), Walker(60, 30, first=5, last=7)])
    track("run", sequence, *FAST, "--detector", "public", "--out", "o")
    counts = read_summary(Path("o"))["counts"]
    assert counts == {
        "frames": 20,
        "detections": 22,
        "rejected_detections": {},
        "crops_embedded": 0,
        "crops_saved": 0,
        "ids": 1,
        "rows": 20,
        "tracks_never_confirmed": 1,
    }
    assert counts["rows"] == len(read_csv(Path("o")))


@pytest.mark.parametrize("options", [(), ("--no-video",), ("--smooth",)], ids=["all", "--no-video", "--smooth"])
def test_files_and_speed(track: Track, tmp_path: Path, options: tuple[str, ...]) -> None:
    clip, detections = write_video(tmp_path)
    track("run", clip, *FAST, "--detector", detections, "--out", "o", *options)
    summary = read_summary(Path("o"))
    assert sorted(path.name for path in Path("o").iterdir()) == sorted(summary["files"])
    assert summary["fps"] == pytest.approx(12 / summary["seconds"]["run"], rel=1e-3)
    assert summary["seconds"]["load"] > 0
    assert set(summary["stages_ms"]) <= set(STAGES)
    assert summary["overlapping_stages"] == ["read"] + ["draw and encode"] * (options != ("--no-video",))
    assert ("draw and encode" in summary["stages_ms"]) == (options != ("--no-video",))
    assert (summary["partial"], summary["reason"], summary["stopped_by"]) == (False, None, None)
    assert summary["source"]["frames_read"] == summary["source"]["num_frames"] == 12


def test_appearance_in_a_run_with_an_encoder(track: Track, tmp_path: Path) -> None:
    clip, detections = write_video(tmp_path, num_frames=8)
    options = ("--reid", "small-cnn", "--device", "cpu", "--no-video", "--tracker", "deepsort")
    result = track("run", clip, *options, "--detector", detections, "--out", "o")
    appearance = read_summary(Path("o"))["appearance"]
    assert set(appearance) == {"matches", "by_appearance", "appearance_decided", "recovered", "vetoed"}
    assert appearance["matches"] == 14, "each of two people is matched in each frame after the first"
    assert 0 < appearance["by_appearance"] <= 14
    assert "appearance decided" in result.out


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        pytest.param((9, 0, 0, 0, 0), "appearance decided none of 9 matches", id="an encoder without a say"),
        pytest.param((1, 0, 0, 0, 0), "appearance decided none of 1 match", id="a single match"),
        pytest.param((0, 0, 0, 0, 0), "", id="nothing was tracked"),
        pytest.param(
            (9, 7, 2, 1, 0),
            "appearance decided 2 of 9 matches, recovered 1 lost track, vetoed 0",
            id="an encoder",
        ),
        pytest.param(
            (9, 0, 0, 0, 4),
            "appearance decided 0 of 9 matches, recovered 0 lost tracks, vetoed 4",
            id="an encoder that only refused",
        ),
    ],
)
def test_appearance_line(facts: tuple[int, ...], line: str) -> None:
    names = ("matches", "by_appearance", "appearance_decided", "recovered", "vetoed")
    assert Summary(Path(), appearance=dict(zip(names, facts, strict=True))).appearance_line() == line


def test_without_an_encoder_appearance_is_not_spoken_of() -> None:
    summary = Summary(Path(), configuration={"reid": {"name": "none"}}, appearance={"matches": 9})
    assert summary.appearance_line() == "9 matches by overlap alone (--reid none)"


def test_versions() -> None:
    """Of what is installed, Python first."""
    found = versions()
    assert found["python"] == platform.python_version()
    assert found["numpy"] == importlib.metadata.version("numpy")
    assert found["torch"] == importlib.metadata.version("torch")


def test_a_package_that_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert list(versions()) == ["python"]


def test_summary_is_json_for_every_reader(tmp_path: Path) -> None:
    """No NaN or Infinity, which JSON does not know; letters as they are."""
    summary = Summary(tmp_path, fps=math.inf, source={"name": "Größe", "path": Path("a/b"), "fps": math.nan})
    text = summary.write().read_text(encoding="utf-8")
    content = json.loads(text, parse_constant=pytest.fail)
    assert content["fps"] is None
    assert content["source"] == {"name": "Größe", "path": "a/b", "fps": None}
    assert "Größe" in text
    assert content["files"] == ["summary.json"]


def test_stage_clock_orders_by_the_pipeline() -> None:
    """Whatever ran first; a stage that nobody listed comes last."""
    clock = StageClock()
    for stage in ("new stage", "draw and encode", "detect", "read", "detect"):
        clock.add(stage, 1.0)
    assert clock.in_order() == {"read": 1.0, "detect": 2.0, "draw and encode": 1.0, "new stage": 1.0}
    assert list(clock.in_order()) == ["read", "detect", "draw and encode", "new stage"]


def test_stage_clock_counts_a_stage_that_failed() -> None:
    clock = StageClock()
    with pytest.raises(ValueError), clock.stage("detect"):
        raise ValueError
    assert clock.seconds["detect"] >= 0
    first = clock.restart()
    assert first >= 0
    assert clock.elapsed() >= 0
