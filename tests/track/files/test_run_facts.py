"""What a run knows of its source, and where its video is looked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from track.files.run_facts import find_video, read_facts


def write(run_dir: Path, summary: Any) -> Path:
    run_dir.mkdir(parents=True)
    (run_dir / "summary.json").write_text(json.dumps(summary))
    return run_dir


NEW = {"source": {"name": "walk", "width": 96, "height": 64, "path": "walk.mp4"}, "configuration": {"start_s": 2.0}}
OLDER = {"source": {"name": "walk", "width": 96, "height": 64}, "configuration": {"source": "walk.mp4", "start_s": 2.0}}


@pytest.mark.parametrize("summary", [NEW, OLDER], ids=["new", "of an older version"])
def test_facts(tmp_path: Path, summary: Any) -> None:
    facts = read_facts(write(tmp_path / "r", summary))
    assert (facts.path, facts.size, facts.number("start_s"), facts.number("end_s")) == ("walk.mp4", (96, 64), 2.0, None)


def test_a_run_made_of_an_older_one_knows_what_that_one_knew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("one"), OLDER)
    write(Path("two"), {"source": {"run": "one"}})
    write(Path("three"), {"source": {"run": "two"}})
    assert (read_facts(Path("three")).path, read_facts(Path("three")).size) == ("walk.mp4", (96, 64))
    write(Path("self"), {"source": {"run": "self"}})
    assert read_facts(Path("self")).path is None


ODD = [
    None,
    [],
    3,
    {},
    {"source": 3},
    {"source": {"width": "x", "path": 3, "fps": True}, "configuration": []},
    {"source": {"width": 10**400, "height": 1, "fps": 10**400}},
]


@pytest.mark.parametrize("summary", ODD, ids=str)
def test_a_damaged_summary_tells_nothing(tmp_path: Path, summary: Any) -> None:
    facts = read_facts(write(tmp_path / "r", summary))
    assert (facts.path, facts.size, facts.number("fps"), facts.made_of) == (None, None, None, None)


def test_the_video_is_looked_for_upwards_from_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was typed from the folder in which `runs` was made, wherever that is now."""
    (tmp_path / "shop" / "runs").mkdir(parents=True)
    run_dir = write(tmp_path / "shop" / "runs" / "walk", NEW)
    (tmp_path / "shop" / "walk.mp4").write_bytes(b"video")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert Path(find_video(run_dir, read_facts(run_dir), None)) == tmp_path / "shop" / "walk.mp4"
    (tmp_path / "elsewhere" / "walk.mp4").write_bytes(b"nearer")
    assert find_video(run_dir, read_facts(run_dir), None) == "walk.mp4"
    assert find_video(run_dir, read_facts(run_dir), "given.mp4") == "given.mp4"


@pytest.mark.parametrize("path", ["0", "rtsp://camera/1", "HTTP://host/a"])
def test_what_cannot_be_read_again(tmp_path: Path, path: str) -> None:
    run_dir = write(tmp_path / "r", {"source": {"path": path}})
    with pytest.raises(ValueError, match="cannot be read again: give a recording of it by --video"):
        find_video(run_dir, read_facts(run_dir), None)
