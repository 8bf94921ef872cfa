"""Whole commands on one folder: together, killed, failing, and with links that lead back to what they read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from registry.own_names import is_unfinished
from tests.track.runs import (
    ROOT,
    Track,
    Walker,
    all_files,
    assert_one_line,
    read_csv,
    read_summary,
    read_txt,
    run_python,
    write_sequence,
    write_video,
)
from track.files.run_folder import LOCK_FILE
from track.rows.types import CSV_HEADER

STOPPING = """
import sys
from track.files.run_folder import RunFolder
from track.cli import main

begin = RunFolder.__init__

def begin_and_wait(self, path, *arguments, **named):
    begin(self, path, *arguments, **named)
    if not (path / "noted").exists():
        print("held", flush=True)
        sys.stdin.readline()
    RunFolder.__init__ = begin

RunFolder.__init__ = begin_and_wait
main(sys.argv[1:])
"""
"""`track`, which says when it holds its folder and waits there until it is told to go on."""

KILLED = """
import os, signal, sys
import track.setup.loading
from track.cli import main

create = track.setup.loading.create_detector

class Killing:
    def __init__(self, detector):
        self._detector, self.name, self.class_names = detector, detector.name, detector.class_names
        self.needs_images = detector.needs_images

    def detect(self, image, frame_index):
        if frame_index == 12:
            os.kill(os.getpid(), signal.SIGKILL)
        return self._detector.detect(image, frame_index)

track.setup.loading.create_detector = lambda *arguments: Killing(create(*arguments))
main(sys.argv[1:])
"""
"""`track`, killed by `kill -9` at frame 13."""

FAST = ("--reid", "none", "--tracker", "deepsort")


def commands(place: Path) -> dict[str, list[str]]:
    """Each command that writes a folder, but for its --out; what they read lies in `place`."""
    if not (place / "data").exists():
        write_sequence(place / "data" / "walk")
        people(place / "people")
        (place / "earlier").mkdir()
        rows = [f"{frame},{frame / 10:.4f},1,person,1,1,9,19,0.9,detected" for frame in range(1, 9)]
        (place / "earlier" / "tracks.csv").write_text("\n".join([",".join(CSV_HEADER), *rows, ""]))
    return {
        "run": ["run", "data/walk", *FAST, "--overwrite"],
        "mot": ["mot", "data", *FAST, "--overwrite"],
        "compare": ["compare", "data/walk", *FAST, "--no-cache", "--overwrite"],
        "compare a dataset": ["compare", "data", *FAST, "--no-cache", "--overwrite"],
        "link": ["link", "earlier", "--overwrite"],
        "relabel": ["relabel", "earlier", "--name", "1=Anna", "--overwrite"],
        "eval-reid": ["eval-reid", "--data", "people", "--reid", "small-cnn", "--reid-weights", "random"],
    }


def people(folder: Path) -> None:
    for person in range(4):
        (folder / str(person)).mkdir(parents=True)
        for view in range(3):
            image = np.full((32, 16, 3), 60 * person + view, np.uint8)
            assert cv2.imwrite(str(folder / str(person) / f"{view}.png"), image)


@contextmanager
def waiting(folder: Path, arguments: list[str]) -> Iterator[subprocess.Popen[str]]:
    """That command in a process of its own, while it holds its folder; it goes on afterwards."""
    with subprocess.Popen(
        [sys.executable, "-c", STOPPING, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        _, errors = process.communicate("go on\n", timeout=60)
        assert process.returncode == 0, errors


@pytest.mark.parametrize("first", ["run", "mot", "compare", "compare a dataset", "link", "relabel", "eval-reid"])
def test_of_two_commands_on_one_folder_the_second_is_refused(track: Track, tmp_path: Path, first: str) -> None:
    """Every command after every other, with --overwrite where there is one; the first one's results are whole."""
    every = commands(tmp_path)
    with waiting(tmp_path, [*every[first], "--out", "out"]) as process:
        before = all_files(tmp_path / "out")
        for second in every.values():
            assert_one_line(track(*second, "--out", "out"), f"is writing to out (process {process.pid}, begun 20")
        assert all_files(tmp_path / "out") == before
    assert not [name for name in all_files(tmp_path / "out") if is_unfinished(Path(name).name) or LOCK_FILE in name]
    assert any(Path("out").rglob("*.json"))


def test_exports_to_one_file_wait_for_each_other_as_well(track: Track, tmp_path: Path) -> None:
    from track.files.lock import locked

    with locked(tmp_path / ".net.torchscript.lock", "net.torchscript"):
        done = track("export", "--reid", "small-cnn", "--to", "torchscript", "--out", "net.torchscript")
    assert_one_line(done, "another run is writing to net.torchscript")


def test_real_runs_that_race_for_one_folder_leave_one_whole_run(tmp_path: Path) -> None:
    """Sequences of different lengths, so that mixed files would show."""
    lengths = (30, 40, 50)
    for length in lengths:
        write_sequence(tmp_path / f"s{length}", num_frames=length)
    program = "import sys; from track.cli import main; main(sys.argv[1:])"
    racing = [
        subprocess.Popen(
            [sys.executable, "-c", program, "run", f"s{length}", *FAST, "--out", "out", "--overwrite"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for length in lengths
    ]
    errors = [process.communicate(timeout=120)[1] for process in racing]
    assert {process.returncode for process in racing} <= {0, 2}
    assert 0 in [process.returncode for process in racing]
    assert all("is writing to out" in text for text, p in zip(errors, racing, strict=True) if p.returncode == 2)
    summary = read_summary(tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(summary["files"])
    assert summary["counts"]["frames"] in lengths
    assert len(read_txt(tmp_path / "out")) == len(read_csv(tmp_path / "out")) == summary["counts"]["rows"]


def test_kill_9_under_overwrite_leaves_the_earlier_run_whole(track: Track, tmp_path: Path) -> None:
    """And what is left is named, taken over by --overwrite, and cleared away."""
    write_sequence(tmp_path / "walk")
    assert track("run", "walk", *FAST, "--out", "out").code == 0
    before = all_files(tmp_path / "out")
    arguments = ("run", "walk", *FAST, "--online", "--out", "out", "--overwrite")
    assert run_python(KILLED, *arguments, cwd=tmp_path).returncode == -signal.SIGKILL
    assert {name: text for name, text in all_files(tmp_path / "out").items() if not name.startswith(".")} == before
    left = [name for name in all_files(tmp_path / "out") if is_unfinished(name)]
    assert len(left) == 3, "two texts and the space for the summary"
    refused = track("run", "walk", *FAST, "--out", "out")
    assert_one_line(refused, "holds what a run left that was killed (process ", "3 unfinished files", "--overwrite")
    assert track("run", "walk", *FAST, "--out", "out", "--overwrite").code == 0
    assert set(all_files(tmp_path / "out")) == set(before)


def test_a_run_that_fails_before_its_first_frame_leaves_the_earlier_one(
    track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_sequence(tmp_path / "walk")
    assert track("run", "walk", *FAST, "--out", "out").code == 0
    before = all_files(tmp_path / "out")

    def fail(*_: object) -> None:
        raise ValueError("the camera is gone")

    monkeypatch.setattr("detectors.public.PublicDetector.detect", fail)
    failed = track("run", "walk", *FAST, "--out", "out", "--overwrite")
    assert (failed.code, "the camera is gone" in failed.err) == (2, True)
    assert all_files(tmp_path / "out") == before


def test_what_the_new_run_does_not_write_goes_at_its_end(track: Track, tmp_path: Path) -> None:
    clip, detections = write_video(tmp_path / "v")
    run = ("run", clip, "--detector", detections, *FAST, "--out", "out")
    assert track(*run).code == 0
    (tmp_path / "out" / "notes.txt").write_text("mine")
    assert track(*run, "--no-video", "--overwrite").code == 0
    found = sorted(path.name for path in Path("out").iterdir())
    assert found == ["identities.csv", "notes.txt", "summary.json", "tracks.csv", "tracks.txt"]


def test_a_video_of_an_earlier_run_is_no_result_of_one_that_could_not_draw(
    track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip, detections = write_video(tmp_path / "v")
    run = ("run", clip, "--detector", detections, *FAST, "--out", "out")
    assert track(*run).code == 0
    video = Path("out/annotated.mp4").read_bytes()

    def fail(*_: object) -> None:
        raise RuntimeError("no font")

    monkeypatch.setattr("track.sinks.video.AnnotatedVideo.write", fail)
    failed = track(*run, "--overwrite")
    assert "annotated.mp4 of an earlier run stays in out" in failed.err
    assert read_summary(Path("out"))["files"] == ["tracks.txt", "tracks.csv", "identities.csv", "summary.json"]
    assert Path("out/annotated.mp4").read_bytes() == video


def test_mot_takes_away_results_of_sequences_that_it_did_not_track(track: Track, tmp_path: Path) -> None:
    """TrackEval scores every file in `data/`."""
    for name in ("a", "b"):
        write_sequence(tmp_path / "data" / name)
    assert track("mot", "data", *FAST, "--out", "out").code == 0
    (tmp_path / "out" / "data" / "notes.txt").write_text("mine")
    assert track("mot", "data", *FAST, "--sequences", "b", "--out", "out", "--overwrite").code == 0
    assert sorted(path.name for path in Path("out/data").iterdir()) == ["b.txt", "notes.txt"]
    assert [path.name for path in Path("out/sequences").iterdir()] == ["b"]


@pytest.mark.parametrize("how", ["source", "link to the source", "hard link", "detections", "ground truth"])
def test_no_command_replaces_what_it_reads(track: Track, tmp_path: Path, how: str) -> None:
    clip, detections = write_video(tmp_path / "v", [Walker(2, 4)])
    assert track("run", clip, "--detector", detections, *FAST, "--out", "out").code == 0
    source, found, command, more = Path("out/annotated.mp4"), Path(detections), "run", ()
    if how == "link to the source":
        Path("link.mp4").symlink_to(Path("out/annotated.mp4").resolve())
        source = Path("link.mp4")
    if how == "hard link":
        os.link("out/annotated.mp4", "hard.mp4")
        source = Path("hard.mp4")
    if how == "detections":
        source, found = clip, Path("out/tracks.txt")
    if how == "ground truth":
        write_video(tmp_path / "v", [Walker(2, 4)])
        source, command = clip, "compare"
        Path("out/none-deepsort").mkdir()
        truth = "".join(f"{frame},1,{frame + 1},4,12,24,1,1,1\n" for frame in range(1, 13))
        Path("out/none-deepsort/tracks.txt").write_text(truth)
        more = ("--gt", "out/none-deepsort/tracks.txt", "--no-cache")
    before = all_files(tmp_path / "out")
    done = track(command, source, "--detector", found, *FAST, *more, "--out", "out", "--overwrite")
    assert_one_line(done, "would be replaced by the results of its own run: choose another --out")
    assert all_files(tmp_path / "out") == before
