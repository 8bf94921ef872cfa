"""Weights: where they are looked for, and a download that is bounded and leaves no half-written file."""

from __future__ import annotations

import email.message
import io
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from detectors import weights


@pytest.fixture(autouse=True)
def _own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("TRACK_WEIGHTS", str(tmp_path / "weights"))


class Answer(io.BytesIO):
    """A server's answer that announces a length."""

    def __init__(self, content: bytes, announced: int) -> None:
        super().__init__(content)
        self.headers = email.message.Message()
        self.headers["Content-Length"] = str(announced)


def answer_with(monkeypatch: pytest.MonkeyPatch, answer: Callable[[], Any]) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", lambda url, timeout: answer())


def test_folder_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert weights.weights_folder().name == "weights"
    monkeypatch.delenv("TRACK_WEIGHTS")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert weights.weights_folder() == Path("/somewhere/track-reid/weights")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert weights.weights_folder() == Path.home() / ".cache" / "track-reid" / "weights"


def test_current_folder_comes_before_the_cache(tmp_path: Path) -> None:
    assert weights.find_weights("a.pt") is None
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "a.pt").touch()
    assert weights.find_weights("a.pt") == tmp_path / "weights" / "a.pt"
    Path("a.pt").touch()
    assert weights.find_weights("a.pt") == Path("a.pt")


def test_complete_download_appears_under_its_name_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    answer_with(monkeypatch, lambda: Answer(b"x" * 200_000, 200_000))
    assert weights.fetch_weights("yolov8n.pt") == tmp_path / "weights" / "yolov8n.pt"
    assert (tmp_path / "weights" / "yolov8n.pt").read_bytes() == b"x" * 200_000
    assert sorted(file.name for file in (tmp_path / "weights").iterdir()) == ["digests.json", "yolov8n.pt"]


def _refuse() -> Any:
    raise urllib.error.URLError("connection refused")


def _missing() -> Any:
    raise urllib.error.HTTPError("https://example.org", 404, "Not Found", email.message.Message(), None)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(lambda: Answer(b"x" * 1000, 2000), "broke off after 1000 of 2000 bytes", id="cut short"),
        pytest.param(_refuse, "connection refused", id="refused"),
        pytest.param(_missing, "Not Found", id="not published"),
    ],
)
def test_failed_download_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: Callable[[], Any], reason: str
) -> None:
    answer_with(monkeypatch, answer)
    with pytest.raises(FileNotFoundError, match=rf"yolo11n\.pt.*{reason}.*Put the file into"):
        weights.fetch_weights("yolo11n.pt")
    assert not list(tmp_path.glob("weights/*"))
    assert not list(tmp_path.glob("weights/.*"))


def test_hanging_network_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    release = threading.Event()

    def hang() -> Any:  # as a name lookup does, which heeds no timeout
        release.wait(30)
        return Answer(b"late", 4)

    answer_with(monkeypatch, hang)
    monkeypatch.setattr(weights, "STALL_S", 0.2)
    started = time.monotonic()
    with pytest.raises(FileNotFoundError, match="no answer from the network"):
        weights.fetch_weights("yolo11n.pt")
    assert time.monotonic() - started < 5  # far below the 30 s for which the network hangs
    release.set()
    for thread in threading.enumerate():
        if thread.name == "weights":
            thread.join(5)
    assert not list(tmp_path.glob("weights/*"))  # what arrives after giving up is not kept


def test_default_wait_is_within_what_is_promised() -> None:
    assert weights.STALL_S <= 10


def test_names_that_nobody_publishes_are_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with(monkeypatch, lambda: pytest.fail("the network was asked"))
    for name in ("mine.pt", "../yolo11n.pt", "yolo11n.pt?x", "yolo11n.onnx"):
        with pytest.raises(FileNotFoundError, match="no weights"):
            weights.fetch_weights(name)


def test_a_transfer_that_trickles_is_ended_and_not_called_silent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("detectors.weights.TOTAL_S", 0.2)
    transfer = weights._Transfer("http://localhost/none", tmp_path / "yolo.pt")
    transfer.last_news += 60  # news keeps coming
    assert "was not done after 0.2 s" in transfer.wait()
    assert transfer.cancelled.is_set()
