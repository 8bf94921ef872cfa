"""How the weights move: optimiser, learning rate by step, moving average."""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor, nn

from reid.training.network import ReidNet
from reid.training.recipe import Recipe

__all__ = ["MovingAverage", "create_optimizer", "learning_rate"]

MOMENTUM = 0.9
WARMUP_START = 0.01
"""Of the full learning rate."""


def create_optimizer(net: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """AdamW or SGD over the weights that are trained; norms and biases (fewer than two dimensions) do not decay."""
    trained = [weight for weight in net.parameters() if weight.requires_grad]
    groups = [
        {"params": [weight for weight in trained if weight.ndim >= 2], "weight_decay": recipe.weight_decay},
        {"params": [weight for weight in trained if weight.ndim < 2], "weight_decay": 0.0},
    ]
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=recipe.lr, momentum=MOMENTUM, nesterov=True)
    return torch.optim.AdamW(groups, lr=recipe.lr, fused=True)  # a quarter of the time for many small weights


def learning_rate(recipe: Recipe, step: int, steps_per_epoch: int) -> float:
    """The learning rate of a step (from 0): an even warm-up, then half a cosine down to `final_lr_share`."""
    warmup = recipe.warmup_epochs * steps_per_epoch
    total = recipe.epochs * steps_per_epoch
    if step < warmup:
        return recipe.lr * (WARMUP_START + (1 - WARMUP_START) * step / warmup)
    progress = (step - warmup) / max(total - warmup, 1)
    share = recipe.final_lr_share + (1 - recipe.final_lr_share) * (1 + math.cos(math.pi * progress)) / 2
    return recipe.lr * share


class MovingAverage:
    """The exponential moving average of a network's weights and buffers, as a network of its own.

    It follows the tensors that the network has at the beginning, which training changes in place.

    The decay grows to its full value as `(1 + n) / (10 + n)` over the updates `n`, so that the first weights,
    which are random, are soon forgotten.

    Args:
        net: what to average.
        decay: share of the old average that stays at each update; 0 follows the weights.

    Attributes:
        net: the average, in `eval()` mode.
    """

    def __init__(self, net: ReidNet, decay: float) -> None:
        self.net: ReidNet = copy.deepcopy(net).eval().requires_grad_(False)
        self._decay = decay
        # Listed once: walking through the modules takes as long as the arithmetic of a small network.
        pairs = list(zip(_tensors(self.net), _tensors(net), strict=True))
        self._moving = tuple(zip(*(pair for pair in pairs if pair[0].is_floating_point()), strict=True))
        self._counters = [pair for pair in pairs if not pair[0].is_floating_point()]

    @torch.no_grad()
    def update(self, num_updates: int) -> None:
        """Move the average towards the network's weights; `num_updates` were made before."""
        share = 1 - min(self._decay, (1 + num_updates) / (10 + num_updates))
        averages, weights = self._moving
        torch._foreach_lerp_(averages, weights, share)
        for average, count in self._counters:
            average.copy_(count)


def _tensors(net: nn.Module) -> list[Tensor]:
    return [*net.parameters(), *net.buffers()]
