"""The losses, held against brute force over all pairs."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from reid.training.losses import create_criterion
from reid.training.recipe import Recipe

LABELS = torch.tensor([0, 0, 0, 1, 1, 1, 2, 2, 2])


def example() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(9, 5, generator=generator), torch.randn(9, 3, generator=generator)


def batch_hard(embeddings: torch.Tensor, margin: float) -> float:
    """Hermans et al. 2017, eq. 5, or with their soft margin at margin 0."""
    unit = embeddings.double().numpy()
    unit = unit / np.linalg.norm(unit, axis=1, keepdims=True)
    terms = []
    for anchor, label in zip(unit, LABELS, strict=True):
        distances = np.linalg.norm(unit - anchor, axis=1)
        gap = distances[label == LABELS].max() - distances[label != LABELS].min()
        terms.append(max(gap + margin, 0) if margin else math.log1p(math.exp(gap)))
    return float(np.mean(terms))


@pytest.mark.parametrize("margin", [0.0, 0.3, 1.0])
def test_triplet_loss_is_batch_hard_on_unit_embeddings(margin: float) -> None:
    embeddings, logits = example()
    losses = create_criterion(Recipe(margin=margin))(embeddings, logits, LABELS)
    assert float(losses.triplet) == pytest.approx(batch_hard(embeddings, margin), rel=1e-5)


def test_length_of_an_embedding_does_not_matter_to_the_triplet_loss() -> None:
    embeddings, logits = example()
    criterion = create_criterion(Recipe())
    longer = criterion(embeddings * torch.arange(1, 10)[:, None], logits, LABELS)
    assert float(longer.triplet) == pytest.approx(float(criterion(embeddings, logits, LABELS).triplet), rel=1e-5)


def contrast_with_all(embeddings: torch.Tensor, temperature: float) -> float:
    """Khosla et al. 2020, eq. 2, term by term."""
    unit = embeddings.double().numpy()
    unit = unit / np.linalg.norm(unit, axis=1, keepdims=True)
    anchors = []
    for i in range(len(unit)):
        others = [a for a in range(len(unit)) if a != i]
        total = sum(math.exp(unit[i] @ unit[a] / temperature) for a in others)
        positives = [p for p in others if LABELS[p] == LABELS[i]]
        terms = [math.log(math.exp(unit[i] @ unit[p] / temperature) / total) for p in positives]
        anchors.append(-sum(terms) / len(positives))
    return float(np.mean(anchors))


@pytest.mark.parametrize("temperature", [0.07, 0.1, 1.0])
def test_contrastive_loss_compares_each_crop_with_all_others(temperature: float) -> None:
    embeddings, logits = example()
    losses = create_criterion(Recipe(contrast_weight=1, temperature=temperature))(embeddings, logits, LABELS)
    assert float(losses.contrastive) == pytest.approx(contrast_with_all(embeddings, temperature), rel=1e-5)


def test_equal_embeddings_leave_the_contrastive_loss_at_chance_and_the_gradient_finite() -> None:
    embeddings = torch.ones(9, 5, requires_grad=True)
    losses = create_criterion(Recipe(contrast_weight=1, triplet_weight=0))(embeddings, example()[1], LABELS)
    losses.total.backward()
    assert float(losses.contrastive.detach()) == pytest.approx(math.log(8), rel=1e-5)
    assert embeddings.grad is not None
    assert torch.isfinite(embeddings.grad).all()


def test_identity_loss_is_cross_entropy_against_smoothed_labels() -> None:
    embeddings, logits = example()
    losses = create_criterion(Recipe(label_smoothing=0.3))(embeddings, logits, LABELS)
    target = np.full((9, 3), 0.1) + 0.7 * np.eye(3)[LABELS]
    log_probability = logits.double() - logits.double().logsumexp(1, keepdim=True)
    assert float(losses.identity) == pytest.approx(-(target * log_probability.numpy()).sum(1).mean(), rel=1e-5)


def test_total_is_their_weighted_sum() -> None:
    recipe = Recipe(identity_weight=2, triplet_weight=0.5, contrast_weight=3)
    losses = create_criterion(recipe)(*example(), LABELS)
    expected = 2 * float(losses.identity) + 0.5 * float(losses.triplet) + 3 * float(losses.contrastive)
    assert float(losses.total) == pytest.approx(expected, rel=1e-6)
    assert min(float(losses.identity), float(losses.triplet), float(losses.contrastive)) > 0


@pytest.mark.parametrize(
    ("left_out", "piece"),
    [
        ("identity", "torch.nn.functional.cross_entropy"),
        ("triplet", "pytorch_metric_learning.miners.BatchHardMiner.forward"),
        ("contrast", "pytorch_metric_learning.losses.SupConLoss.forward"),
    ],
)
def test_what_a_recipe_weighs_at_zero_is_not_computed(
    left_out: str, piece: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compute(*_: object, **__: object) -> None:
        raise ArithmeticError("it is computed")

    monkeypatch.setattr(piece, compute)
    weights = {f"{name}_weight": float(name != left_out) for name in ("identity", "triplet", "contrast")}
    losses = create_criterion(Recipe(**weights))(*example(), LABELS)  # type: ignore[arg-type]
    assert sum(float(value) == 0 for value in (losses.identity, losses.triplet, losses.contrastive)) == 1
    with pytest.raises(ArithmeticError):
        create_criterion(Recipe(**weights | {f"{left_out}_weight": 0.1}))(*example(), LABELS)  # type: ignore[arg-type]


def test_accuracy_counts_the_crops_that_are_named_right() -> None:
    logits = torch.eye(3)[torch.tensor([0, 0, 1, 1, 1, 0, 2, 2, 2])]
    assert float(create_criterion(Recipe())(example()[0], logits, LABELS).accuracy) == pytest.approx(7 / 9)


def test_distance_is_the_mean_cosine_distance_between_different_people() -> None:
    embeddings = torch.eye(3)[LABELS]  # one direction each: distance 1 between people, 0 within
    losses = create_criterion(Recipe())(embeddings, example()[1], LABELS)
    assert float(losses.distance) == pytest.approx(1, abs=1e-6)


def test_identical_embeddings_leave_the_loss_at_its_margin_and_the_gradient_finite() -> None:
    embeddings = torch.ones(9, 5, requires_grad=True)
    losses = create_criterion(Recipe(margin=0.3))(embeddings, example()[1], LABELS)
    losses.total.backward()
    assert float(losses.triplet.detach()) == pytest.approx(0.3, abs=1e-3)
    assert embeddings.grad is not None
    assert torch.isfinite(embeddings.grad).all()


def test_embeddings_of_no_length_are_alike_and_those_beyond_numbers_have_no_distance() -> None:
    criterion, logits = create_criterion(Recipe()), example()[1]
    assert float(criterion(torch.zeros(9, 5), logits, LABELS).distance) == 0
    assert math.isnan(float(criterion(torch.full((9, 5), 1e30), logits, LABELS).distance))  # its square overflows
