"""A training that was stopped or has died ends, once resumed, bit for bit as if it had not been."""

from __future__ import annotations

import dataclasses
import errno
import shutil
from pathlib import Path

import pytest

from reid.training import Job
from reid.training import state as training_state
from reid.training.trainer import Trainer
from tests.reid.training.conftest import RECIPE
from tests.reid.training.people import load_people, write_people
from tests.reid.training.runs import (
    STEPS_PER_EPOCH,
    MakeJob,
    Recorder,
    assert_same_end,
    board_steps,
    next_second,
    resumed,
    run,
)

slow = pytest.mark.slow


def test_other_images_under_the_same_name_cannot_be_resumed(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job()
    run(job, Recorder(stop_after=2))
    data = load_people(write_people(tmp_path / "redrawn", num_train=12, num_test=8, crops=8))
    with pytest.raises(ValueError, match="this differs: files was"):
        run(dataclasses.replace(resumed(job), data=data))


@pytest.mark.parametrize(
    "steps", [pytest.param(1, marks=slow), pytest.param(6, marks=slow), 8, pytest.param(17, marks=slow)]
)
def test_a_training_that_is_stopped_and_resumed_ends_bit_for_bit_the_same(
    make_job: MakeJob, reference: Path, steps: int
) -> None:
    job = make_job()
    outcome = run(job, Recorder(stop_after=steps))
    assert not outcome.finished
    assert outcome.epoch == (steps - 1) // STEPS_PER_EPOCH
    rest = Recorder()
    assert run(resumed(job), rest).finished
    assert len(rest.losses) == 18 - steps
    assert_same_end(job.out, reference)


def test_a_training_that_dies_twice_goes_on_from_its_last_checkpoint(make_job: MakeJob, reference: Path) -> None:
    job = make_job(checkpoint_every_s=0.0)  # after each step
    with pytest.raises(ConnectionAbortedError):
        run(job, Recorder(die_after=4))
    with pytest.raises(ConnectionAbortedError):
        run(resumed(job), Recorder(die_after=5))
    rest = Recorder()
    run(resumed(job), rest)
    assert len(rest.losses) == 18 - 4 - 5
    assert_same_end(job.out, reference)


def test_a_training_that_dies_before_its_first_checkpoint_begins_anew_when_resumed(
    make_job: MakeJob, reference: Path
) -> None:
    job = make_job()
    with pytest.raises(ConnectionAbortedError):
        run(job, Recorder(die_at_row=0))
    assert (job.out / "config.json").exists()
    assert not (job.out / "last.pt").exists()
    with pytest.raises(ValueError, match="this differs: seed was 0, now 9"):
        run(dataclasses.replace(resumed(job), seed=9))
    next_second()
    run(resumed(job))
    assert_same_end(job.out, reference)
    assert board_steps(job.out, "mAP") == [0, 12, 18]


@pytest.mark.parametrize("epoch", [0, 2])
def test_tensorboard_shows_an_epoch_once_that_was_logged_but_not_saved(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch, epoch: int
) -> None:
    def die(_job: Job, trainer: Trainer, _is_best: bool) -> None:
        if trainer.position.epoch == epoch:
            raise ConnectionAbortedError("as if the machine had failed")

    job = make_job()
    with monkeypatch.context() as patch:
        patch.setattr("reid.training.run._keep_encoders", die)
        with pytest.raises(ConnectionAbortedError):
            run(job)
    assert board_steps(job.out, "mAP")[-1] == epoch * STEPS_PER_EPOCH
    next_second()
    run(resumed(job))
    assert board_steps(job.out, "loss") == [6, 12, 18]
    assert board_steps(job.out, "mAP") == [0, 12, 18]


def test_tensorboard_keeps_the_last_epoch_of_a_finished_training_that_is_resumed(
    make_job: MakeJob, reference: Path
) -> None:
    job = make_job()
    shutil.copytree(reference, job.out, dirs_exist_ok=True)
    next_second()
    run(resumed(job))
    assert board_steps(job.out, "loss") == [6, 12, 18]


@slow
def test_checkpoints_between_epochs_alone_cost_no_exactness(make_job: MakeJob, reference: Path) -> None:
    job = make_job()
    with pytest.raises(ConnectionAbortedError):
        run(job, Recorder(die_after=10))
    rest = Recorder()
    run(resumed(job), rest)
    assert len(rest.losses) == 18 - STEPS_PER_EPOCH
    assert_same_end(job.out, reference)


@slow
def test_resuming_a_finished_training_measures_it_again_and_changes_nothing(make_job: MakeJob, reference: Path) -> None:
    job = make_job()
    shutil.copytree(reference, job.out, dirs_exist_ok=True)
    outcome = run(resumed(job))
    assert outcome.finished
    assert outcome.ranking is not None
    assert_same_end(job.out, reference)


def test_resuming_with_another_configuration_names_every_key_that_differs(make_job: MakeJob, reference: Path) -> None:
    job = make_job(recipe=dataclasses.replace(RECIPE, lr=0.5, pad=3), seed=9)
    shutil.copytree(reference, job.out, dirs_exist_ok=True)
    with pytest.raises(ValueError, match=r"differs: seed was 0, now 9; lr was 0.002, now 0.5; pad was 2, now 3\."):
        run(resumed(job))


@slow
def test_a_full_disk_leaves_the_last_checkpoint_whole(
    make_job: MakeJob, reference: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job()
    run(job, Recorder(stop_after=8))
    before = (job.out / "last.pt").read_bytes()

    def full(path: Path, data: object) -> None:
        with path.open("wb") as file:
            file.write(b"half a file")
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(training_state, "_write", full)
        with pytest.raises(OSError, match=r"the disk is full: .* the one before it is whole; .*--resume"):
            run(resumed(job))
    assert (job.out / "last.pt").read_bytes() == before
    assert not [path for path in job.out.iterdir() if "partial" in path.name]
    run(resumed(job))
    assert_same_end(job.out, reference)
