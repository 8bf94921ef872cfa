"""Ctrl-C and SIGTERM: real signals to a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import av
import pytest

from tests.track.runs import (
    FAST,
    TWO_WALKERS,
    all_files,
    read_csv,
    read_summary,
    read_txt,
    run_python,
    write_sequence,
    write_video,
)
from track.terminal.interrupt import StoppedError, StopSignal

ROOT = Path(__file__).resolve().parents[3]
SIGNALS = [
    pytest.param(signal.SIGINT, id="Ctrl-C"),
    pytest.param(signal.SIGTERM, id="SIGTERM"),
    pytest.param(signal.SIGHUP, id="SIGHUP, of a terminal that is closed"),
]


def called(number: int) -> str:
    """What a person calls that signal."""
    return {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM", signal.SIGHUP: "SIGHUP"}[signal.Signals(number)]


SIGNALLING_DETECTOR = """
import os, signal, sys
import track.setup.loading
from track.cli import main

number, at_frame, times = (int(word) for word in sys.argv[1:4])
at_load, *arguments = sys.argv[4:]
create = track.setup.loading.create_detector

class Signalling:
    def __init__(self, detector):
        self._detector, self.name, self.class_names = detector, detector.name, detector.class_names
        self.needs_images, self.parallel = detector.needs_images, detector.parallel

    def detect(self, image, frame_index):
        if frame_index == at_frame:
            for _ in range(times):
                os.kill(os.getpid(), number)
        return self._detector.detect(image, frame_index)

def create_detector(*arguments):
    if at_load == "yes":
        os.kill(os.getpid(), number)
    return Signalling(create(*arguments))

track.setup.loading.create_detector = create_detector
main(arguments)
"""
"""`track`, with a detector that sends a signal to its own process at one frame (or while it loads)."""


def _track(
    folder: Path, number: int, *arguments: object, at_frame: int = -1, at_load: str = "no", times: int = 1
) -> subprocess.CompletedProcess[str]:
    words = (int(number), at_frame, times, at_load, "run", *arguments, *FAST)
    return run_python(SIGNALLING_DETECTOR, *words, cwd=folder)


@pytest.mark.parametrize(
    ("number", "options"),
    [
        pytest.param(signal.SIGINT, (), id="Ctrl-C"),
        pytest.param(signal.SIGTERM, (), id="SIGTERM"),
        pytest.param(signal.SIGHUP, (), id="SIGHUP"),
        pytest.param(signal.SIGINT, ("--smooth",), id="Ctrl-C --smooth"),
        pytest.param(signal.SIGTERM, ("--online",), id="SIGTERM --online"),
    ],
)
def test_a_signal_finishes_the_files_so_far(tmp_path: Path, number: signal.Signals, options: tuple[str, ...]) -> None:
    """It comes at frame 20 of 60: that frame is finished, then the playable video, the texts and the summary."""
    clip, detections = write_video(tmp_path, TWO_WALKERS, num_frames=60)
    done = _track(tmp_path, number, clip, "--detector", detections, "--out", "o", *options, at_frame=19)
    out = tmp_path / "o"
    summary = read_summary(out)
    assert done.returncode == 128 + number
    assert done.stderr == ""
    assert f"partial: stopped by {called(number)}" in done.stdout
    assert (summary["partial"], summary["stopped_by"]) == (True, number)
    assert summary["counts"]["frames"] == 20
    assert sorted(path.name for path in out.iterdir()) == sorted(summary["files"])
    with av.open(str(out / "annotated.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 20
    rows = read_txt(out)
    assert (rows[:, 0].min(), rows[:, 0].max()) == (3 if options == ("--online",) else 1, 20)
    assert len(rows) == len(read_csv(out))


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_while_models_load_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    clip, detections = write_video(tmp_path, num_frames=4)
    before = all_files(tmp_path)
    done = _track(tmp_path, number, clip, "--detector", detections, at_load="yes")
    assert done.returncode == 128 + number
    assert done.stderr == f"track: error: stopped by {called(number)}: nothing was written\n"
    assert all_files(tmp_path) == before


def test_a_closed_terminal_does_not_end_what_nohup_started(tmp_path: Path) -> None:
    """`nohup` has SIGHUP ignored before the program starts."""
    clip, detections = write_video(tmp_path, num_frames=30)
    words = ("1", "9", "1", "no", "run", clip, "--detector", detections, "--out", "o", *FAST)
    done = run_python(
        f"import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN){SIGNALLING_DETECTOR}", *words, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert read_summary(tmp_path / "o")["counts"]["frames"] == 30


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    """Still with valid files."""
    clip, detections = write_video(tmp_path, num_frames=30)
    done = _track(tmp_path, signal.SIGINT, clip, "--detector", detections, "--out", "o", at_frame=9, times=2)
    assert done.returncode == 130
    assert done.stderr.startswith("track: error: stopped by Ctrl-C: it came a second time")
    assert len(done.stderr.splitlines()) == 1
    assert read_summary(tmp_path / "o")["partial"] is True
    assert read_txt(tmp_path / "o")[:, 0].max() <= 9


def test_signals_while_files_are_finished_lose_nothing(tmp_path: Path) -> None:
    """A person who presses Ctrl-C twice presses it again while the first one is being obeyed."""
    clip, detections = write_video(tmp_path, num_frames=30)
    patch = (
        "import os, signal\n"
        "from track.run.outputs import Outputs\n"
        "close = Outputs.close\n"
        "def closing(self, **named):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        "    close(self, **named)\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "Outputs.close = closing\n"
    )
    words = ("2", "9", "1", "no", "run", str(clip), "--detector", str(detections), "--out", "o", *FAST)
    done = run_python(patch + SIGNALLING_DETECTOR, *words, cwd=tmp_path)
    assert done.returncode == 130, done.stderr
    assert read_summary(tmp_path / "o")["partial"] is True
    assert len(read_txt(tmp_path / "o"))
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == [
        "annotated.mp4",
        "identities.csv",
        "summary.json",
        "tracks.csv",
        "tracks.txt",
    ]


def _has_rows(folder: Path) -> bool:
    return any(path.stat().st_size for path in folder.glob(".tracks.txt.*.partial"))


def test_a_signal_from_outside(tmp_path: Path) -> None:
    """To `python -m track`, as soon as the first rows are on the disk; the source would last for minutes."""
    sequence = write_sequence(tmp_path / "s", num_frames=200_000)
    command = [sys.executable, "-m", "track", "run", str(sequence), "--detector", "public", *FAST]
    command += ["--out", str(tmp_path / "o")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not _has_rows(tmp_path / "o") and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    summary = read_summary(tmp_path / "o")
    assert "Traceback" not in errors
    assert "tracks.txt" in output
    assert summary["partial"] is True
    assert 0 < summary["counts"]["frames"] < 200_000
    assert len(read_txt(tmp_path / "o")) == len(read_csv(tmp_path / "o")) == summary["counts"]["rows"]


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with StopSignal():
        assert signal.getsignal(signal.SIGTERM) is not before[1]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_first_and_second_signal() -> None:
    calls: list[str] = []
    with StopSignal() as stop:
        stop.defer()
        stop.on_stop = lambda: calls.append("stop")
        signal.raise_signal(signal.SIGTERM)
        assert (stop.number, calls) == (signal.SIGTERM, ["stop"])
        with pytest.raises(StoppedError) as caught:
            signal.raise_signal(signal.SIGINT)
    assert caught.value.number == signal.SIGINT
    assert (stop.number, calls) == (signal.SIGTERM, ["stop"]), "the first one counts"


def test_before_there_is_something_to_finish() -> None:
    with StopSignal(), pytest.raises(StoppedError, match="nothing was written"):
        signal.raise_signal(signal.SIGINT)


def test_a_run_in_another_thread_does_without(tmp_path: Path) -> None:
    """Python handles signals in the main thread only."""
    seen: list[object] = []

    def work() -> None:
        with StopSignal() as stop:
            seen.append(stop.number)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [None]
