"""A whole run: the same each time, its files in step with each other, and complete however it ends."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.track.runs import (
    FAST,
    ROOT,
    TWO_WALKERS,
    Track,
    Walker,
    num_pictures,
    read_csv,
    read_summary,
    read_txt,
    run_config,
    write_sequence,
    write_video,
)
from track.run.run import run
from track.terminal.progress import Silent
from tracker.offline.smoothing import smooth_track

TEXTS = ("tracks.txt", "tracks.csv")


def _bytes(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in TEXTS]


@pytest.mark.parametrize("options", [{}, {"smooth": True}, {"online": True}, {"every": 2}], ids=str)
def test_two_runs_are_byte_identical(tmp_path: Path, options: dict[str, Any]) -> None:
    clip, detections = write_video(tmp_path)
    for name in "ab":
        run(run_config(clip, detections, tmp_path / name, video=False, **options), Silent())
    assert _bytes(tmp_path / "a") == _bytes(tmp_path / "b")
    assert len(read_txt(tmp_path / "a")) > 10


def test_two_runs_with_an_encoder_are_byte_identical(tmp_path: Path) -> None:
    clip, detections = write_video(tmp_path, num_frames=6)
    for name in "ab":
        run(run_config(clip, detections, tmp_path / name, reid="small-cnn", device="cpu", video=False), Silent())
    assert _bytes(tmp_path / "a") == _bytes(tmp_path / "b")


def test_two_videos_in_one_process_equal_two_processes(tmp_path: Path) -> None:
    """No state is left between runs: ids start from 1 again, and boxes are the same."""
    first = write_sequence(tmp_path / "first")
    second = write_sequence(tmp_path / "second", [Walker(20, 5, 0.5), *TWO_WALKERS], num_frames=25)
    for sequence in (first, second):
        run(run_config(sequence, "public", tmp_path / f"here-{sequence.name}"), Silent())
        command = [sys.executable, "-m", "track", "run", str(sequence), "--detector", "public", *FAST]
        command += ["--out", str(tmp_path / f"there-{sequence.name}")]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        here, there = tmp_path / f"here-{sequence.name}", tmp_path / f"there-{sequence.name}"
        assert _bytes(here) == _bytes(there)
        assert read_txt(here)[:, 1].min() == 1


@pytest.mark.parametrize("options", [{}, {"smooth": True}, {"start_s": 0.3, "every": 2}], ids=str)
def test_txt_and_csv_tell_the_same(tmp_path: Path, options: dict[str, Any]) -> None:
    """Frames from 1, box for box; MOTChallenge has width and height, and -1 for no score."""
    clip, detections = write_video(tmp_path)
    run(run_config(clip, detections, tmp_path / "o", video=False, **options), Silent())
    text, table = read_txt(tmp_path / "o"), read_csv(tmp_path / "o")
    assert len(text) == len(table) > 5
    for row, named in zip(text, table, strict=True):
        x1, y1, x2, y2 = (float(named[key]) for key in ("x1", "y1", "x2", "y2"))
        assert (row[0], row[1]) == (int(named["frame"]), int(named["id"]))
        np.testing.assert_allclose(row[2:6], [x1, y1, x2 - x1, y2 - y1], atol=1.01e-4)
        assert row[6] == (float(named["score"]) if named["score"] else -1.0)
        assert float(named["time_s"]) == pytest.approx((row[0] - 1) / 10, abs=1e-4)
    assert text[0, 0] == (4 if options.get("start_s") else 1)
    assert (np.diff(text[:, 0]) >= 0).all()


def test_boxes_follow_what_was_detected(tmp_path: Path) -> None:
    """The oracle is the scene itself: two people, each one id, within 1.5 px all the way."""
    sequence = write_sequence(tmp_path / "s", num_frames=30)
    run(run_config(sequence, "public", tmp_path / "o"), Silent())
    rows = read_txt(tmp_path / "o")
    assert len(rows) == 60
    for track_id, walker in ((1, TWO_WALKERS[0]), (2, TWO_WALKERS[1])):
        own = rows[rows[:, 1] == track_id]
        expected = np.array([walker.row(frame)[2:6] for frame in range(30)])
        np.testing.assert_allclose(own[:, 2:6], expected, atol=1.5)


@pytest.mark.parametrize("smooth", [False, True], ids=["plain", "--smooth"])
def test_video_has_the_frames_of_the_source(tmp_path: Path, smooth: bool) -> None:
    clip, detections = write_video(tmp_path)
    summary = run(run_config(clip, detections, tmp_path / "o", smooth=smooth), Silent())
    assert num_pictures(tmp_path / "o" / "annotated.mp4") == num_pictures(clip) == summary.counts["frames"] == 12
    with av.open(str(tmp_path / "o" / "annotated.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, float(stream.average_rate)) == (96, 64, 10.0)


def test_the_last_frames_are_written_while_somebody_is_tentative(tmp_path: Path) -> None:
    """Two frames wait for a newcomer when the source ends; the others' boxes in them are not lost."""
    sequence = write_sequence(tmp_path / "s", [Walker(2, 4), Walker(60, 30, first=18)])
    summary = run(run_config(sequence, "public", tmp_path / "o"), Silent())
    assert summary.counts["frames"] == 20
    assert read_txt(tmp_path / "o")[:, 0].tolist() == list(range(1, 21))


def test_smoothing_starts_from_the_detections(tmp_path: Path) -> None:
    """Not from boxes that a filter has smoothed before: the oracle is `smooth_track` of what was detected."""
    shaky = [Walker(2, 10 + 2 * (frame % 2), first=frame, last=frame + 1) for frame in range(20)]
    run(run_config(write_sequence(tmp_path / "s", shaky), "public", tmp_path / "o", smooth=True), Silent())
    tlwh = np.array([walker.row(frame)[2:6] for frame, walker in enumerate(shaky)])
    expected = smooth_track(np.arange(20), np.column_stack((tlwh[:, :2], tlwh[:, :2] + tlwh[:, 2:])))
    found = read_txt(tmp_path / "o")[:, 2:6]
    np.testing.assert_allclose(np.column_stack((found[:, :2], found[:, :2] + found[:, 2:])), expected, atol=1e-3)


def test_source_without_images_says_that_there_is_no_video(track: Track, tmp_path: Path) -> None:
    sequence = write_sequence(tmp_path / "s")
    loud = track("run", sequence, "--detector", "public", *FAST, "--out", "a")
    quiet = track("run", sequence, "--detector", "public", *FAST, "--out", "b", "--no-video")
    assert loud.err.splitlines() == ["warning: no annotated.mp4: s has no images to draw on"]
    assert quiet.err == ""
    assert read_summary(Path("a"))["warnings"] == ["no annotated.mp4: s has no images to draw on"]


@pytest.mark.parametrize("options", [(), ("--smooth",)], ids=["plain", "--smooth"])
def test_table_at_the_end(track: Track, tmp_path: Path, options: tuple[str, ...]) -> None:
    """Files, ids, and the speed by stage in the order in which a frame meets them."""
    clip, detections = write_video(tmp_path)
    result = track("run", clip, "--detector", detections, *FAST, "--out", "o", *options)
    lines = result.out.splitlines()
    assert lines[:2] == ["2 people", "12 frames, 24 detections"]
    files = ["annotated.mp4", "tracks.txt", "tracks.csv", "identities.csv", "summary.json"]
    end = lines.index("results:")
    assert lines[end + 1 :] == [f"o/{name}" for name in files]
    heading = next(number for number, line in enumerate(lines) if line.split() == ["stage", "ms/frame", "share"])
    between = lines.index("at the same time, in threads of their own, so that it adds nothing:")
    own, beside = (
        [line[:18].strip() for line in part] for part in (lines[heading + 1 : between], lines[between + 1 : end])
    )
    smooth = ["smooth"] if options else []
    assert own == ["wait for frames", "detect", "embed", "associate", *smooth, "write", "wait for video"]
    assert beside == ["read", "draw and encode"]
    assert len([line for line in lines if "most of the time goes here" in line]) == 1
    assert set(read_summary(Path("o"))["stages_ms"]) == {*own, *beside}


def test_shares_of_the_stages_that_follow_one_another_never_exceed_the_whole(track: Track, tmp_path: Path) -> None:
    """Those in threads of their own have none: the time that a decoder took beside the rest would make it 150 %."""
    clip, detections = write_video(tmp_path)
    result = track("run", clip, "--detector", detections, *FAST, "--out", "o")
    shares = [int(share) for share in re.findall(r"(\d+) %", result.out)]
    assert 0 < sum(shares) <= 100 + len(shares) / 2


def test_stages_of_the_main_thread_add_up_to_the_run(tmp_path: Path) -> None:
    """Those with threads of their own aside, no stage is counted twice, and none takes longer than the run."""
    clip, detections = write_video(tmp_path, num_frames=20)
    summary = run(run_config(clip, detections, tmp_path / "o"), Silent())
    main = [ms for stage, ms in summary.stages_ms.items() if stage not in ("read", "draw and encode")]
    assert 0 < sum(main) <= 1000 * summary.seconds["run"] / 20
    assert min(summary.stages_ms["read"], summary.stages_ms["draw and encode"]) > 0
