"""`track export`: what it prints, what it refuses, and that `track run` takes what it wrote."""

from __future__ import annotations

import signal
from functools import cache
from pathlib import Path

import pytest

from tests.track.runs import Track, read_summary, read_txt, run_python, write_video
from track.commands.export.export import rendered_crops

crops_of = cache(rendered_crops)


@pytest.fixture(autouse=True)
def drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The people on whom an export is checked are the same each time, so that all tests share them."""
    monkeypatch.setattr("track.commands.export.export.rendered_crops", crops_of)


def test_an_export_is_checked_and_can_be_tracked_with(track: Track, tmp_path: Path) -> None:
    done = track("export", "--reid", "small-cnn", "--to", "torchscript")
    assert done.code == 0
    assert "random" not in done.out, "the weights that come with the package"
    assert "crops of 128x64 px (height x width), BGR uint8, any number at once -> 128 numbers each; 11.3 MB" in done.out
    assert "against PyTorch on 40 crops: largest difference" in done.out
    assert done.out.splitlines()[-2:] == ["results:", "small-cnn.torchscript"]
    clip, detections = write_video(tmp_path)
    base = ("run", clip, "--detector", detections, "--reid", "small-cnn", "--tracker", "deepsort")
    assert track(*base, "--out", "a", "--reid-weights", "small-cnn.torchscript", "--trust").code == 0
    assert track(*base, "--out", "b", "--reid-runtime", "torch").code == 0
    assert read_summary(Path("a"))["configuration"]["reid"]["runtime"] == "torchscript"
    assert (read_txt(Path("a")) == read_txt(Path("b"))).all()
    assert track("export", "--reid", "small-cnn", "--to", "torchscript").code == 2
    assert track("export", "--reid", "small-cnn", "--to", "torchscript", "--overwrite", "--half").code == 0
    assert sorted(path.name for path in tmp_path.glob("*.torchscript")) == [
        "small-cnn-fp16.torchscript",
        "small-cnn.torchscript",
    ]


def test_a_signal_leaves_nothing_behind(tmp_path: Path) -> None:
    """In a process of its own, which gets it when the file is written and not yet checked."""
    program = (
        "import numpy as np, signal, track.commands.export.export, reid.export\n"
        # to be there sooner
        "track.commands.export.export.rendered_crops = lambda size: np.zeros((1, *size, 3), np.uint8)\n"
        "from track.cli import main\n"
        "reid.export.open_exported = lambda *_, **__: signal.raise_signal(signal.SIGTERM)\n"
        "main(['export', '--reid', 'small-cnn', '--to', 'torchscript'])\n"
    )
    done = run_python(program, cwd=tmp_path)
    assert done.returncode == 128 + signal.SIGTERM
    assert "stopped by SIGTERM: nothing was written" in done.stderr
    assert not list(tmp_path.iterdir())


def test_what_a_killed_export_left_goes_when_the_next_one_has_succeeded(track: Track, tmp_path: Path) -> None:
    """In a process of its own, which is killed when the file is written and not yet checked."""
    program = (
        "import os, numpy as np, signal, track.commands.export.export, reid.export\n"
        "track.commands.export.export.rendered_crops = lambda size: np.zeros((1, *size, 3), np.uint8)\n"
        "from track.cli import main\n"
        "reid.export.open_exported = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)\n"
        "main(['export', '--reid', 'small-cnn', '--to', 'torchscript'])\n"
    )
    assert run_python(program, cwd=tmp_path).returncode == -signal.SIGKILL
    left = [path for path in tmp_path.iterdir() if path.is_dir()]
    assert [path.name.startswith(".small-cnn.torchscript-") for path in left] == [True]
    foreign = tmp_path / ".small-cnn.torchscript-mine"
    foreign.mkdir()
    assert track("export", "--reid", "small-cnn", "--to", "torchscript").code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [foreign.name, "small-cnn.torchscript"]


def test_options_of_the_network(track: Track) -> None:
    base = ("export", "--reid", "dogenet26", "--reid-weights", "random", "--to", "torchscript", "--input-size", "32x16")
    done = track(*base, "--out", "a.torchscript", "--seed", "4")
    assert done.code == 0
    assert "crops of 32x16 px" in done.out
    assert track(*base, "--out", "b.torchscript").code == 0
    assert Path("a.torchscript").read_bytes() != Path("b.torchscript").read_bytes()


def test_crops_of_a_video_check_the_result(track: Track, tmp_path: Path) -> None:
    clip, detections = write_video(tmp_path)
    done = track(
        *("export", "--reid", "small-cnn", "--to", "torchscript", "--calibrate", clip, "--detector", detections)
    )
    assert done.code == 0
    assert "against PyTorch on 6 crops" in done.out, "every fourth of 12 x 2; the others are for calibration"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(("--reid", "dogenet5"), "Did you mean 'dogenet50'?", id="unknown name"),
        pytest.param(("--reid", "none"), "--reid none has no network to export", id="no network"),
        pytest.param(("--half", "--int8"), "--half and --int8 exclude each other", id="both"),
        pytest.param(("--to", "openvino", "--int8"), "give a video of people with --calibrate", id="no video"),
        pytest.param(("--int8", "--calibrate", "x.mp4"), "int8 is not possible with --to onnx", id="int8 in onnx"),
        pytest.param(("--detector", "motion"), "--detector has no effect without --calibrate", id="idle detector"),
        pytest.param(("--input-size", "big"), "--input-size is 'big', expected HEIGHTxWIDTH", id="size"),
        pytest.param(("--reid-weights", "x.onnx"), "x.onnx is exported already", id="exported"),
        pytest.param(("--reid-weights", "x.pth"), "x.pth does not exist", id="no weights"),
        pytest.param(("--calibrate", "x.mp4"), "'x.mp4' not found", id="no such video"),
        pytest.param(("--to", "tflite"), "'tflite' is not one of", id="format"),
    ],
)
def test_what_cannot_be_is_one_line_and_leaves_nothing(
    track: Track, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    given = {"--reid": "small-cnn", "--to": "onnx"}
    defaults = [part for name, value in given.items() if name not in options for part in (name, value)]
    done = track("export", *defaults, *options)
    assert done.code == 2
    assert message in done.err
    assert len(done.err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_too_few_people_for_int8(track: Track, tmp_path: Path) -> None:
    clip, detections = write_video(tmp_path)
    before = sorted(tmp_path.iterdir())
    done = track(
        *("export", "--reid", "small-cnn", "--to", "openvino", "--int8"),
        *("--calibrate", clip, "--detector", detections),
    )
    assert done.code == 2
    assert "gave 24 crops of people, but 133 or more are needed" in done.err
    assert sorted(tmp_path.iterdir()) == before


def test_drawn_people_are_the_same_each_time() -> None:
    first, again = rendered_crops((64, 32), 3), rendered_crops((64, 32), 3)
    assert first.shape == (3, 64, 32, 3)
    assert first.tobytes() == again.tobytes()
