"""Learning from a trained encoder: the imitation loss by brute force, who may teach, what a student takes up."""

from __future__ import annotations

import csv
import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from reid.bundled import bundled_weights
from reid.training import Job, Recipe, SilentWatch, open_accelerator, train
from reid.training.augment import draw_changes
from reid.training.job import configuration
from reid.training.teacher import imitation_loss, load_teacher
from tests.reid.training.conftest import RECIPE

MakeJob = Callable[..., Job]
NOTHING_ELSE = {"identity_weight": 0.0, "triplet_weight": 0.0, "contrast_weight": 0.0}


def rows(width: int, seed: int = 0, count: int = 9) -> torch.Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed))


def by_hand(student: torch.Tensor, teacher: torch.Tensor) -> float:
    """All pairs one by one, in double precision."""
    sides = []
    for embeddings in (student, teacher):
        columns = embeddings.double().numpy()
        columns = (columns - columns.mean(0)) / np.sqrt(columns.var(0) + 1e-5)
        sides.append(columns / np.linalg.norm(columns, axis=1, keepdims=True))
    pairs = [(i, j) for i in range(len(student)) for j in range(len(student)) if i != j]
    wanted = np.array([sides[1][i] @ sides[1][j] for i, j in pairs])
    found = np.array([sides[0][i] @ sides[0][j] for i, j in pairs])
    return float(np.mean((found - wanted) ** 2) / np.mean(wanted**2))


@pytest.mark.parametrize(("student", "teacher"), [(5, 5), (3, 12), (40, 2)])
def test_the_loss_is_the_error_over_all_pairs_for_any_two_widths(student: int, teacher: int) -> None:
    loss = imitation_loss(rows(student, 1), rows(teacher, 2))
    assert float(loss) == pytest.approx(by_hand(rows(student, 1), rows(teacher, 2)), rel=1e-4)


def test_scale_and_offset_of_a_column_do_not_matter() -> None:
    taught = rows(6)
    assert float(imitation_loss(taught * 100 + torch.arange(6), taught)) == pytest.approx(0, abs=1e-5)


def test_a_student_without_any_likeness_is_near_one() -> None:
    assert float(imitation_loss(rows(4096, 1, 64), rows(64, 2, 64))) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("student", [torch.zeros(9, 5), torch.ones(9, 5)])
def test_embeddings_that_are_all_alike_give_a_finite_gradient(student: torch.Tensor) -> None:
    student = student.clone().requires_grad_()
    imitation_loss(student, rows(4)).backward()
    assert student.grad is not None
    assert torch.isfinite(student.grad).all()


def test_a_bundled_backbone_teaches_by_its_name_and_is_not_trained() -> None:
    teacher = load_teacher("small-cnn")
    assert teacher.backbone.name == "small-cnn"
    assert not teacher.backbone.training
    assert not any(weight.requires_grad for weight in teacher.backbone.parameters())


def test_a_teacher_sees_crops_of_another_size_resized_and_the_students_changes() -> None:
    teacher, size = load_teacher("small-cnn"), (64, 32)
    crops = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (4, *size, 3), np.uint8))
    recipe = Recipe(input_size=size, erase=0.0)
    first, second = (draw_changes(recipe, 4, size, (seed,)) for seed in (1, 2))
    assert teacher.embed(crops, first).shape == (4, teacher.backbone.embedding_dim)
    assert not torch.allclose(teacher.embed(crops, first), teacher.embed(crops, second))


def published_file(folder: Path) -> Path:
    from safetensors.torch import save_file

    save_file({"weight": torch.zeros(2)}, folder / "foreign.safetensors")
    return folder / "foreign.safetensors"


@pytest.mark.parametrize(
    ("teacher", "error", "message"),
    [
        ("swan-t", ValueError, "teacher is 'swan-t', expected a backbone with weights in this package .*small-cnn"),
        ("shiba26", ValueError, "teacher is 'shiba26', expected a backbone with weights"),
        ("none.safetensors", FileNotFoundError, "none.safetensors"),
        ("foreign.safetensors", ValueError, "does not say which backbone"),
    ],
)
def test_who_cannot_teach_is_told_before_any_image_is_read(
    teacher: str, error: type[Exception], message: str, make_job: MakeJob, tmp_path: Path
) -> None:
    published_file(tmp_path)
    name = str(tmp_path / teacher) if teacher.endswith(".safetensors") else teacher
    job = make_job(recipe=dataclasses.replace(RECIPE, teacher=name))

    class NoImages(SilentWatch):
        def loading(self, what: str, done: int, total: int) -> None:
            pytest.fail("images were read")

    with pytest.raises(error, match=message):
        train(job, open_accelerator("cpu"), NoImages())


def test_a_recipe_without_any_loss_is_refused_and_a_teacher_is_one() -> None:
    with pytest.raises(ValueError, match="there is no teacher"):
        Recipe(**NOTHING_ELSE)  # type: ignore[arg-type]
    assert Recipe(**NOTHING_ELSE, teacher="small-cnn").teacher == "small-cnn"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"teacher": "small-cnn", "teacher_weight": 0.0}, "with teacher_weight 0, expected .* a weight above 0"),
        ({"teacher": ""}, "teacher is '' with teacher_weight 1, expected a backbone"),
        ({"teacher_weight": 3.0}, "teacher_weight is 3 without a teacher"),
    ],
)
def test_a_teacher_without_effect_is_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Recipe(**settings)  # type: ignore[arg-type]


def test_another_version_of_the_teacher_is_another_training(make_job: MakeJob, tmp_path: Path) -> None:
    bundled = bundled_weights("small-cnn")
    assert bundled is not None
    shutil.copy(bundled, tmp_path / "mine.safetensors")
    job = make_job(recipe=dataclasses.replace(RECIPE, teacher=str(tmp_path / "mine.safetensors")))
    before = configuration(job)
    (tmp_path / "mine.safetensors").write_bytes(b"another")
    assert configuration(job)["teacher_file"] != before["teacher_file"]


def test_a_student_learns_who_is_who_from_its_teacher_alone(make_job: MakeJob) -> None:
    lesson = make_job("teacher")
    train(lesson, open_accelerator("cpu"), SilentWatch())
    recipe = dataclasses.replace(RECIPE, teacher=str(lesson.out / "best.safetensors"), epochs=6, **NOTHING_ELSE)
    job = make_job("student", recipe=recipe, seed=1)
    train(job, open_accelerator("cpu"), SilentWatch())
    with (job.out / "metrics.csv").open(newline="") as file:
        before, first, *_, last = csv.DictReader(file)
    assert last["loss"] == last["imitation_loss"]
    assert float(last["imitation_loss"]) < 0.8 * float(first["imitation_loss"])
    assert float(last["mAP"]) > float(before["mAP"]) + 0.05
