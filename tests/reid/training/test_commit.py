"""The commit that a checkpoint tells is that of the source, and of nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from reid.training import run

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


@pytest.mark.parametrize("is_known", [True, False], ids=["its own repository", "a repository of something else"])
def test_only_a_repository_that_holds_the_source_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_known: bool
) -> None:
    """An environment within the user's own project gave the commit of that project."""
    file = tmp_path / "project" / "env" / "run.py"
    file.parent.mkdir(parents=True)
    file.touch()
    (tmp_path / "project" / "other.txt").touch()
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
    for words in (
        ("init", "-q"), ("add", "env/run.py" if is_known else "other.txt"), (*identity, "commit", "-qm", "first"),
    ):  # fmt: skip
        subprocess.run(["git", *words], cwd=tmp_path / "project", check=True)
    monkeypatch.setattr(run, "__file__", str(file))
    assert bool(re.fullmatch("[0-9a-f]{40}", run._commit())) is is_known
