"""Trainings in this process: run, stopped or killed, and compared bit for bit."""

from __future__ import annotations

import csv
import dataclasses
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from reid.checkpoint import read_checkpoint
from reid.training import Job, Outcome, SilentWatch, open_accelerator, train
from reid.training.log import Row

MakeJob = Callable[..., Job]
STEPS_PER_EPOCH = 6


class Recorder(SilentWatch):
    """Keeps what it is told; dies or asks to stop after a number of steps."""

    def __init__(self, *, die_after: int = 10**9, stop_after: int = 10**9, die_at_row: int = 10**9) -> None:
        self.losses: list[float] = []
        self.rows: list[Row] = []
        self._die_after, self._stop_after, self._die_at_row = die_after, stop_after, die_at_row

    def step(self, loss: float, num_images: int) -> None:
        self.losses.append(loss)
        if len(self.losses) > self._die_after:
            raise ConnectionAbortedError("as if the machine had failed")

    def row(self, row: Row) -> None:
        self.rows.append(row)
        if row["epoch"] == self._die_at_row:
            raise ConnectionAbortedError("as if the machine had failed")

    def should_stop(self) -> bool:
        return len(self.losses) >= self._stop_after


def run(job: Job, watch: Recorder | None = None) -> Outcome:
    return train(job, open_accelerator("cpu", job.amp), watch or Recorder())


def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on a training writes empty files in place of its pictures."""

    def nothing(path: Path, *_: object, **__: object) -> None:
        path.write_bytes(b"")

    monkeypatch.setattr("reid.training.log.draw_curves", nothing)
    monkeypatch.setattr("reid.training.run.plot_distances", nothing)


def resumed(job: Job) -> Job:
    return dataclasses.replace(job, resume=True)


def assert_same_end(one: Path, other: Path) -> None:
    """All weights, averages and optimiser states of two finished trainings, bit for bit, and their metrics."""
    first, second = (torch.load(folder / "last.pt", weights_only=True) for folder in (one, other))
    assert first["net"].keys() == second["net"].keys()
    for part in ("net", "average"):
        assert all(torch.equal(first[part][key], second[part][key]) for key in first[part])
    for index, moments in first["optimizer"]["state"].items():
        assert all(torch.equal(moments[key], second["optimizer"]["state"][index][key]) for key in moments)
    for name in ("best.safetensors", "last.safetensors"):
        deployed, expected = load_file(one / name), load_file(other / name)
        assert all(torch.equal(deployed[key], expected[key]) for key in expected)
        assert read_checkpoint(one / name).info == read_checkpoint(other / name).info
    assert without_speed(one) == without_speed(other)


def assert_other_weights(one: Path, other: Path) -> None:
    first, second = load_file(one / "last.safetensors"), load_file(other / "last.safetensors")
    assert any(not torch.equal(first[key], second[key]) for key in first)


def without_speed(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open(newline="") as file:
        return [{key: value for key, value in row.items() if key != "images_per_s"} for row in csv.DictReader(file)]


def next_second() -> None:
    """Wait for it: TensorBoard orders its files by the second in which they began, and these trainings are shorter."""
    time.sleep(1.01 - time.time() % 1)


def board_steps(folder: Path, name: str) -> list[int]:
    """The steps at which TensorBoard shows a value."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder / "tensorboard"))
    events.Reload()
    return [event.step for event in events.Scalars(name)]
