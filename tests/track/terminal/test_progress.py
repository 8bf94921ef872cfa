"""A bar on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import io
import itertools
import re
from pathlib import Path

import pytest
from rich.console import Console

from tests.track.runs import Track, read_summary, write_video
from track.terminal.meter import counting
from track.terminal.progress import ConsoleProgress, Silent


def _console(is_terminal: bool) -> tuple[Console, io.StringIO]:
    text = io.StringIO()
    return Console(file=text, force_terminal=is_terminal, width=120, color_system=None), text


def test_terminal_gets_a_bar() -> None:
    """With frames of all, frames/s, the time to go and the live tracks."""
    console, text = _console(is_terminal=True)
    with ConsoleProgress(console).task("tracking", 4) as task:
        for _ in range(4):
            task.step(live_tracks=7)
    shown = text.getvalue()
    for fragment in ("tracking", "4/4", "fps", "ETA", "7 tracks"):
        assert fragment in shown


def test_bar_of_unknown_length() -> None:
    console, text = _console(is_terminal=True)
    with ConsoleProgress(console).task("tracking", None) as task:
        task.step(live_tracks=0)
    assert "1/?" in text.getvalue()


def test_what_cannot_be_counted_is_told_on_a_terminal_only() -> None:
    shown = []
    for is_terminal in (True, False):
        console, text = _console(is_terminal)
        with ConsoleProgress(console).waiting("loading [small-cnn]"):
            pass
        shown.append("loading [small-cnn]" in text.getvalue())
        assert text.getvalue() == "" or is_terminal
    assert shown == [True, False]


def test_images_are_counted_by_the_batch() -> None:
    console, text = _console(is_terminal=True)
    with counting(console, "embedding", 7) as count:
        for batch in (3, 4):
            count(batch)
    for fragment in ("embedding", "7/7", "images/s", "ETA"):
        assert fragment in text.getvalue()


@pytest.mark.parametrize(
    ("total", "lines"),
    [
        pytest.param(
            12,
            [
                "tracking: frame 5/12, 1.0 fps, 7 s to go, 3 tracks",
                "tracking: frame 10/12, 1.0 fps, 2 s to go, 3 tracks",
            ],
            id="known length",
        ),
        pytest.param(
            None,
            ["tracking: frame 5, 1.0 fps, 3 tracks", "tracking: frame 10, 1.0 fps, 3 tracks"],
            id="live",
        ),
        pytest.param(
            3,
            [
                "tracking: frame 5/3, 1.0 fps, 0 s to go, 3 tracks",
                "tracking: frame 10/3, 1.0 fps, 0 s to go, 3 tracks",
            ],
            id="the container told too few",
        ),
    ],
)
def test_one_line_every_five_seconds(total: int | None, lines: list[str]) -> None:
    """A clock that moves by one second a frame; twelve frames."""
    console, text = _console(is_terminal=False)
    progress = ConsoleProgress(console, every_s=5.0, now_s=itertools.count().__next__)
    with progress.task("tracking", total) as task:
        for _ in range(12):
            task.step(live_tracks=3)
    assert text.getvalue().splitlines() == lines


@pytest.mark.parametrize("is_terminal", [True, False], ids=["bar", "lines"])
def test_one_track_is_one_track(is_terminal: bool) -> None:
    console, text = _console(is_terminal)
    progress = ConsoleProgress(console, every_s=0.0)
    with progress.task("embedding", 2, unit="crop") as task:
        task.step(1)
        task.step(3)
    assert " 3 crops" in text.getvalue()
    assert is_terminal or " 1 crop\n" in text.getvalue()
    assert "1 crops" not in text.getvalue()


def test_a_clock_that_stands_still_is_no_error() -> None:
    console, text = _console(is_terminal=False)
    with ConsoleProgress(console, every_s=0.0, now_s=lambda: 1.0).task("x", 2) as task:
        task.step(0)
    assert text.getvalue().startswith("x: frame 1/2")


def test_each_pass_counts_from_its_own_start() -> None:
    console, text = _console(is_terminal=False)
    progress = ConsoleProgress(console, every_s=1.0, now_s=itertools.count().__next__)
    for what in ("tracking", "drawing"):
        with progress.task(what, 1) as task:
            task.step(2)
    assert [line.split(",")[0] for line in text.getvalue().splitlines()] == [
        "tracking: frame 1/1",
        "drawing: frame 1/1",
    ]


def test_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with Silent().task("tracking", 3) as task:
        task.step(1)
    assert capsys.readouterr() == ("", "")


def test_the_first_run_with_some_weights_says_what_it_waits_for(
    track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a log file nothing else tells why nothing happens for some seconds."""
    pytest.importorskip("openvino")
    monkeypatch.setenv("TRACK_CACHE", str(tmp_path / "cache"))
    clip, detections = write_video(tmp_path, num_frames=2)
    base = ("run", clip, "--detector", detections, "--reid", "small-cnn", "--reid-runtime", "openvino", "--no-video")
    first, second = track(*base, "--out", "a"), track(*base, "--out", "b")
    begun, done = first.err.splitlines()
    assert begun == "note: converting small-cnn for OpenVINO, which the first run with its weights waits for"
    assert re.fullmatch(
        r"note: converted small-cnn in \d+\.\d s; later runs find it in .*cache.*openvino-small-cnn-\w+", done
    )
    assert second.err == ""
    assert read_summary(Path("a"))["warnings"] == [], "nothing is wrong"


def test_a_conversion_that_cannot_be_kept_says_so(
    track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openvino")
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("TRACK_CACHE", str(tmp_path / "file"))
    clip, detections = write_video(tmp_path, num_frames=2)
    options = ("--detector", detections, "--reid", "small-cnn", "--reid-runtime", "openvino", "--no-video")
    assert track("run", clip, *options).err.splitlines()[1].endswith("; it could not be kept for the next run")
