"""The first moments of the program: Ctrl-C while it imports, streams that are closed, encodings of all kinds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STOPPED = "track: error: stopped: nothing was written\n"
INTERRUPTED = """
import runpy, sys
module = sys.argv.pop(1)
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == module:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupt())
runpy.run_module("track", run_name="__main__", alter_sys=True)
"""


def _environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80", **more}


@pytest.mark.parametrize(
    "module",
    [
        pytest.param("typer", id="the parser"),
        pytest.param("track.cli", id="the manifest"),
        pytest.param("track.commands.run.command", id="the command"),
        pytest.param("track.setup.config", id="its settings"),
        pytest.param("numpy", id="numbers"),
        pytest.param("rich.console", id="the terminal"),
        pytest.param("cv2", id="pictures"),
    ],
)
def test_ctrl_c_during_an_import_is_one_line(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, module, "run", "nothing.mp4"],
        env=_environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", STOPPED)


def _shell(line: str, **more: str) -> tuple[int, bytes, bytes]:
    """The exit code, output and errors of `track` in a shell, with `$TRACK` for the program."""
    done = subprocess.run(
        ["bash", "-c", line],
        env=_environment(TRACK=f"{sys.executable} -m track", **more),
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell")
@pytest.mark.parametrize(
    ("line", "code", "fragment"),
    [
        pytest.param("$TRACK --version >&-", 0, b"", id="output"),
        pytest.param("$TRACK --version >&- 2>&- <&-", 0, b"", id="all"),
        pytest.param("$TRACK run nothing.mp4 2>&-", 2, b"", id="errors"),
        pytest.param("$TRACK run nothing.mp4 >&-", 2, b"track: error: source 'nothing.mp4' not found", id="an error"),
        pytest.param("$TRACK --version > /dev/full", 2, b"track: error: No space left on device\n", id="a full disk"),
    ],
)
def test_closed_streams(line: str, code: int, fragment: bytes) -> None:
    ended, _, errors = _shell(line)
    assert ended == code, errors
    assert fragment in errors
    assert len(errors.splitlines()) == (1 if fragment else 0)


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell")
@pytest.mark.parametrize(
    "encoding",
    [{"PYTHONIOENCODING": "ascii"}, {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}],
)
def test_a_terminal_that_cannot_show_a_name(encoding: dict[str, str]) -> None:
    code, _, errors = _shell("$TRACK run größe$'\\x80'.mp4", **encoding)
    assert code == 2
    assert errors.isascii()
    assert errors.startswith(b"track: error: source 'gr\\")
    assert len(errors.splitlines()) == 1


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_tables_in_every_encoding(encoding: str) -> None:
    code, output, errors = _shell("$TRACK models; $TRACK run --help", PYTHONIOENCODING=encoding)
    assert (code, errors) == (0, b"")
    assert "dogenet50" in output.decode(encoding)
