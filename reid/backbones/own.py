"""A network of the user's own as a backbone: any `nn.Module` that gives one vector a crop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from registry.own_code import OwnCode
from reid.backbones.base import IMAGENET_MEAN, IMAGENET_STD, Backbone
from reid.description import PARSERS

__all__ = ["OwnBackbone", "own_backbone"]

TRIED = 2
"""Blank crops that a new network must take: two, since of one it could not be told which axis counts them."""


class OwnBackbone(Backbone):
    """The user's module inside what every other part expects of a network.

    Args:
        code: where it comes from; its name becomes that of the backbone.
        net: the module; its `forward` takes `(N, 3, H, W)` normalised RGB crops and returns `(N, D)`.
        embedding_dim: D.
        num_classes: identities of the classifier; 0 for embeddings.
        input_size: `(H, W)` px.
    """

    def __init__(
        self, code: OwnCode, net: nn.Module, *, embedding_dim: int, num_classes: int, input_size: tuple[int, int]
    ) -> None:
        super().__init__(code.name, embedding_dim=embedding_dim, num_classes=num_classes, input_size=input_size)
        self.net = net
        if num_classes:
            self.head = nn.Linear(embedding_dim, num_classes)

    def embed(self, crops: Tensor) -> Tensor:
        """`(B, D)`: what the user's `forward` returns."""
        embeddings: Tensor = self.net(crops)
        return embeddings

    def adapt_state(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Weights of this project, or the module's own `state_dict`, whose keys begin after `net.` here."""
        own = self.net.state_dict().keys()
        is_ours = any(key.startswith("net.") and key.removeprefix("net.") in own for key in state)
        return dict(state) if is_ours else {f"net.{key}": value for key, value in state.items()}


def own_backbone(code: OwnCode, *, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> OwnBackbone:
    """The user's network as its constructor builds it, tried on blank crops.

    Args:
        code: a class of modules, or a function that returns one; called without arguments.
        num_classes: identities of the classifier; 0 for embeddings.
        input_size: `(H, W)` px; `None` for the module's own attribute.

    Raises:
        FileNotFoundError: no such file or module.
        ValueError: not such a class or function, an attribute that is missing or no such thing, an error in the user's
            code (with its line), or a `forward` that returns no `(N, D)`.
    """
    factory = code.load()
    if not callable(factory):
        raise ValueError(f"{code.name} is of type {type(factory).__name__}, expected a class or function of a network")
    with torch.device("cpu"):  # also where others only count: own code may not know the meta device
        with code.telling_lines():
            net = factory()
        if not isinstance(net, nn.Module):
            raise ValueError(f"{code.name}() gave an object of type {type(net).__name__}, expected a torch.nn.Module")
        size = input_size or _attribute(code, factory, net, "input_size")
        backbone = OwnBackbone(
            code, net, embedding_dim=_tried(code, net, size), num_classes=num_classes, input_size=size
        )
        backbone.mean, backbone.std = (_attribute(code, factory, net, name) for name in ("mean", "std"))
    is_counted = torch.empty(0).device.type == "meta"
    return backbone.to("meta") if is_counted else backbone


DEFAULTS: Mapping[str, Any] = {"mean": IMAGENET_MEAN, "std": IMAGENET_STD}


def _attribute(code: OwnCode, factory: Any, net: nn.Module, name: str) -> Any:
    """An attribute of the module, else of the function that made it, else its default."""
    value = getattr(net, name, getattr(factory, name, DEFAULTS.get(name)))
    if value is None:
        raise ValueError(
            f"{code.name} has no {name}, expected the height and width of its crops in px: {name} = (256, 128)"
        )
    try:
        return PARSERS[name](value.flatten().tolist() if isinstance(value, Tensor) else value)
    except (TypeError, ValueError) as error:
        kinds = {"input_size": "(height, width) in px", "mean": "three numbers, RGB from 0 to 1"}
        expected = kinds.get(name, "three numbers above 0, RGB on the scale 0 to 1")
        raise ValueError(f"{code.name}: {name} is {value!r}, expected {expected}") from error


def _tried(code: OwnCode, net: nn.Module, size: tuple[int, int]) -> int:
    """The width D of what the network makes of blank crops."""
    was_training = net.training
    place = next((parameter.device for parameter in net.parameters()), torch.device("cpu"))
    net.eval()
    with torch.no_grad(), code.telling_lines():
        made: Any = net(torch.zeros(TRIED, 3, *size, device=place))
    net.train(was_training)
    given = f"shape {tuple(made.shape)}" if isinstance(made, Tensor) else f"type {type(made).__name__}"
    if not isinstance(made, Tensor) or made.ndim != 2 or len(made) != TRIED or not made.shape[1]:
        raise ValueError(
            f"{code.name} made of {TRIED} crops of {size[0]}x{size[1]} px (height x width) something of {given},"
            f" expected ({TRIED}, D): one vector a crop"
        )
    if not made.is_floating_point():
        raise ValueError(f"{code.name} gave embeddings of type {made.dtype}, expected floating-point numbers")
    return int(made.shape[1])
