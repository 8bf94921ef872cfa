"""What README and CONTRIBUTING promise exists: options, targets, files; and the Python in it runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from track import cli
from track.cli import main

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = {command.name for command in cli.COMMANDS}
OF_TORCHRUN = {"--nproc-per-node", "--no-python"}
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def help_text(capsys, *arguments):
    with pytest.raises(SystemExit) as end:
        main([*arguments, "--help"])
    assert end.value.code == 0
    return capsys.readouterr().out


def test_every_option_in_the_readme_exists(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    known = set(re.findall(r"--[a-z][a-z0-9-]+", "".join(help_text(capsys, command) for command in COMMANDS)))
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", README))
    assert len(named) > 5
    assert named - OF_TORCHRUN <= known


def test_every_track_command_in_the_readme_exists(capsys):
    named = set(re.findall(r"^track ([a-z][a-z-]+)|`track ([a-z][a-z-]+)", README, re.MULTILINE))
    named = {first or second for first, second in named}
    assert named <= COMMANDS
    for command in named:
        assert "Usage" in help_text(capsys, command)


def test_every_make_target_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"^make ([a-z-]+)", README + CONTRIBUTING, re.MULTILINE))
    assert {"demo", "test"} <= named <= targets


@pytest.mark.parametrize("text", [README, CONTRIBUTING], ids=["README", "CONTRIBUTING"])
def test_every_linked_file_exists(text):
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if not link.startswith("http")]
    files = re.findall(r"`((?:track|detectors|reid|tracker|tests|configs)/[\w/]+\.\w+)`", text)
    missing = [name for name in [*links, *files] if not (ROOT / name).exists()]
    assert not missing


def test_the_python_in_the_readme_runs(capsys):
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(code.strip().splitlines()) <= 15
    assert len(README.splitlines()) <= 120
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out.startswith("[1]")
