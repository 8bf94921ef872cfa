"""A whole training: its files, what they hold, and what it learns."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import cv2
import pytest
import torch
from safetensors.torch import load_file

from reid import create_backbone
from reid.checkpoint import read_checkpoint
from reid.training import CollapseError
from reid.training.log import COLUMNS
from reid.training.run import _first_net
from tests.reid.training.conftest import RECIPE
from tests.reid.training.people import load_people
from tests.reid.training.runs import (
    MakeJob,
    Recorder,
    assert_other_weights,
    assert_same_end,
    run,
    without_speed,
)
from tests.reid.training.tiny import NAME

slow = pytest.mark.slow


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
    for name in ("curves.png", "distances.png"):
        picture = cv2.imread(str(reference / name))
        assert picture is not None
        assert picture.std() > 10, "something is drawn"


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
