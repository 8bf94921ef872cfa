"""The lock of a folder against real processes: one that holds it, one that is killed, several that want it at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.track.runs import ROOT
from track.files.lock import FolderTakenError, locked

HOLDING = """
import sys
from pathlib import Path
from track.files.lock import locked
with locked(Path(sys.argv[1]), "out"):
    print("held", flush=True)
    sys.stdin.read()
"""
COUNTING = """
import sys
from pathlib import Path
from track.files.lock import FolderTakenError, locked
folder, taken = Path(sys.argv[1]), 0
while taken < 50:
    try:
        with locked(folder / "lock", "out"):
            number = int((folder / "count").read_text())
            (folder / "count").write_text(str(number + 1))
            taken += 1
    except FolderTakenError:
        pass
"""


def python(program: str, argument: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, str(argument)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its input ends."""
    with python(HOLDING, path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


def test_a_lock_of_a_living_process_is_refused_and_names_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with holder(path) as process, pytest.raises(FolderTakenError) as caught, locked(path, "out"):
        raise AssertionError("taken from a living process")
    assert f"another run is writing to out (process {process.pid}, begun 20" in str(caught.value)
    assert not path.exists(), "its holder has ended and taken it away"


def test_a_lock_of_a_killed_process_is_taken_over_and_names_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with holder(path) as process:
        process.send_signal(signal.SIGKILL)
    assert path.exists()
    with locked(path, "out") as lock:
        assert lock.killed is not None
        assert lock.killed.process == process.pid
    assert not path.exists()


def test_a_lock_whose_text_is_damaged_is_taken_over_all_the_same(tmp_path: Path) -> None:
    for text in (b"", b"\0\0\0", b"[1", b'{"process": null}', b"x" * 10_000):
        (tmp_path / "lock").write_bytes(text)
        with locked(tmp_path / "lock", "out") as lock:
            assert str(lock.killed or "an unknown process") == "an unknown process"


def test_processes_that_want_it_at_once_never_have_it_together(tmp_path: Path) -> None:
    """Each adds 1 to a number fifty times; the file of the lock comes and goes 150 times meanwhile."""
    (tmp_path / "count").write_text("0")
    processes = [python(COUNTING, tmp_path) for _ in range(3)]
    for process in processes:
        process.communicate(timeout=60)
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert (tmp_path / "count").read_text() == "150"
