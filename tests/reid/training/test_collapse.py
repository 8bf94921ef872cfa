"""A failed training stops with advice; one that only starts slowly goes on."""

from __future__ import annotations

import math

import pytest
import torch

from reid.training.collapse import ALIKE_STEPS, PINNED_STEPS, Collapse, CollapseError
from reid.training.recipe import Recipe


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_no_number_stops_at_once(loss: float) -> None:
    with pytest.raises(CollapseError, match=r"the loss is (nan|inf) at step 3: try a lower --lr than 0.001"):
        Collapse(Recipe(lr=0.001)).check(3, total=loss, triplet=0.2, contrastive=0.0, distance=0.5)


def test_embeddings_beyond_numbers_stop_at_once_although_the_loss_is_finite() -> None:
    with pytest.raises(CollapseError, match=r"embeddings are no finite numbers at step 3: try a lower --lr"):
        Collapse(Recipe()).check(3, total=5.0, triplet=0.3, contrastive=0.0, distance=math.nan)


@pytest.mark.parametrize("value", [math.nan, -math.inf])
def test_weights_that_are_no_numbers_stop_before_they_are_saved(value: float) -> None:
    """A gradient may overflow in a step whose loss is finite."""
    weights, collapse = [torch.zeros(2), torch.tensor([1, 2]), torch.zeros(2, 2)], Collapse(Recipe(lr=0.001))
    collapse.check_weights(7, weights)
    weights[2][1, 0] = value
    with pytest.raises(CollapseError, match=r"weights are no finite numbers at step 7: try a lower --lr than 0.001"):
        collapse.check_weights(7, weights)


def test_embeddings_that_stay_alike_stop_the_training() -> None:
    collapse = Collapse(Recipe())
    for step in range(ALIKE_STEPS - 1):
        collapse.check(step, total=5.0, triplet=0.2, contrastive=0.0, distance=1e-6)
    with pytest.raises(CollapseError, match=r"all embeddings are alike .* try a lower --lr"):
        collapse.check(ALIKE_STEPS, total=5.0, triplet=0.2, contrastive=0.0, distance=1e-6)


def test_one_good_step_starts_the_count_anew() -> None:
    collapse = Collapse(Recipe())
    for step in range(3 * ALIKE_STEPS):
        collapse.check(step, total=5.0, triplet=0.2, contrastive=0.0, distance=0.3 if step % 10 == 0 else 1e-6)


@pytest.mark.parametrize(("margin", "value"), [(0.3, 0.299), (0.0, 0.6931)])
def test_a_triplet_loss_pinned_at_its_margin_stops_the_training(margin: float, value: float) -> None:
    collapse = Collapse(Recipe(margin=margin))
    for step in range(PINNED_STEPS - 1):
        collapse.check(step, total=5.0, triplet=value, contrastive=0.0, distance=0.3)
    with pytest.raises(CollapseError, match=r"at its margin .* more identities in --batch"):
        collapse.check(PINNED_STEPS, total=5.0, triplet=value, contrastive=0.0, distance=0.3)


def test_embeddings_that_stay_alike_stop_the_training_without_triplet_loss() -> None:
    collapse = Collapse(Recipe(triplet_weight=0, contrast_weight=1))
    for step in range(ALIKE_STEPS - 1):
        collapse.check(step, total=9.0, triplet=0.0, contrastive=math.log(63), distance=1e-6)
    with pytest.raises(CollapseError, match="all embeddings are alike"):
        collapse.check(ALIKE_STEPS, total=9.0, triplet=0.0, contrastive=math.log(63), distance=1e-6)


@pytest.mark.parametrize("contrastive", [math.log(63), 4.5], ids=["of equal embeddings", "of random ones"])
def test_a_contrastive_loss_that_stays_at_chance_stops_the_training(contrastive: float) -> None:
    """Of 63 other crops in a batch of 16x4, all equally near."""
    collapse = Collapse(Recipe(triplet_weight=0, contrast_weight=1))
    for step in range(PINNED_STEPS - 1):
        collapse.check(step, total=9.0, triplet=0.0, contrastive=contrastive, distance=0.3)
    with pytest.raises(CollapseError, match=r"no better than chance \(4.143\) .* more identities in --batch"):
        collapse.check(PINNED_STEPS, total=9.0, triplet=0.0, contrastive=contrastive, distance=0.3)


def test_a_contrastive_loss_that_falls_goes_on() -> None:
    collapse = Collapse(Recipe(triplet_weight=0, contrast_weight=1))
    for step in range(2 * PINNED_STEPS):
        collapse.check(step, total=8.0, triplet=0.0, contrastive=3.9, distance=0.3)


def test_without_triplet_loss_nothing_is_pinned() -> None:
    collapse = Collapse(Recipe(triplet_weight=0, margin=0.3))
    for step in range(2 * PINNED_STEPS):
        collapse.check(step, total=5.0, triplet=0.3, contrastive=0.0, distance=0.3)
    assert collapse.counters["pinned"] == 0
