"""A whole run: the same each time, its files in step with each other, and complete however it ends."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import av
import numpy as np
import pytest

import app.setup
from app.config import RunConfig, load_preset
from app.progress import Silent
from app.run import PartialRunError, run
from app.sinks import OutputError
from app.sinks import partial as sinks_partial
from app.sinks.video import AnnotatedVideo
from detectors import Detections
from tests.app.media import write_clip
from tests.app.runs import (
    FAST,
    TWO_WALKERS,
    Track,
    Walker,
    read_csv,
    read_summary,
    read_txt,
    write_sequence,
    write_video,
)
from tracker.smoothing import smooth_track

ROOT = Path(__file__).resolve().parents[2]
TEXTS = ("tracks.txt", "tracks.csv")


def _config(source: Path, detector: Path | str, out: Path, **more: Any) -> RunConfig:
    options = {"reid": "none", "tracker": load_preset("deepsort"), **more}
    return RunConfig(str(source), detector=str(detector), out=out, **options)


def _num_pictures(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def _bytes(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in TEXTS]


@pytest.mark.parametrize("options", [{}, {"smooth": True}, {"online": True}, {"every": 2}], ids=str)
def test_two_runs_are_byte_identical(tmp_path: Path, options: dict[str, Any]) -> None:
    clip, detections = write_video(tmp_path)
    for name in "ab":
        run(_config(clip, detections, tmp_path / name, video=False, **options), Silent())
    assert _bytes(tmp_path / "a") == _bytes(tmp_path / "b")
    assert len(read_txt(tmp_path / "a")) > 10


def test_two_runs_with_an_encoder_are_byte_identical(tmp_path: Path) -> None:
    clip, detections = write_video(tmp_path, num_frames=6)
    for name in "ab":
        run(_config(clip, detections, tmp_path / name, reid="small-cnn", device="cpu", video=False), Silent())
    assert _bytes(tmp_path / "a") == _bytes(tmp_path / "b")


def test_two_videos_in_one_process_equal_two_processes(tmp_path: Path) -> None:
    """No state is left between runs: ids start from 1 again, and boxes are the same."""
    first = write_sequence(tmp_path / "first")
    second = write_sequence(tmp_path / "second", [Walker(20, 5, 0.5), *TWO_WALKERS], num_frames=25)
    for sequence in (first, second):
        run(_config(sequence, "public", tmp_path / f"here-{sequence.name}"), Silent())
        command = [sys.executable, "-m", "app", "run", str(sequence), "--detector", "public", *FAST]
        command += ["--out", str(tmp_path / f"there-{sequence.name}")]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        here, there = tmp_path / f"here-{sequence.name}", tmp_path / f"there-{sequence.name}"
        assert _bytes(here) == _bytes(there)
        assert read_txt(here)[:, 1].min() == 1


@pytest.mark.parametrize("options", [{}, {"smooth": True}, {"start_s": 0.3, "every": 2}], ids=str)
def test_txt_and_csv_tell_the_same(tmp_path: Path, options: dict[str, Any]) -> None:
    """Frames from 1, box for box; MOTChallenge has width and height, and -1 for no score."""
    clip, detections = write_video(tmp_path)
    run(_config(clip, detections, tmp_path / "o", video=False, **options), Silent())
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
    run(_config(sequence, "public", tmp_path / "o"), Silent())
    rows = read_txt(tmp_path / "o")
    assert len(rows) == 60
    for track_id, walker in ((1, TWO_WALKERS[0]), (2, TWO_WALKERS[1])):
        own = rows[rows[:, 1] == track_id]
        expected = np.array([walker.row(frame)[2:6] for frame in range(30)])
        np.testing.assert_allclose(own[:, 2:6], expected, atol=1.5)


@pytest.mark.parametrize("smooth", [False, True], ids=["plain", "--smooth"])
def test_video_has_the_frames_of_the_source(tmp_path: Path, smooth: bool) -> None:
    clip, detections = write_video(tmp_path)
    summary = run(_config(clip, detections, tmp_path / "o", smooth=smooth), Silent())
    assert _num_pictures(tmp_path / "o" / "annotated.mp4") == _num_pictures(clip) == summary.counts["frames"] == 12
    with av.open(str(tmp_path / "o" / "annotated.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, float(stream.average_rate)) == (96, 64, 10.0)


def test_the_last_frames_are_written_while_somebody_is_tentative(tmp_path: Path) -> None:
    """Two frames wait for a newcomer when the source ends; the others' boxes in them are not lost."""
    sequence = write_sequence(tmp_path / "s", [Walker(2, 4), Walker(60, 30, first=18)])
    summary = run(_config(sequence, "public", tmp_path / "o"), Silent())
    assert summary.counts["frames"] == 20
    assert read_txt(tmp_path / "o")[:, 0].tolist() == list(range(1, 21))


def test_smoothing_starts_from_the_detections(tmp_path: Path) -> None:
    """Not from boxes that a filter has smoothed before: the oracle is `smooth_track` of what was detected."""
    shaky = [Walker(2, 10 + 2 * (frame % 2), first=frame, last=frame + 1) for frame in range(20)]
    run(_config(write_sequence(tmp_path / "s", shaky), "public", tmp_path / "o", smooth=True), Silent())
    tlwh = np.array([walker.row(frame)[2:6] for frame, walker in enumerate(shaky)])
    expected = smooth_track(np.arange(20), np.column_stack((tlwh[:, :2], tlwh[:, :2] + tlwh[:, 2:])))
    found = read_txt(tmp_path / "o")[:, 2:6]
    np.testing.assert_allclose(np.column_stack((found[:, :2], found[:, :2] + found[:, 2:])), expected, atol=1e-3)


def test_a_signal_before_the_reader_starts(track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no reader to be stopped yet; the run must not go on to the end of the source."""
    clip, detections = write_video(tmp_path)
    monkeypatch.setattr("app.outputs.Outputs.open_video", lambda *_: signal.raise_signal(signal.SIGINT))
    result = track("run", clip, "--detector", detections, *FAST, "--out", "o")
    assert result.code == 130
    assert read_summary(Path("o"))["counts"]["frames"] == 0


class _Failing:
    """A detector that works for some frames, then raises."""

    name = "fake"
    class_names: Mapping[int, str] = MappingProxyType({0: "person"})
    needs_images = True

    def __init__(self, error: Exception, good_frames: int) -> None:
        self._error, self._good_frames = error, good_frames

    def detect(self, image: Any, frame_index: int) -> Detections:
        if frame_index >= self._good_frames:
            raise self._error
        box = np.array([[10 + frame_index, 10, 30 + frame_index, 50]], np.float32)
        return Detections(box, np.full(1, 0.9, np.float32), np.zeros(1, np.int64))


@pytest.mark.parametrize("options", [(), ("--smooth",), ("--online",)], ids=["plain", "smooth", "online"])
@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        pytest.param(ValueError("a bad frame"), 2, "track: error: a bad frame; what", id="known kind"),
        pytest.param(KeyError("x"), 1, "track: error: unexpected KeyError: 'x' (rerun with --debug", id="unexpected"),
    ],
)
def test_detector_that_fails_on_the_way(
    track: Track,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    error: Exception,
    code: int,
    line: str,
) -> None:
    """The seven frames before are in every file, none is missing at the end; one line says so."""
    clip, _ = write_video(tmp_path)
    monkeypatch.setattr(app.setup, "create_detector", lambda *_: _Failing(error, good_frames=7))
    result = track("run", clip, *FAST, "--out", "o", *options)
    summary = read_summary(Path("o"))
    assert result.code == code
    assert result.err.startswith(line)
    assert result.err.endswith("what was tracked before is in o\n")
    assert len(result.err.splitlines()) == 1
    assert (summary["partial"], summary["reason"]) == (True, str(error))
    assert summary["files"] == ["annotated.mp4", "tracks.txt", "tracks.csv", "summary.json"]
    assert sorted(path.name for path in Path("o").iterdir()) == sorted(summary["files"])
    assert sorted(set(read_txt(Path("o"))[:, 0])) == list(range(3 if options == ("--online",) else 1, 8))
    assert _num_pictures(Path("o/annotated.mp4")) == 7


def test_python_callers_get_the_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip, _ = write_video(tmp_path)
    cause = ValueError("a bad frame")
    monkeypatch.setattr(app.setup, "create_detector", lambda *_: _Failing(cause, good_frames=2))
    with pytest.raises(PartialRunError) as caught:
        run(_config(clip, "any", tmp_path / "o"), Silent())
    assert caught.value.cause is caught.value.__cause__ is cause
    assert caught.value.run_dir == tmp_path / "o"


def test_damage_is_told_when_the_run_ends_early_as_well(
    track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The source itself tells it at its end only."""
    clip = write_clip(tmp_path / "clip.mp4", 60, gop=10)
    data = bytearray(clip.read_bytes())
    data[len(data) // 5 : len(data) // 5 + 120] = np.random.default_rng(1).bytes(120)
    clip.write_bytes(data)
    monkeypatch.setattr(app.setup, "create_detector", lambda *_: _Failing(ValueError("bad"), good_frames=45))
    assert track("run", clip, *FAST, "--no-video", "--out", "o").code == 2
    summary = read_summary(Path("o"))
    assert summary["source"]["corrupt"] > 0
    assert [text for text in summary["warnings"] if "damaged" in text] == summary["warnings"]
    assert len(summary["warnings"]) == 1


class _FullDisk:
    """Makes the files whose name contains `name` refuse everything beyond `capacity` bytes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str, capacity: int) -> None:
        self._open, self._name, self._capacity = sinks_partial.open_raw, name, capacity
        monkeypatch.setattr(sinks_partial, "open_raw", self)

    def __call__(self, path: Path) -> Any:
        file = self._open(path)
        if self._name not in path.name:
            return file
        write, left = file.write, [self._capacity]

        def write_some(data: Any) -> int:
            if not left[0]:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            count = write(data[: left[0]]) or 0
            left[0] -= count
            return count

        class Small:
            def __getattr__(self, name: str) -> Any:
                return write_some if name == "write" else getattr(file, name)

        return Small()


@pytest.mark.parametrize("name", TEXTS)
def test_disk_full_on_the_way(track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """One line, exit code 2; whole lines in the text, a playable video, a partial summary."""
    clip, detections = write_video(tmp_path, num_frames=30)
    _FullDisk(monkeypatch, name, capacity=600)
    result = track("run", clip, "--detector", detections, *FAST, "--out", "o")
    summary = read_summary(Path("o"))
    assert result.code == 2
    assert result.err.splitlines() == [
        f"track: error: could not write o/{name} any further: No space left on device; what was written before is kept"
    ]
    assert summary["partial"] is True
    assert "No space left" in summary["reason"]
    assert sorted(path.name for path in Path("o").iterdir()) == sorted(summary["files"])
    lines = (Path("o") / name).read_text().splitlines()
    assert 3 < len(lines) < 60
    assert all(line.count(",") == 9 for line in lines)
    assert _num_pictures(Path("o/annotated.mp4")) > 3


def test_disk_full_from_the_start(track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even the heading of the table: nothing is left behind."""
    clip, detections = write_video(tmp_path)
    _FullDisk(monkeypatch, "tracks.csv", capacity=0)
    result = track("run", clip, "--detector", detections, *FAST)
    assert result.code == 2
    assert len(result.err.splitlines()) == 1
    assert not Path("runs").exists()


def test_no_space_to_set_aside(track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip, detections = write_video(tmp_path)
    opened = Path.open

    def full(path: Path, *arguments: Any, **settings: Any) -> Any:
        if path.suffix == ".reserve":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return opened(path, *arguments, **settings)

    monkeypatch.setattr(Path, "open", full)
    result = track("run", clip, "--detector", detections, *FAST)
    assert result.code == 2
    assert result.err.startswith("track: error: could not write runs/clip/summary.json")
    assert not Path("runs").exists()


@pytest.mark.parametrize("when", ["on the way", "at the end"])
def test_drawing_that_fails_leaves_the_texts_whole(
    track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """A fault in the thread that draws: the other files are finished all the same."""
    clip, detections = write_video(tmp_path)

    def fail(*_: Any) -> None:
        raise RuntimeError("no font")

    monkeypatch.setattr(AnnotatedVideo, "write" if when == "on the way" else "close", fail)
    result = track("run", clip, "--detector", detections, *FAST, "--out", "o")
    assert result.code == 1
    assert "unexpected RuntimeError: no font" in result.err
    assert len(result.err.splitlines()) == 1
    summary = read_summary(Path("o"))
    assert summary["partial"] is True
    assert {"tracks.txt", "tracks.csv"} <= set(summary["files"])
    assert len(read_txt(Path("o"))) >= 2


def test_space_for_the_summary_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While rows are written, so that a full disk still takes it; given back at the end."""
    import app.session

    seen: list[int] = []
    count = app.session.Session.count

    def look(*arguments: Any) -> None:
        seen.append((tmp_path / "o" / ".summary.json.reserve").stat().st_size)
        count(*arguments)

    monkeypatch.setattr(app.session.Session, "count", look)
    run(_config(write_sequence(tmp_path / "s"), "public", tmp_path / "o"), Silent())
    assert seen == [64 << 10] * 20
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == ["summary.json", "tracks.csv", "tracks.txt"]


def test_summary_that_cannot_be_written_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip, detections = write_video(tmp_path)
    _FullDisk(monkeypatch, "summary.json", capacity=10)
    with pytest.raises(OutputError, match=r"summary\.json"):
        run(_config(clip, detections, tmp_path / "o", video=False), Silent())
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == ["tracks.csv", "tracks.txt"]


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
    assert lines[0] == "12 frames, 24 detections, 2 identities (0 tracks never confirmed)"
    assert lines[-5:] == ["results:", "o/annotated.mp4", "o/tracks.txt", "o/tracks.csv", "o/summary.json"]
    heading = next(number for number, line in enumerate(lines) if line.split() == ["stage", "ms/frame", "fps"])
    stages = [line.split("  ")[0] for line in lines[heading + 1 : -5]]
    smooth = ["smooth"] if options else []
    before, after = ["read", "wait for frames", "detect", "embed", "associate"], ["write", "wait for video"]
    assert stages == [*before, *smooth, *after, "draw and encode"]
    beside = [line.split("  ")[0] for line in lines if line.endswith("beside the rest, in a thread of its own")]
    assert beside == ["read", "draw and encode"]
    assert len([line for line in lines if "most of the time goes here" in line]) == 1
    assert list(read_summary(Path("o"))["stages_ms"]) == stages


def test_stages_of_the_main_thread_add_up_to_the_run(tmp_path: Path) -> None:
    """Those with threads of their own aside, no stage is counted twice, and none takes longer than the run."""
    clip, detections = write_video(tmp_path, num_frames=20)
    summary = run(_config(clip, detections, tmp_path / "o"), Silent())
    main = [ms for stage, ms in summary.stages_ms.items() if stage not in ("read", "draw and encode")]
    assert 0 < sum(main) <= 1000 * summary.seconds["run"] / 20
    assert min(summary.stages_ms["read"], summary.stages_ms["draw and encode"]) > 0


def test_a_source_that_vanishes_before_it_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--smooth` reads twice; when the second time fails, the texts are there."""
    import app.session

    clip, detections = write_video(tmp_path)

    def gone(*_: Any, **__: Any) -> Any:
        raise FileNotFoundError("gone")

    monkeypatch.setattr(app.session, "open_source", gone)
    with pytest.raises(PartialRunError, match="gone"):
        run(_config(clip, detections, tmp_path / "o", smooth=True), Silent())
    assert read_summary(tmp_path / "o")["files"] == ["tracks.txt", "tracks.csv", "summary.json"]
    assert len(read_txt(tmp_path / "o")) == 24
