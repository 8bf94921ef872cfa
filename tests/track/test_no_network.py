"""With the network switched off no command reaches for it, and what is missing is said; without sockets to help."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from detectors import weights
from registry import network
from tests.evaluation.scenes import walkers, write
from tests.track.runs import FAST, TWO_WALKERS, Result, Track, write_sequence, write_video
from track import cli
from track.terminal.options import DEBUG

MISSING = "would need the network, which is off (TRACK_OFFLINE or --no-network)"


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """Sockets that lead nowhere, and the list of who tried; nothing is in any cache."""
    attempts: list[Any] = []

    def refuse(*arguments: Any, **_: Any) -> Any:
        attempts.append(arguments)
        raise OSError("the test has no network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("TRACK_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv(network.SWITCH, "")  # and as it was before after the test, whatever the command sets
    for name, value in network.OF_LIBRARIES.items():
        monkeypatch.setenv(name, value)
    return attempts


@pytest.fixture
def inputs(tmp_path: Path, tried: list[Any]) -> None:
    write_sequence(tmp_path / "s")
    write_video(tmp_path, num_frames=2)
    write(tmp_path / "gt.txt", walkers(), ",1,1,1")


CASES: dict[str, list[tuple[tuple[str, ...], str]]] = {
    "run": [
        (("s", *FAST, "--no-video", "--out", "o"), ""),
        (("clip.mp4", *FAST, "--detector", "yolo"), f"weights yolo11n.pt, which are not in WEIGHTS, {MISSING}"),
        (("clip.mp4", *FAST, "--detector", "yolo11s.pt"), f"weights yolo11s.pt, which are not in WEIGHTS, {MISSING}"),
        (("clip.mp4", *FAST, "--no-video", "--out", "p"), "warning: Using the motion detector"),
        (("http://192.0.2.1/clip.mp4", *FAST), f"source http://192.0.2.1/clip.mp4 {MISSING}"),
        (("RTSP://192.0.2.1/clip", *FAST), f"source rtsp://192.0.2.1/clip {MISSING}"),
        (
            ("clip.mp4", "--detector", "clip.txt", "--reid", "resnet50", "--reid-weights", "imagenet"),
            f"the ImageNet weights of resnet50 (https://download.pytorch.org/models/resnet50-11ad3fa6.pth), which are "
            f"not in TORCH, {MISSING}; put that file there",
        ),
    ],
    "eval": [(("--gt", "gt.txt", "--pred", "gt.txt"), "")],
    "mot": [
        (("s", *FAST, "--out", "m"), ""),
        (("s", "--reid", "none", "--detector", "yolo11s.pt"), MISSING),
    ],
    "compare": [
        (("s", "--reid", "none", "--out", "c"), ""),
        (("clip.mp4", "--detector", "yolo", "--reid", "none"), MISSING),
        (("https://192.0.2.1/x.mp4", "--reid", "none"), MISSING),
    ],
    "tune": [
        (("data", "--reid", "none", "--trials", "2", "--out", "t"), ""),
        (("data", "--reid", "none", "--detector", "yolo11s.pt"), MISSING),
    ],
    "link": [(("finished", "--out", "l"), "")],
    "relabel": [(("finished", "--name", "1=Anna", "--out", "l"), "")],
    "render": [(("finished", "--out", "l"), ""), (("finished", "--video", "http://192.0.2.1/a.mp4"), MISSING)],
    "zones": [(("finished", "--zones", "zones.yaml", "--out", "z"), "")],
    "convert": [(("finished", "--to", "cvat", "--out", "a.xml"), "")],
    "train-reid": [
        (("--reid", "resnet50", "--data", "people", "--pretrained", "imagenet", "--batch", "2x2"), MISSING),
    ],
    "eval-reid": [(("--reid", "efficientnet-b0", "--reid-weights", "imagenet", "--data", "people"), MISSING)],
    "export": [(("--reid", "swin-t", "--to", "onnx", "--reid-weights", "imagenet"), MISSING)],
    "models": [((), ""), (("timm:resnet10t",), "")],
}


def _prepare(command: str, track: Track, tmp_path: Path) -> None:
    if command in ("link", "zones", "convert", "relabel"):
        assert track("run", "s", *FAST, "--no-video", "--out", "finished").code == 0
        (tmp_path / "zones.yaml").write_text("lines: {door: {from: [0, 0], to: [1, 1]}}\n")
    if command == "tune":
        for name in ("a", "b"):
            folder = write_sequence(tmp_path / "data" / name, num_frames=40)
            rows = [(f + 1, n, *w.row(f)[2:6]) for f in range(40) for n, w in enumerate(TWO_WALKERS, start=1)]
            (folder / "gt").mkdir()
            write(folder / "gt" / "gt.txt", rows, ",1,1,1")
    if command == "render":
        assert track("run", "clip.mp4", "--detector", "clip.txt", *FAST, "--out", "finished").code == 0
    if command in ("train-reid", "eval-reid"):
        import cv2
        import numpy as np

        pictures = np.random.default_rng(0).integers(0, 255, (12, 4, 64, 32, 3), np.uint8)
        for person, crops in enumerate(pictures):
            (tmp_path / "people" / str(person)).mkdir(parents=True)
            for number, crop in enumerate(crops):
                cv2.imwrite(str(tmp_path / "people" / str(person) / f"{number}.png"), crop)


def _expect(result: Result, sentence: str, tmp_path: Path) -> None:
    sentence = sentence.replace("WEIGHTS", str(tmp_path / "weights"))
    sentence = sentence.replace("TORCH", str(tmp_path / "torch" / "hub" / "checkpoints"))
    assert sentence in result.err
    assert "Traceback" not in result.err
    is_done = not sentence or sentence.startswith("warning")
    assert result.code == (0 if is_done else 2), result.err


@pytest.mark.parametrize("command", [command.name for command in cli.COMMANDS])
@pytest.mark.parametrize("by_option", [True, False], ids=[network.OPTION, network.SWITCH])
@pytest.mark.usefixtures("inputs")
def test_every_command(
    track: Track, monkeypatch: pytest.MonkeyPatch, tried: list[Any], tmp_path: Path, command: str, by_option: bool
) -> None:
    """A command without a case here fails."""
    _prepare(command, track, tmp_path)
    monkeypatch.setenv(network.SWITCH, "" if by_option else "1")
    for arguments, sentence in CASES[command]:
        result = track(*([network.OPTION] if by_option else []), command, *arguments)
        _expect(result, sentence, tmp_path)
    assert tried == []


@pytest.mark.usefixtures("inputs")
def test_without_the_switch_it_is_tried(track: Track, tried: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """These sockets would notice."""
    monkeypatch.setattr(weights, "STALL_S", 5.0)
    result = track("run", "clip.mp4", *FAST, "--detector", "yolo11s.pt")
    assert result.code == 2
    assert tried


@pytest.mark.parametrize("value", ["", "0", "false", "No", " off "])
def test_values_that_leave_the_network_on(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(network.SWITCH, value)
    assert not network.is_off()
    network.check_allowed("this", "do that")


@pytest.mark.parametrize(
    ("call", "is_refused"),
    [
        pytest.param(lambda: socket.getaddrinfo("example.org", 80), True, id="a name"),
        pytest.param(lambda: socket.gethostbyname("example.org"), True, id="an older lookup"),
        pytest.param(lambda: socket.create_connection(("192.0.2.1", 9), 0.1), True, id="an address"),
        pytest.param(
            lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"", ("192.0.2.1", 9)), True, id="a datagram"
        ),
        pytest.param(lambda: socket.create_connection(("localhost.example.org", 9), 0.1), True, id="like this machine"),
        pytest.param(lambda: socket.getaddrinfo("127.0.0.1", 9), False, id="this machine"),
        pytest.param(lambda: socket.socketpair(), False, id="within the process"),
    ],
)
def test_as_the_last_door_no_socket_of_python_leaves_the_machine(
    monkeypatch: pytest.MonkeyPatch, call: Callable[[], Any], is_refused: bool
) -> None:
    """Whatever a library tries, in whatever way it asks Python."""
    monkeypatch.setenv(network.SWITCH, "1")
    network.obey()
    if is_refused:
        with pytest.raises(network.NetworkOffError, match="cannot be reached: the network is off"):
            call()
    else:
        call()


def test_the_option_stands_before_the_command(track: Track) -> None:
    result = track("models", network.OPTION)
    assert result.code == 2
    assert result.err == (
        f"track: error: No such option: {network.OPTION} here; it stands before the command: track {network.OPTION} "
        "models ... (see: track models --help)\n"
    )
    assert track(network.OPTION, "modles").err.count("Did you mean 'models'?") == 1
    assert DEBUG not in result.err
