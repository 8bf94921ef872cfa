"""Other processes: killed at any moment, or two at once. Minutes long, so marked slow."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from tests.reid.training.runs import assert_same_end

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]


def command(out: Path, people: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "tests.reid.training.program", str(people), str(out), *arguments]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def finish(command: list[str]) -> None:
    done = subprocess.run(command, env=environment(), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_killed_at_any_moment_and_resumed_it_ends_bit_for_bit_the_same(people: Path, tmp_path: Path) -> None:
    reference, out = tmp_path / "reference", tmp_path / "killed"
    finish(command(reference, people))
    chance, kills = random.Random(5), 0
    while kills < 4:
        process = subprocess.Popen(
            command(out, people, "--pause", "0.05"), env=environment(), cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        process.stdout.readline()  # the first step is done
        time.sleep(chance.uniform(0, 0.4))
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, "it was to be killed before its end"
        kills += 1
    finish(command(out, people))
    assert_same_end(out, reference)


def test_two_processes_train_as_one_does_with_the_same_batch(people: Path, tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    finish(command(one, people, "--plain"))
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    finish([*launch, *command(two, people, "--plain")[1:]])
    first, second = (torch.load(folder / "last.pt", weights_only=True) for folder in (one, two))
    start = torch.load(one / "first.pt", weights_only=True)
    for key, weight in first["net"].items():
        if weight.is_floating_point():
            moved = float((weight - start[key]).norm())
            apart = float((weight - second["net"][key]).norm())
            assert apart <= 1e-3 * moved + 1e-6, f"{key}: {apart:.2g} apart after moving by {moved:.2g}"
