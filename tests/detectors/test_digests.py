"""Downloads are what was published, or what came first; a file that was changed afterwards is told."""

from __future__ import annotations

import email.message
import hashlib
import io
import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from detectors import digests, weights
from detectors.weights import DetectorUnavailableError

FIRST, OTHER = b"first" * 100, b"other" * 100


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("TRACK_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "weights"


def serve(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    def answer(url: str, timeout: float) -> Any:
        body = io.BytesIO(content)
        body.headers = email.message.Message()  # type: ignore[attr-defined]
        return body

    monkeypatch.setattr(urllib.request, "urlopen", answer)


def test_a_published_digest_must_fit(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    serve(monkeypatch, FIRST)
    monkeypatch.setitem(digests.PUBLISHED, "yolo11n.pt", hashlib.sha256(FIRST).hexdigest())
    assert weights.fetch_weights("yolo11n.pt").read_bytes() == FIRST
    (folder / "yolo11n.pt").unlink()
    serve(monkeypatch, OTHER)
    with pytest.raises(FileNotFoundError, match=r"its SHA-256 is .*as published.*Put the file into"):
        weights.fetch_weights("yolo11n.pt")
    assert not (folder / "yolo11n.pt").exists()


def test_a_second_download_must_be_what_the_first_was(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    serve(monkeypatch, FIRST)
    weights.fetch_weights("yolov9c.pt").unlink()
    assert json.loads((folder / digests.NOTES).read_text()) == {"yolov9c.pt": hashlib.sha256(FIRST).hexdigest()}
    serve(monkeypatch, OTHER)
    with pytest.raises(FileNotFoundError, match="at the first download"):
        weights.fetch_weights("yolov9c.pt")
    serve(monkeypatch, FIRST)
    assert weights.fetch_weights("yolov9c.pt").read_bytes() == FIRST


def test_what_was_changed_after_its_download_is_not_used(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    serve(monkeypatch, FIRST)
    path = weights.fetch_weights("yolov9c.pt")
    assert weights.find_weights("yolov9c.pt") == path
    path.write_bytes(OTHER)
    with pytest.raises(DetectorUnavailableError, match="is not what was downloaded"):
        weights.find_weights("yolov9c.pt")


@pytest.mark.parametrize("notes", ["", "[1]", "{", '{"mine.pt": 3}'], ids=["empty", "a list", "damaged", "a number"])
def test_what_a_user_put_there_is_used_unless_a_note_says_otherwise(folder: Path, notes: str) -> None:
    folder.mkdir()
    (folder / "own.pt").write_bytes(OTHER)
    (folder / digests.NOTES).write_text(notes)
    assert weights.kept_weights("own.pt") == folder / "own.pt"


def test_known_digests_are_digests_of_names_that_are_fetched() -> None:
    for name, digest in digests.PUBLISHED.items():
        assert weights.PUBLISHED.fullmatch(name)
        assert len(bytes.fromhex(digest)) == 32
