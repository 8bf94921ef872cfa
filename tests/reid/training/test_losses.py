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


def test_identity_loss_is_cross_entropy_against_smoothed_labels() -> None:
    embeddings, logits = example()
    losses = create_criterion(Recipe(label_smoothing=0.3))(embeddings, logits, LABELS)
    target = np.full((9, 3), 0.1) + 0.7 * np.eye(3)[LABELS]
    log_probability = logits.double() - logits.double().logsumexp(1, keepdim=True)
    assert float(losses.identity) == pytest.approx(-(target * log_probability.numpy()).sum(1).mean(), rel=1e-5)


def test_total_is_their_weighted_sum() -> None:
    losses = create_criterion(Recipe(triplet_weight=0.5))(*example(), LABELS)
    assert float(losses.total) == pytest.approx(float(losses.identity) + 0.5 * float(losses.triplet), rel=1e-6)


def test_weight_zero_leaves_the_triplet_loss_out() -> None:
    losses = create_criterion(Recipe(triplet_weight=0))(*example(), LABELS)
    assert float(losses.triplet) == 0
    assert float(losses.total) == float(losses.identity)


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
