"""Learning rate, optimiser and moving average."""

from __future__ import annotations

import pytest
import torch

from reid.backbones.base import Backbone
from reid.training.network import ReidNet
from reid.training.optimise import MovingAverage, create_optimizer, learning_rate
from reid.training.recipe import Recipe

RECIPE = Recipe(epochs=10, warmup_epochs=2, lr=1.0, final_lr_share=0.1)
STEPS = 50


class Flat(Backbone):
    """One linear layer behind a batch norm."""

    def __init__(self) -> None:
        super().__init__("flat", embedding_dim=4, num_classes=0, input_size=(2, 2))
        self.norm = torch.nn.BatchNorm2d(3)
        self.linear = torch.nn.Linear(12, 4)

    def embed(self, crops: torch.Tensor) -> torch.Tensor:
        embeddings: torch.Tensor = self.linear(self.norm(crops).flatten(1))
        return embeddings


def test_learning_rate_grows_evenly_during_warm_up() -> None:
    rates = [learning_rate(RECIPE, step, STEPS) for step in range(101)]
    assert rates[0] == pytest.approx(0.01)
    assert rates[50] == pytest.approx(0.505)
    assert rates[100] == pytest.approx(1.0)


def test_learning_rate_then_falls_as_half_a_cosine_to_its_last_share() -> None:
    rates = [learning_rate(RECIPE, step, STEPS) for step in range(100, 501)]
    assert rates == sorted(rates, reverse=True)
    assert rates[200] == pytest.approx(0.55)  # half way, between 1 and 0.1
    assert rates[-1] == pytest.approx(0.1)


def test_without_warm_up_it_starts_at_its_highest() -> None:
    assert learning_rate(Recipe(warmup_epochs=0, lr=0.2), 0, STEPS) == pytest.approx(0.2)


@pytest.mark.parametrize(("name", "kind"), [("adamw", torch.optim.AdamW), ("sgd", torch.optim.SGD)])
def test_optimiser_is_the_one_asked_for_and_decays_matrices_only(name: str, kind: type) -> None:
    net = ReidNet(Flat(), 5)
    optimizer = create_optimizer(net, Recipe(optimizer=name, weight_decay=0.3))
    assert isinstance(optimizer, kind)
    decayed = {id(weight) for group in optimizer.param_groups if group["weight_decay"] for weight in group["params"]}
    assert decayed == {id(net.backbone.linear.weight), id(net.classifier.weight)}


def test_the_neck_is_never_shifted() -> None:
    net = ReidNet(Flat(), 5)
    trained = {id(weight) for group in create_optimizer(net, Recipe()).param_groups for weight in group["params"]}
    assert id(net.neck.bias) not in trained
    assert id(net.neck.weight) in trained


@pytest.mark.parametrize(
    ("decay", "step", "kept"),
    [
        pytest.param(0.9, 1000, 0.9, id="exponential once its decay has grown"),
        pytest.param(0.999, 0, 0.1, id="first updates weigh the new weights more"),
    ],
)
def test_average_of_the_weights(decay: float, step: int, kept: float) -> None:
    net = ReidNet(Flat(), 5)
    average = MovingAverage(net, decay)
    before = average.net.backbone.linear.bias.clone()
    torch.nn.init.constant_(net.backbone.linear.bias, 1.0)
    average.update(step)
    torch.testing.assert_close(average.net.backbone.linear.bias, kept * before + 1 - kept)


def test_average_covers_the_statistics_of_norms_and_copies_their_counters() -> None:
    net = ReidNet(Flat(), 5)
    average = MovingAverage(net, 0.0)
    net.backbone.norm(torch.randn(4, 3, 2, 2) + 5)
    average.update(10)
    torch.testing.assert_close(average.net.backbone.norm.running_mean, net.backbone.norm.running_mean)
    assert int(average.net.backbone.norm.num_batches_tracked) == 1


def test_average_is_a_network_apart_in_eval_mode() -> None:
    net = ReidNet(Flat(), 5).train()
    average = MovingAverage(net, 0.9)
    assert not average.net.training
    assert net.training
    assert all(not weight.requires_grad for weight in average.net.parameters())
