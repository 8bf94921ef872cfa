"""A command in a fork: its exit code, its words, what it touched, and that it can be killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.track.runs import ROOT
from torture.fence import is_inside
from torture.forks import Call, homes, run


def test_the_exit_code_and_the_words_come_back(tmp_path: Path) -> None:
    good = run(Call(("--version",), tmp_path, homes(tmp_path)))
    bad = run(Call(("run", "nothing.mp4"), tmp_path, homes(tmp_path)))
    assert (good.code, good.out.split()[0], good.err) == (0, "track", "")
    assert (bad.code, bad.out) == (2, "")
    assert bad.err.startswith("track: error: source 'nothing.mp4' not found")


def test_a_command_is_killed_at_its_moment_and_at_its_limit(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "silent")
    waits = ("eval", "--gt", "silent", "--pred", "silent")
    assert not run(Call(waits, tmp_path, homes(tmp_path), kill_s=0.0)).too_slow
    assert run(Call(waits, tmp_path, homes(tmp_path), kill_s=0.0)).code == -9


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        pytest.param("open('in/x', 'w')", "", id="a file inside"),
        pytest.param("open('in/../in/x', 'w')", "", id="inside by a detour"),
        pytest.param("open('out', 'w')", "wrote 'out'", id="a file outside"),
        pytest.param("open('in/../out', 'w')", "wrote 'in/../out'", id="outside by a detour"),
        pytest.param("open(sys.executable, 'rb')", "", id="to read is free"),
        pytest.param("os.open('out', os.O_CREAT | os.O_WRONLY)", "wrote 'out'", id="by number"),
        pytest.param("os.mkdir('out')", "os.mkdir 'out'", id="a folder outside"),
        pytest.param("os.symlink('..', 'in/up'); open('in/up/out', 'w')", "wrote 'in/up/out'", id="by a link"),
        pytest.param("open('in/x', 'w'); os.rename('in/x', 'out')", "os.rename 'out'", id="moved out"),
        pytest.param("socket.getaddrinfo('192.0.2.1', 80)", "looked up '192.0.2.1'", id="an address"),
        pytest.param("socket.getaddrinfo('127.0.0.1', 80)", "", id="this machine"),
    ],
)
def test_the_fence_notes_what_is_outside(tmp_path: Path, program: str, expected: str) -> None:
    (tmp_path / "in").mkdir()
    head = "import os, socket, sys; from pathlib import Path; from torture.fence import watch; watch(1, [Path('in')]); "
    subprocess.run(
        [sys.executable, "-c", head + program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=(tmp_path / "notes").open("w"),
        check=True,
    )
    assert (tmp_path / "notes").read_text().strip() == expected


def test_a_neighbour_whose_name_begins_alike_is_outside(tmp_path: Path) -> None:
    assert is_inside(tmp_path / "in" / "x", [str(tmp_path / "in")])
    assert not is_inside(tmp_path / "in2" / "x", [str(tmp_path / "in")])
