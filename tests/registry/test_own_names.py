"""Names of unfinished files, and what they never replace."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from registry.own_names import is_unfinished, own_name, replacing


def test_what_is_whole_takes_the_name_and_what_fails_leaves_it(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for text in ("old", "new"):
        with replacing(path) as unfinished:
            assert is_unfinished(unfinished.name)
            unfinished.write_text(text)

    def fail() -> None:
        with replacing(path) as unfinished:
            unfinished.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text() == "new"


def test_a_device_or_pipe_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    """As root, a rename to `/dev/null` would take it from every other program."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/null")
    for name in ("pipe", "link"):
        with pytest.raises(ValueError, match=f"{name} is a device, a pipe or a socket, expected a file or a folder"):
            own_name(tmp_path / name)
