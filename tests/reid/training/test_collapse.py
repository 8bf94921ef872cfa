"""A failed training stops with advice; one that only starts slowly goes on."""

from __future__ import annotations

import math

import pytest

from reid.training.collapse import ALIKE_STEPS, PINNED_STEPS, Collapse, CollapseError
from reid.training.recipe import Recipe


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_no_number_stops_at_once(loss: float) -> None:
    with pytest.raises(CollapseError, match=r"the loss is (nan|inf) at step 3: try a lower --lr than 0.001"):
        Collapse(Recipe(lr=0.001)).check(3, total=loss, triplet=0.2, distance=0.5)


def test_embeddings_beyond_numbers_stop_at_once_although_the_loss_is_finite() -> None:
    with pytest.raises(CollapseError, match=r"embeddings are no finite numbers at step 3: try a lower --lr"):
        Collapse(Recipe()).check(3, total=5.0, triplet=0.3, distance=math.nan)


def test_embeddings_that_stay_alike_stop_the_training() -> None:
    collapse = Collapse(Recipe())
    for step in range(ALIKE_STEPS - 1):
        collapse.check(step, total=5.0, triplet=0.2, distance=1e-6)
    with pytest.raises(CollapseError, match=r"all embeddings are alike .* try a lower --lr"):
        collapse.check(ALIKE_STEPS, total=5.0, triplet=0.2, distance=1e-6)


def test_one_good_step_starts_the_count_anew() -> None:
    collapse = Collapse(Recipe())
    for step in range(3 * ALIKE_STEPS):
        collapse.check(step, total=5.0, triplet=0.2, distance=0.3 if step % 10 == 0 else 1e-6)


@pytest.mark.parametrize(("margin", "value"), [(0.3, 0.299), (0.0, 0.6931)])
def test_a_triplet_loss_pinned_at_its_margin_stops_the_training(margin: float, value: float) -> None:
    collapse = Collapse(Recipe(margin=margin))
    for step in range(PINNED_STEPS - 1):
        collapse.check(step, total=5.0, triplet=value, distance=0.3)
    with pytest.raises(CollapseError, match=r"at its margin .* more identities in --batch"):
        collapse.check(PINNED_STEPS, total=5.0, triplet=value, distance=0.3)


def test_without_triplet_loss_nothing_is_pinned() -> None:
    collapse = Collapse(Recipe(triplet_weight=0, margin=0.3))
    for step in range(2 * PINNED_STEPS):
        collapse.check(step, total=5.0, triplet=0.3, distance=0.3)
    assert collapse.counters["pinned"] == 0
