"""A wheel built from the tree holds all that it needs, presets included."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WITHOUT_SOURCE = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


@pytest.fixture(autouse=True)
def _away_from_the_source_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    """A source tree on PYTHONPATH would answer in place of the wheel."""
    monkeypatch.delenv("PYTHONPATH", raising=False)


def build_wheel(folder: Path) -> Path:
    """With the hatchling of this environment: its version is pinned, and nothing is downloaded."""
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--wheel-dir", str(folder), str(ROOT)], check=True)
    return next(folder.glob("track_reid-*.whl"))


def check_track(python: Path, cwd: Path) -> None:
    """The installed command knows its presets and tracks a clip, away from the source tree."""
    track = str(python.with_name("track"))
    listed = subprocess.run(
        [track, "models", "--json"], cwd=cwd, env=WITHOUT_SOURCE, capture_output=True, text=True, check=True
    )
    assert {"deepsort", "strong"} <= {row["name"] for row in json.loads(listed.stdout)["trackers"]}
    clip = str(ROOT / "videos" / "plaza.mp4")
    command = [track, "run", clip, "--detector", "motion", "--reid", "none", "--end", "1"]
    subprocess.run(command, cwd=cwd, env=WITHOUT_SOURCE, check=True, capture_output=True)
    assert (cwd / "runs" / "plaza" / "annotated.mp4").is_file()


def test_wheel_with_the_dependencies_of_this_environment(tmp_path):
    """Fast: a new environment holds the wheel alone, and borrows from here the dependencies but not the source."""
    wheel = build_wheel(tmp_path)
    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env" / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", str(wheel)],
        check=True,
    )
    own_packages = next((tmp_path / "env" / "lib").glob("python*/site-packages"))
    # A path that comes from a .pth file has its own .pth files ignored: the editable install is not seen.
    (own_packages / "borrowed.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    where = (
        "from registry.shipped import preset_path, recipe_path; print(preset_path('strong'), recipe_path('dogenet'))"
    )
    printed = subprocess.run(
        [python, "-c", where], cwd=tmp_path, env=WITHOUT_SOURCE, capture_output=True, text=True, check=True
    )
    shipped = own_packages / "registry" / "configs"
    assert printed.stdout.split() == [str(shipped / "strong.yaml"), str(shipped / "reid" / "dogenet.yaml")]
    assert not (own_packages / "configs").exists()  # a name that any other distribution could take
    check_track(python, tmp_path)


@pytest.mark.slow
def test_wheel_in_an_empty_environment(tmp_path):
    """Slow: the wheel and everything that it asks for, from the package index, in the tested versions."""
    wheel = build_wheel(tmp_path)
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    pinned = ["--constraint", str(ROOT / "constraints.txt")]
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-compile", *pinned, str(wheel)], check=True)
    check_track(python, tmp_path)
