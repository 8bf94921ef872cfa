"""A run that cannot go on: what was tracked before is kept, complete in itself, and one line says so."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from detectors import Detections
from registry.own_names import own_name
from tests.track.media import write_clip
from tests.track.runs import (
    FAST,
    Track,
    num_pictures,
    read_summary,
    read_txt,
    run_config,
    write_sequence,
    write_video,
)
from track.files import partial as files_partial
from track.run.run import PartialRunError, run
from track.setup import checks, loading
from track.sinks import OutputError
from track.sinks.video import AnnotatedVideo
from track.terminal.progress import Silent

TEXTS = ("tracks.txt", "tracks.csv")


def test_a_signal_before_the_reader_starts(track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no reader to be stopped yet; the run must not go on to the end of the source."""
    clip, detections = write_video(tmp_path)
    monkeypatch.setattr("track.run.outputs.Outputs.open_video", lambda *_, **__: signal.raise_signal(signal.SIGINT))
    result = track("run", clip, "--detector", detections, *FAST, "--out", "o")
    assert result.code == 130
    assert read_summary(Path("o"))["counts"]["frames"] == 0


class _Failing:
    """A detector that works for some frames, then raises."""

    name = "fake"
    class_names: Mapping[int, str] = MappingProxyType({0: "person"})
    needs_images = True
    parallel = 1

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
    monkeypatch.setattr(loading, "create_detector", lambda *_: _Failing(error, good_frames=7))
    result = track("run", clip, *FAST, "--out", "o", *options)
    summary = read_summary(Path("o"))
    assert result.code == code
    assert result.err.startswith(line)
    assert result.err.endswith("what was tracked before is in o\n")
    assert len(result.err.splitlines()) == 1
    assert (summary["partial"], summary["reason"]) == (True, str(error))
    assert summary["files"] == ["annotated.mp4", "tracks.txt", "tracks.csv", "identities.csv", "summary.json"]
    assert sorted(path.name for path in Path("o").iterdir()) == sorted(summary["files"])
    assert sorted(set(read_txt(Path("o"))[:, 0])) == list(range(3 if options == ("--online",) else 1, 8))
    assert num_pictures(Path("o/annotated.mp4")) == 7


def test_python_callers_get_the_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip, _ = write_video(tmp_path)
    cause = ValueError("a bad frame")
    for module in (checks, loading):
        monkeypatch.setattr(module, "create_detector", lambda *_: _Failing(cause, good_frames=2))
    with pytest.raises(PartialRunError) as caught:
        run(run_config(clip, "any", tmp_path / "o"), Silent())
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
    monkeypatch.setattr(loading, "create_detector", lambda *_: _Failing(ValueError("bad"), good_frames=45))
    assert track("run", clip, *FAST, "--no-video", "--out", "o").code == 2
    summary = read_summary(Path("o"))
    assert summary["source"]["corrupt"] > 0
    assert [text for text in summary["warnings"] if "damaged" in text] == summary["warnings"]
    assert len(summary["warnings"]) == 1


class _FullDisk:
    """Makes the files whose name contains `name` refuse everything beyond `capacity` bytes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str, capacity: int) -> None:
        self._open, self._name, self._capacity = files_partial.open_raw, name, capacity
        monkeypatch.setattr(files_partial, "open_raw", self)

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
    assert num_pictures(Path("o/annotated.mp4")) > 3


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
    from track.run.counts import Counts

    seen: list[int] = []
    count = Counts.add

    def look(*arguments: Any) -> None:
        seen.append(own_name(tmp_path / "o" / "summary.json", "reserve").stat().st_size)
        count(*arguments)

    monkeypatch.setattr(Counts, "add", look)
    run(run_config(write_sequence(tmp_path / "s"), "public", tmp_path / "o"), Silent())
    assert seen == [64 << 10] * 20
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == [
        "identities.csv",
        "summary.json",
        "tracks.csv",
        "tracks.txt",
    ]


def test_summary_that_cannot_be_written_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip, detections = write_video(tmp_path)
    _FullDisk(monkeypatch, "summary.json", capacity=10)
    with pytest.raises(OutputError, match=r"summary\.json"):
        run(run_config(clip, detections, tmp_path / "o", video=False), Silent())
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == ["identities.csv", "tracks.csv", "tracks.txt"]


def test_a_source_that_vanishes_before_it_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--smooth` reads twice; when the second time fails, the texts are there."""
    from track.setup import plan

    clip, detections = write_video(tmp_path)

    def gone(*_: Any, **__: Any) -> Any:
        raise FileNotFoundError("gone")

    monkeypatch.setattr(plan, "open_source", gone)
    with pytest.raises(PartialRunError, match="gone"):
        run(run_config(clip, detections, tmp_path / "o", smooth=True), Silent())
    assert read_summary(tmp_path / "o")["files"] == ["tracks.txt", "tracks.csv", "identities.csv", "summary.json"]
    assert len(read_txt(tmp_path / "o")) == 24


@pytest.mark.parametrize("options", [(), ("--smooth",), ("--offline",), ("--no-video",)], ids=" ".join)
def test_a_run_that_fails_at_its_first_frame_leaves_no_folder(
    track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    """An own detector with a mistake in it had left a folder of empty tables, as if nothing had been found."""
    clip, _ = write_video(tmp_path)
    monkeypatch.setattr(loading, "create_detector", lambda *_: _Failing(ValueError("a mistake"), good_frames=0))
    result = track("run", clip, *FAST, "--out", "new/o", *options)
    assert (result.code, result.err) == (2, "track: error: a mistake\n")
    assert not Path("new").exists()
