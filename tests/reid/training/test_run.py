"""A whole training: its files, what they hold, and that an interrupted one ends bit for bit as if it had not been."""

from __future__ import annotations

import csv
import dataclasses
import errno
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from reid import create_backbone
from reid.checkpoint import read_checkpoint
from reid.training import CollapseError, Job, Outcome, SilentWatch, open_accelerator, train
from reid.training import state as training_state
from reid.training.log import COLUMNS, Row
from reid.training.run import _first_net
from reid.training.trainer import Trainer
from tests.reid.training.conftest import RECIPE
from tests.reid.training.people import load_people, write_people
from tests.reid.training.tiny import NAME

MakeJob = Callable[..., Job]
STEPS_PER_EPOCH = 6
slow = pytest.mark.slow


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


def board_steps(folder: Path, name: str) -> list[int]:
    """The steps at which TensorBoard shows a value."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder / "tensorboard"))
    events.Reload()
    return [event.step for event in events.Scalars(name)]


@pytest.fixture(scope="module")
def reference(people_data: object, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training that nothing interrupted."""
    out = tmp_path_factory.mktemp("reference")
    run(Job(reid=NAME, data=people_data, sources=("people",), recipe=RECIPE, out=out, workers=1))  # type: ignore[arg-type]
    return out


def test_training_writes_its_files_and_no_others(reference: Path) -> None:
    assert {path.name for path in reference.iterdir()} == {
        "best.safetensors",
        "config.json",
        "curves.png",
        "distances.png",
        "last.pt",
        "last.safetensors",
        "metrics.csv",
        "tensorboard",
    }
    assert list((reference / "tensorboard").iterdir())


def test_metrics_have_a_row_before_training_and_one_for_each_epoch(reference: Path) -> None:
    rows = without_speed(reference)
    assert [row["epoch"] for row in rows] == ["0", "1", "2", "3"]
    assert [row["step"] for row in rows] == ["0", "6", "12", "18"]
    assert list(rows[0]) == [name for name in COLUMNS if name != "images_per_s"]
    assert [bool(row["mAP"]) for row in rows] == [True, False, True, True]  # before, each second one, the last
    assert [bool(row["loss"]) for row in rows] == [False, True, True, True]


def test_metrics_show_every_loss(reference: Path) -> None:
    last = without_speed(reference)[-1]
    parts = [float(last[name]) for name in ("identity_loss", "triplet_loss", "contrastive_loss")]
    assert min(parts) > 0
    assert float(last["loss"]) == pytest.approx(parts[0] + parts[1] + 0.5 * parts[2], rel=1e-4)


def test_the_contrastive_loss_alone_trains_the_backbone_and_leaves_the_heads(make_job: MakeJob) -> None:
    recipe = dataclasses.replace(RECIPE, identity_weight=0.0, triplet_weight=0.0, contrast_weight=1.0, epochs=6)
    job = make_job(recipe=recipe)
    first = _first_net(job).classifier.weight.detach().clone()
    outcome = run(job)
    state = torch.load(job.out / "last.pt", weights_only=True)
    assert torch.equal(state["net"]["classifier.weight"], first)
    assert outcome.ranking is not None
    assert outcome.ranking.mAP > float(outcome.before["mAP"] or 0) + 0.1
    rows = without_speed(job.out)
    assert float(rows[-1]["contrastive_loss"]) < float(rows[1]["contrastive_loss"])


def test_other_images_under_the_same_name_cannot_be_resumed(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job()
    run(job, Recorder(stop_after=2))
    data = load_people(write_people(tmp_path / "redrawn", num_train=12, num_test=8, crops=8))
    with pytest.raises(ValueError, match="this differs: files was"):
        run(dataclasses.replace(resumed(job), data=data))


def test_best_checkpoint_carries_scores_gate_and_origin_and_loads_for_the_tracker(reference: Path) -> None:
    info = read_checkpoint(reference / "best.safetensors").info
    assert info.backbone == NAME
    assert info.input_size == (32, 16)
    assert info.num_classes == 0
    assert info.max_cosine_distance is not None
    assert 0 <= info.max_cosine_distance <= 2
    assert {"rank1", "mAP", "mINP", "auc", "overlap"} <= info.scores.keys()
    create_backbone(NAME, pretrained=reference / "best.safetensors")


def test_best_checkpoint_is_the_epoch_of_highest_map(reference: Path) -> None:
    scores = [float(row["mAP"]) for row in without_speed(reference)[1:] if row["mAP"]]
    assert read_checkpoint(reference / "best.safetensors").info.scores["mAP"] == pytest.approx(max(scores), abs=1e-5)


def test_deployed_weights_are_the_moving_average(reference: Path) -> None:
    average = torch.load(reference / "last.pt", weights_only=True)["average"]
    deployed = load_file(reference / "last.safetensors")
    assert all(torch.equal(deployed[key], average[f"backbone.{key}"]) for key in deployed)


def test_configuration_is_written_in_full(reference: Path) -> None:
    config = json.loads((reference / "config.json").read_text())
    assert config["reid"] == NAME
    assert config["lr"] == RECIPE.lr
    assert config["identities"] == 12


def test_the_same_seed_gives_the_same_weights_and_another_gives_others(make_job: MakeJob, reference: Path) -> None:
    run(make_job("again"))
    assert_same_end(make_job("again").out, reference)
    short = dataclasses.replace(RECIPE, epochs=1)
    one, other = make_job("one", recipe=short, seed=1), make_job("other", recipe=short, seed=2)
    run(one)
    run(other)
    assert_other_weights(one.out, other.out)


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
    run(resumed(job))
    assert board_steps(job.out, "loss") == [6, 12, 18]
    assert board_steps(job.out, "mAP") == [0, 12, 18]


def test_tensorboard_keeps_the_last_epoch_of_a_finished_training_that_is_resumed(
    make_job: MakeJob, reference: Path
) -> None:
    job = make_job()
    shutil.copytree(reference, job.out, dirs_exist_ok=True)
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


@slow
def test_losses_that_are_no_numbers_stop_with_advice_and_keep_the_last_good_state(make_job: MakeJob) -> None:
    job = make_job(
        recipe=dataclasses.replace(RECIPE, lr=10.0, optimizer="sgd", max_gradient=0, warmup_epochs=0, epochs=30)
    )
    with pytest.raises(CollapseError, match=r"try a lower --lr than 10"):
        run(job)
    state = torch.load(job.out / "last.pt", weights_only=True)
    assert all(torch.isfinite(value).all() for value in state["average"].values())


@slow
def test_training_tells_people_apart_that_it_has_never_seen(make_job: MakeJob) -> None:
    job = make_job(recipe=dataclasses.replace(RECIPE, epochs=20, eval_every=20))
    watch = Recorder()
    outcome = run(job, watch)
    assert outcome.ranking is not None
    assert outcome.ranking.mAP > float(outcome.before["mAP"] or 0) + 0.2
    assert watch.losses[-1] < watch.losses[0]


@slow
def test_images_that_do_not_decode_are_left_out_and_named(
    make_job: MakeJob, people: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = shutil.copytree(people, tmp_path / "damaged")
    broken = sorted((root / "bounding_box_train").iterdir())[3]
    broken.write_bytes(b"no image")
    job = dataclasses.replace(make_job(), data=load_people(root), recipe=dataclasses.replace(RECIPE, epochs=1))
    outcome = run(job)
    assert outcome.unreadable == (broken,)
    assert f"1 images cannot be decoded and are left out: {broken}" in caplog.text


@slow
def test_bf16_trains_too_and_gives_other_weights(make_job: MakeJob, reference: Path) -> None:
    job = make_job(amp="bf16", recipe=dataclasses.replace(RECIPE, epochs=1))
    assert run(job).finished
    plain = make_job("plain", recipe=job.recipe)
    run(plain)
    assert_other_weights(job.out, plain.out)


@slow
def test_a_pretrained_checkpoint_is_where_the_training_starts(make_job: MakeJob, reference: Path) -> None:
    watch = Recorder()
    recipe = dataclasses.replace(RECIPE, epochs=1)
    outcome = run(make_job(recipe=recipe, pretrained=reference / "last.safetensors"), watch)
    assert float(outcome.before["mAP"] or 0) == pytest.approx(float(without_speed(reference)[-1]["mAP"]), abs=1e-5)


@pytest.mark.parametrize(("threads", "expected"), [(1, 1), (0, 2)])
def test_a_recipe_says_how_many_threads_a_step_takes(
    make_job: MakeJob, monkeypatch: pytest.MonkeyPatch, threads: int, expected: int
) -> None:
    seen: list[int] = []

    class Counting(Recorder):
        def step(self, loss: float, num_images: int) -> None:
            seen.append(torch.get_num_threads())

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        run(make_job(recipe=dataclasses.replace(RECIPE, epochs=1, threads=threads)), Counting())
        assert set(seen) == {expected}
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
