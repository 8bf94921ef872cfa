"""A file that would run code when it is unpickled runs none, whichever option it comes by."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from reid.training.state import STATE_FILE, read_state
from reid.training.teacher import load_teacher
from tests.track.runs import FAST, Track, assert_one_line, write_sequence, write_video
from track import stream


class Evil:
    """When it is unpickled, it makes a folder."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return (os.mkdir, (str(self.target),))


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    """What such a file would make; `evil.pt` and `evil.npy` lie beside it, and a source."""
    target = tmp_path / "ran"
    torch.save({"state_dict": Evil(target)}, tmp_path / "evil.pt")
    np.save(tmp_path / "evil.npy", np.array([Evil(target)], object), allow_pickle=True)
    write_video(tmp_path, num_frames=3)
    return target


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("run", "clip.mp4", *FAST, "--detector", "evil.pt"), id="run --detector"),
        pytest.param(("run", "clip.mp4", *FAST, "--detector", "evil.npy"), id="run --detector, detections"),
        pytest.param(
            ("run", "clip.mp4", "--detector", "clip.txt", "--reid-weights", "evil.pt"), id="run --reid-weights"
        ),
        pytest.param(
            (
                "compare",
                "clip.mp4",
                "--detector",
                "clip.txt",
                "--reid",
                "small-cnn",
                "--reid-weights",
                "small-cnn=evil.pt",
            ),
            id="compare --reid-weights",
        ),
        pytest.param(("compare", "clip.mp4", "--detector", "evil.pt", "--reid", "none"), id="compare --detector"),
        pytest.param(
            ("eval-reid", "--data", "synthetic:10x4", "--reid", "small-cnn", "--reid-weights", "evil.pt"),
            id="eval-reid",
        ),
        pytest.param(("export", "--reid", "small-cnn", "--to", "onnx", "--reid-weights", "evil.pt"), id="export"),
        pytest.param(
            ("train-reid", "--data", "synthetic:10x4", "--reid", "small-cnn", "--pretrained", "evil.pt"),
            id="--pretrained",
        ),
    ],
)
def test_weights_that_are_typed(track: Track, ran: Path, arguments: tuple[str, ...]) -> None:
    result = track(*arguments)
    assert not ran.exists()
    assert result.code == 2
    assert len(result.err.splitlines()[-1:]) == 1
    assert "Traceback" not in result.err
    assert "evil." in result.err


def test_with_trust_a_detector_is_read_after_a_sentence(track: Track, ran: Path) -> None:
    """The option does what it says, and the file is what this test takes it for."""
    result = track("run", "clip.mp4", *FAST, "--detector", "evil.pt", "--trust")
    assert ran.exists()
    assert result.code == 2
    assert "warning: evil.pt is read with --trust: it may run code of whoever made it" in result.err


def test_in_a_program_trust_is_a_keyword(ran: Path) -> None:
    """What is said to type works where it is said."""
    clip, weights = ran.parent / "clip.mp4", ran.parent / "evil.pt"
    with pytest.raises(ValueError, match=r"evil.pt .* add trust=True$"):
        next(stream(clip, detector=weights, reid="none"))
    assert not ran.exists()
    with pytest.raises(ValueError, match="cannot load"):
        next(stream(clip, detector=weights, reid="none", trust=True))
    assert ran.exists()


def test_torchscript_is_a_program_and_needs_trust(track: Track, ran: Path) -> None:
    """A script may write files: `torch.save` is a function of TorchScript."""
    torch.jit.save(torch.jit.script(torch.nn.Identity()), "own.torchscript")  # type: ignore[no-untyped-call]
    arguments = ("run", "clip.mp4", "--detector", "clip.txt", "--reid-weights", "own.torchscript")
    assert_one_line(track(*arguments), "TorchScript is a program", "add --trust", "ONNX or OpenVINO")
    assert "is read with --trust" in track(*arguments, "--trust").err


def test_the_state_of_a_training(tmp_path: Path, ran: Path) -> None:
    shutil.copy(tmp_path / "evil.pt", tmp_path / STATE_FILE)
    with pytest.raises(ValueError, match="not the state of a training"):
        read_state(tmp_path)
    assert not ran.exists()


def test_a_teacher(tmp_path: Path, ran: Path) -> None:
    shutil.copy(tmp_path / "evil.pt", tmp_path / "evil.safetensors")
    with pytest.raises(ValueError, match="may run code"):
        load_teacher(str(tmp_path / "evil.safetensors"))
    assert not ran.exists()


def _in_every_array(path: Path, ran: Path) -> None:
    with np.load(path) as file:
        np.savez(path, allow_pickle=True, **{name: np.array([Evil(ran)], object) for name in file.files})


def test_embeddings_of_a_run(track: Track, ran: Path) -> None:
    sequence = write_sequence(Path("s"))
    assert track("run", sequence, *FAST, "--out", "o", "--keep-embeddings", "--no-video").code == 0
    _in_every_array(Path("o/embeddings.npz"), ran)
    assert_one_line(track("link", "o"), "embeddings.npz is damaged")
    assert not ran.exists()


def test_what_compare_keeps(track: Track, ran: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACK_CACHE", str(tmp_path / "cache"))
    arguments = ("compare", "clip.mp4", "--detector", "clip.txt", "--reid", "none")
    assert track(*arguments, "--out", "a").code == 0
    kept = list((tmp_path / "cache").rglob("*.npz"))
    assert kept
    for path in kept:
        _in_every_array(path, ran)
    assert track(*arguments, "--out", "b").code == 0
    assert not ran.exists()
    first, second = (json.loads(Path(folder, "compare.json").read_text())["rows"] for folder in "ab")
    assert [row["tracks"] for row in first] == [row["tracks"] for row in second]
