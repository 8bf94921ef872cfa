"""Crops per second: which runtimes are timed, and what is counted as a pass."""

from __future__ import annotations

import numpy as np
import pytest

import reid.speed
from reid.runtimes.types import Crops, Rows
from reid.speed import BATCH, MIN_PASSES, installed_runtimes, speeds


class Clock:
    """Stands in for the runtime and the clock: each pass takes as long as it is told."""

    def __init__(self, passes: list[float]) -> None:
        self.passes = iter(passes)
        self.now = 0.0
        self.batches: list[int] = []

    def perf_counter(self) -> float:
        return self.now

    def run(self, crops: Crops) -> Rows:
        self.batches.append(len(crops))
        self.now += next(self.passes)
        return np.zeros((len(crops), 1), np.float32)


def timed(monkeypatch: pytest.MonkeyPatch, passes: list[float], budget_s: float) -> tuple[float | None, int]:
    clock = Clock(passes)
    monkeypatch.setattr(reid.speed, "installed_runtimes", lambda: ("torch",))
    monkeypatch.setattr(reid.speed, "_open", lambda *_: clock)
    monkeypatch.setattr(reid.speed, "time", clock)
    ((_, speed),) = speeds("small-cnn", budget_s=budget_s)
    assert set(clock.batches) == {BATCH}
    return speed, len(clock.batches)


def test_is_the_median_pass_after_one_that_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    assert timed(monkeypatch, [9.0, 0.5, 2.0, 0.25], 1.0) == (BATCH / 0.5, 4)


def test_passes_go_on_until_the_budget_is_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    assert timed(monkeypatch, [1.0] + [0.25] * 8, 2.0) == (BATCH / 0.25, 9)


def test_a_slow_network_is_passed_a_few_times_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    assert timed(monkeypatch, [8.0] * 9, 1.0) == (BATCH / 8.0, 1 + MIN_PASSES)


def test_a_network_that_a_runtime_cannot_convert_has_no_speed_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no such operator")

    monkeypatch.setattr(reid.speed, "_open", fail)
    assert dict(speeds("small-cnn")) == dict.fromkeys(installed_runtimes())


def test_pytorch_is_always_there_and_comes_first() -> None:
    assert installed_runtimes()[0] == "torch"


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[] if kind == "torch" else pytest.mark.slow) for kind in installed_runtimes()]
)
def test_each_runtime_runs_the_network(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reid.speed, "installed_runtimes", lambda: (kind,))
    ((name, speed),) = speeds("dogex26", (64, 32), budget_s=0)
    assert name == kind
    assert speed is not None
    assert speed > 0
