"""What the names on the command line come to mean, and what a run without tracks advises."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from tests.track.runs import Track, Walker, read_summary, write_sequence, write_video
from track.rows.backfill import Backfill
from track.setup import loading
from track.setup.config import RunConfig
from track.sources import Frame
from tracker import DeepSort


def test_auto_takes_the_public_detections_of_a_sequence_without_images(track: Track, tmp_path: Path) -> None:
    assert track("run", write_sequence(tmp_path / "seq"), "--reid", "none", "--out", "out").code == 0
    assert read_summary(Path("out"))["configuration"]["detector"] == {"asked": "auto", "used": "public"}


def test_without_images_the_encoder_is_none_unless_one_was_asked_for(track: Track, tmp_path: Path) -> None:
    sequence = write_sequence(tmp_path / "seq")
    assert track("run", sequence, "--out", "by-itself").code == 0
    assert track("run", sequence, "--reid", "none", "--out", "asked").code == 0
    assert read_summary(Path("by-itself"))["configuration"]["reid"]["name"] == "none"
    assert Path("by-itself/tracks.txt").read_bytes() == Path("asked/tracks.txt").read_bytes()
    asked = track("run", sequence, "--reid", "dogenet50", "--out", "refused")
    assert asked.code == 2
    assert "--reid dogenet50 looks at images" in asked.err


@pytest.mark.parametrize(
    ("source", "detector", "tracker", "expected"),
    [
        pytest.param("clip", "clip.txt", "strong", {"used": True, "num_frames": 11}, id="measured"),
        pytest.param("clip", "clip.txt", "deepsort", {"used": False, "reason": "is off in deepsort"}, id="not wanted"),
        pytest.param("clip", "motion", "strong", {"used": False, "reason": "to stand still"}, id="camera stands still"),
        pytest.param("seq", "public", "strong", {"used": False, "reason": "has no pictures"}, id="no pictures"),
    ],
)
def test_the_summary_tells_once_whether_the_camera_was_measured_and_why(
    track: Track, tmp_path: Path, source: str, detector: str, tracker: str, expected: dict[str, Any]
) -> None:
    write_sequence(tmp_path / "seq")
    write_video(tmp_path)
    name = {"clip": "clip.mp4"}.get(source, source)
    options = ("--detector", detector, "--tracker", tracker, "--reid", "none", "--no-video", "--out", "o")
    assert track("run", name, *options).code == 0
    configuration = read_summary(Path("o"))["configuration"]
    camera = configuration["camera_motion"]
    assert configuration["tracker"]["camera_motion"] is camera["used"] is expected["used"]
    assert camera.get("num_frames") == expected.get("num_frames")
    assert expected.get("reason", "") in camera.get("reason", "")


CAREFUL = "base: deepsort\ntracker: {birth_score: 0.4}\n"


@pytest.mark.parametrize(
    ("walkers", "preset", "advice"),
    [
        pytest.param((), "strong", "the detector found no object; try a lower --conf", id="no detection"),
        pytest.param((Walker(2, 4, last=1),), "strong", "in enough frames in a row", id="a single sight"),
        pytest.param((Walker(2, 4, last=2),), "deepsort", "in enough frames in a row", id="two sights of three"),
        pytest.param((Walker(2, 4, score=0.2),), "careful.yaml", "surely enough; try", id="too weak for the preset"),
    ],
)
def test_a_run_without_tracks_says_what_to_try(
    track: Track, tmp_path: Path, walkers: tuple[Walker, ...], preset: str, advice: str
) -> None:
    Path("careful.yaml").write_text(CAREFUL)
    done = track("run", write_sequence(tmp_path / "seq", walkers), "--reid", "none", "--tracker", preset, "--out", "o")
    assert done.code == 0
    assert done.out.count("nothing was tracked: ") == 1
    assert " 0 matches" not in done.out, "appearance had nothing to decide"
    assert advice in done.out


def test_strong_tracks_what_comes_back_in_every_frame_however_low_its_scores(track: Track, tmp_path: Path) -> None:
    sequence = write_sequence(tmp_path / "seq", (Walker(2, 4, score=0.2),))
    told = track("run", sequence, "--reid", "none", "--out", "o").out
    assert "1 person\n20 frames, 20 detections\n19 matches" in told


def test_a_run_that_looks_too_seldom_is_told_so(track: Track, tmp_path: Path) -> None:
    done = track("run", write_sequence(tmp_path / "seq"), "--reid", "none", "--every", "15", "--out", "o")
    assert "--every 15 looks seldom" in done.out


def test_a_run_with_tracks_gives_no_advice(track: Track, tmp_path: Path) -> None:
    assert "nothing was tracked" not in track("run", write_sequence(tmp_path / "seq"), "--reid", "none").out


def test_detections_of_frames_beyond_the_source_are_told(track: Track, tmp_path: Path) -> None:
    sequence = write_sequence(tmp_path / "seq", num_frames=10, extra=[(99, -1, 1, 1, 5, 5, 0.9)])
    assert "1 detection in" in track("run", sequence, "--reid", "none", "--out", "out").err
    assert "are they of this source?" in read_summary(Path("out"))["warnings"][0]


@pytest.mark.parametrize(
    ("scale", "is_told"),
    [
        pytest.param(1, False, id="as they are"),
        pytest.param(2, True, id="of pictures twice as large"),
        pytest.param(0.5, False, id="of pictures half as large: they may well be right"),
    ],
)
def test_boxes_of_pictures_of_another_size_are_told(track: Track, tmp_path: Path, scale: float, is_told: bool) -> None:
    """`track eval` sees that they do not overlap the ground truth; a run has only the size of its picture."""
    video, _ = write_video(tmp_path / "v", num_frames=10)  # 96x64 px
    rows = [f"{frame},-1,{60 * scale},{10 * scale},{20 * scale},{30 * scale},0.9\n" for frame in range(1, 11)]
    Path("found.txt").write_text("".join(rows))
    done = track("run", video, "--detector", "found.txt", "--reid", "none", "--no-video", "--out", "o")
    assert ("100 % of the boxes in found.txt lie outside the picture (96x64 px)" in done.err) == is_told
    assert ("warning" in done.err) == is_told


def test_no_more_frames_are_held_back_than_fit() -> None:
    tracker, backfill, released = DeepSort(), Backfill(max_frames=3), []
    for index in range(10):
        confirmed = tracker.update([[0, 0, 10, 20]], [0.9]) if index == 0 else tracker.coast()
        final = backfill.push(Frame(index, index / 10, None), confirmed, tracker.tentative())
        released += [frame.index for frame, _ in final]
    assert released == list(range(7))


def test_the_motion_detector_waits_until_the_encoder_is_there(
    track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start without converted weights imports PyTorch, and SciPy must not be imported beside it."""
    beside: list[str] = []
    load = loading.load_encoder

    def slow(config: RunConfig) -> object:
        beside.extend(thread.name for thread in threading.enumerate())
        return load(config)

    monkeypatch.setattr(loading, "load_encoder", slow)
    video, _ = write_video(tmp_path / "v")
    assert track("run", video, "--detector", "motion", "--reid", "none", "--no-video", "--out", "o").code == 0
    assert beside
    assert "load-detector" not in beside
