"""The cache of conversions: what an interrupted or killed run leaves behind."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reid.runtimes import cache


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRACK_CACHE", str(tmp_path))
    return tmp_path / "runtimes"


def test_ctrl_c_while_a_conversion_is_written_leaves_nothing(place: Path) -> None:
    def interrupted(folder: Path) -> None:
        (folder / "network.bin").write_bytes(bytes(100))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.store("some-key", interrupted)
    assert list(place.iterdir()) == []


def test_what_a_killed_run_left_goes_after_a_day_and_what_another_run_writes_stays(place: Path) -> None:
    killed, written_now = place / ".part-killed", place / ".part-now"
    for folder in (killed, written_now):
        folder.mkdir(parents=True)
        (folder / "network.bin").write_bytes(bytes(100))
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(killed, (two_days_ago, two_days_ago))
    cache.store("some-key", lambda folder: None)
    assert sorted(entry.name for entry in place.iterdir()) == [".part-now", "some-key"]


def _stored(key: str = "openvino-some-key") -> Path:
    cache.store(key, lambda folder: (folder / "network.xml").write_bytes(b"<net/>") and None)
    folder = cache.find(key)
    assert folder is not None
    return folder


def _change(folder: Path) -> None:
    (folder / "network.xml").write_bytes(b"<eval/>")


def _add(folder: Path) -> None:
    (folder / "network.bin").write_bytes(b"numbers of another network")


def _forget(folder: Path) -> None:
    (folder / cache.DIGEST_FILE).unlink()


@pytest.mark.parametrize("meddle", [_change, _add, _forget])
def test_an_entry_that_is_not_as_it_was_stored_is_not_used_and_goes(
    place: Path, meddle: Callable[[Path], None]
) -> None:
    folder = _stored()
    meddle(folder)
    assert cache.find(folder.name) is None
    assert not folder.exists()


def test_a_note_of_its_origin_changes_no_entry(place: Path, tmp_path: Path) -> None:
    folder, checkpoint = _stored(), tmp_path / "w.safetensors"
    checkpoint.write_bytes(b"weights")
    cache.note_origin(folder.name, "small-cnn", checkpoint, {"rank1": 0.5})
    assert cache.find_made_from("small-cnn", checkpoint) == cache.Found(folder, {"rank1": 0.5})
    _change(folder)
    assert cache.find_made_from("small-cnn", checkpoint) is None
