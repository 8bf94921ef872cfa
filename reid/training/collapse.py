"""Recognises a training that has failed for good, so that it stops with advice rather than hours later."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from reid.training.recipe import Recipe

__all__ = ["Collapse", "CollapseError"]

ALIKE = 1e-3
"""Mean cosine distance between different identities below which embeddings say nothing: float32 leaves 1e-7, the worst
useful encoder seen here was above 0.05."""
ALIKE_STEPS = 50
PINNED = 0.02
"""Relative distance from its value at zero distances within which a loss counts as pinned there."""
PINNED_STEPS = 1000
"""Batch-hard training may rest at its margin for some hundred steps before it takes off (Hermans et al. 2017); the same
patience for a contrastive loss that is no better than chance."""


class CollapseError(ValueError):
    """The training will not recover; the message says what to try."""


class Collapse:
    """Looks at the losses of every step.

    Args:
        recipe: of the training.

    Attributes:
        counters: steps in a row with embeddings alike, with the triplet loss at its margin, and with the contrastive
            loss at chance; part of a checkpoint.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._pin = math.log(2) if recipe.margin == 0 else recipe.margin
        self._chance = math.log(recipe.batch - 1)  # all other crops of the batch are equally near
        self.counters = {"alike": 0, "pinned": 0, "chance": 0}

    def check(self, step: int, *, total: float, triplet: float, contrastive: float, distance: float) -> None:
        """Take in the losses of a step.

        Raises:
            CollapseError: the loss or the embeddings are no numbers, or one of the states above has lasted too long.
        """
        if not (math.isfinite(total) and math.isfinite(distance)):
            what = "embeddings are no finite numbers" if math.isfinite(total) else f"the loss is {total}"
            raise self._diverged(what, step)
        pinned = self._recipe.triplet_weight > 0 and abs(triplet - self._pin) <= PINNED * self._pin
        self._count("alike", distance < ALIKE)
        self._count("pinned", pinned)
        at_chance = contrastive >= (1 - PINNED) * self._chance
        self._count("chance", self._recipe.contrast_weight > 0 and at_chance)
        if self.counters["alike"] >= ALIKE_STEPS:
            raise CollapseError(
                f"all embeddings are alike (mean cosine distance {distance:.1g} for {ALIKE_STEPS} steps, at step "
                f"{step}): {self._advice()}"
            )
        if self.counters["pinned"] >= PINNED_STEPS:
            raise CollapseError(
                f"the triplet loss has been at its margin ({triplet:.3f}) for {PINNED_STEPS} steps, at step {step}, so "
                f"nothing is learned: {self._advice()}"
            )

        if self.counters["chance"] >= PINNED_STEPS:
            raise CollapseError(
                f"the contrastive loss ({contrastive:.3f}) has been no better than chance ({self._chance:.3f}) for "
                f"{PINNED_STEPS} steps, at step {step}, so nothing is learned: {self._advice()}"
            )

    def check_weights(self, step: int, weights: Iterable[Tensor]) -> None:
        """Raise `CollapseError` where a weight is no finite number, as after an overflow in a gradient."""
        if not all(bool(torch.isfinite(weight).all()) for weight in weights):
            raise self._diverged("weights are no finite numbers", step)

    def _diverged(self, what: str, step: int) -> CollapseError:
        return CollapseError(
            f"{what} at step {step}: try a lower --lr than {self._recipe.lr:g}, a longer warmup_epochs or a smaller"
            " max_gradient in the recipe, or --amp no"
        )

    def _count(self, what: str, holds: bool) -> None:
        self.counters[what] = self.counters[what] + 1 if holds else 0

    def _advice(self) -> str:
        return (
            f"try a lower --lr than {self._recipe.lr:g}, a longer warmup_epochs in the recipe, more identities in "
            "--batch, or --pretrained weights"
        )
