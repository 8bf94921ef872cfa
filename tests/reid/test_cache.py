"""The cache of conversions: what an interrupted or killed run leaves behind."""

from __future__ import annotations

import os
import time
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
