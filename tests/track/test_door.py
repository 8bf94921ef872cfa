"""`from track import ...`: every name, loaded when it is asked for; and what hides a library is named."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import track
from tests.track.runs import ROOT, ids_in, run_python, write_sequence

LIBRARIES = ("detectors", "evaluation", "registry", "reid", "synthetic", "tracker")
USE = "from track import DeepSort; print(DeepSort.__module__)"


def test_every_name_is_there_and_listed() -> None:
    for name in track.__all__:
        assert getattr(track, name).__name__ == name
    assert set(track.__all__) <= set(dir(track))


def test_type_checkers_see_what_programs_get() -> None:
    """The imports under `TYPE_CHECKING` are those that are made when a name is asked for."""
    tree = ast.parse(Path(track.__file__).read_text())
    (block,) = (node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    seen = {alias.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert seen == track._HOME_OF
    assert set(seen) == set(track.__all__)


@pytest.mark.parametrize(
    ("name", "not_loaded"),
    [
        pytest.param("DeepSort", "torch cv2 filterpy av pydantic rich typer", id="tracker"),
        pytest.param("load_preset", "torch cv2 filterpy av rich typer", id="presets"),
        pytest.param("create_detector", "torch cv2 filterpy ultralytics", id="detectors"),
        pytest.param("create_encoder", "torch cv2 filterpy openvino", id="encoders"),
        pytest.param("evaluate", "torch cv2 filterpy", id="scores"),
    ],
)
def test_a_name_loads_only_what_it_needs(name: str, not_loaded: str, tmp_path: Path) -> None:
    program = "import sys; import track; getattr(track, sys.argv[1]); print(*(set(sys.argv[2:]) & set(sys.modules)))"
    done = run_python(program, name, *not_loaded.split(), cwd=tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("DeepSrt", "track has no 'DeepSrt'. Did you mean DeepSort?", id="close"),
        pytest.param("create_detectr", "track has no 'create_detectr'. Did you mean create_detector?", id="closest"),
        pytest.param("xyzzy", "track has no 'xyzzy'", id="nothing like it"),
    ],
)
def test_an_unknown_name(name: str, message: str) -> None:
    with pytest.raises(AttributeError) as error:
        getattr(track, name)
    assert str(error.value) == message


@pytest.mark.parametrize("kind", ["file", "folder"])
@pytest.mark.parametrize("name", LIBRARIES)
def test_a_file_of_the_users_that_hides_a_library_is_named(name: str, kind: str, tmp_path: Path) -> None:
    hiding = tmp_path / (f"{name}.py" if kind == "file" else f"{name}/__init__.py")
    hiding.parent.mkdir(exist_ok=True)
    hiding.write_text("")
    done = run_python(USE, cwd=tmp_path)
    assert done.returncode == 1
    named = str(hiding if kind == "file" else hiding.parent)
    (last,) = done.stderr.splitlines()[-1:]
    assert last.startswith("ImportError: ")
    assert named in last
    assert f"hides the library {name!r}" in last
    assert "rename it" in last


def test_the_script_itself_may_hide_a_library(tmp_path: Path) -> None:
    (tmp_path / "tracker.py").write_text(USE)
    done = _python(tmp_path, "tracker.py")
    assert "tracker.py hides the library 'tracker'" in done.stderr.splitlines()[-1]


def test_the_command_says_so_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "reid.py").write_text("")
    done = _python(tmp_path, "-m", "track", "models")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"track: error: {tmp_path / 'reid.py'} hides the library 'reid'")
    assert len(done.stderr.splitlines()) == 1


def test_the_installed_command_says_so_too(tmp_path: Path) -> None:
    """A script of that name has its own folder, not the working folder, first on the path."""
    (tmp_path / "track").write_text("from track.cli import main\nmain()\n")
    (tmp_path / "tracker.py").write_text("")
    done = _python(tmp_path, "track", "models")
    assert done.returncode == 2
    assert done.stderr.startswith(f"track: error: {tmp_path / 'tracker.py'} hides the library 'tracker'")


def test_names_that_no_library_has_never_matter(tmp_path: Path) -> None:
    """A user's own `app.py`, `configs/` and `utils.py`, and a folder without Python that is called as a library."""
    for name in ("app.py", "utils.py", "configs/__init__.py", "tracker/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("raise SystemExit('the wrong file')\n")
    assert run_python(USE, cwd=tmp_path).stdout == "tracker.deepsort\n"
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert run_python(example, cwd=tmp_path).stdout.startswith("[1]")
    write_sequence(tmp_path / "seq", num_frames=5)
    done = _python(tmp_path, "-m", "track", "run", "seq")
    assert done.returncode == 0, done.stderr
    assert ids_in(tmp_path / "runs" / "seq") == {1, 2}


def _python(cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
