"""Any network of timm (github.com/huggingface/pytorch-image-models, Apache-2.0) as a backbone: `timm:NAME`.

The network is timm's own without its classifier; a classifier, where asked for, is one linear layer on the pooled
features, whatever timm would have built for that family.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import Any

import timm
import torch
from torch import Tensor, nn

from registry import unknown_name
from reid.backbones.base import Backbone
from reid.backbones.sizes import REID_SIZE, at_least

__all__ = ["PREFIX", "TimmBackbone", "timm_backbone"]

logger = logging.getLogger(__name__)

PREFIX = "timm:"
# What timm's networks raise at a size that they cannot take: it is not specified, and differs from family to family.
SIZE_ERRORS = (
    AssertionError,
    AttributeError,
    IndexError,
    RuntimeError,
    TypeError,
    ValueError,
    ZeroDivisionError,
)


class TimmBackbone(Backbone):
    """A timm network with its pooled features as embedding; built by `timm_backbone`.

    Args:
        name: public name, `timm:NAME`.
        net: the network without classifier.
        embedding_dim: width of its pooled features.
        num_classes: identities of the classifier, 0 for embeddings.
        input_size: `(H, W)` px that the network was built for and tried at.
    """

    def __init__(
        self, name: str, net: nn.Module, *, embedding_dim: int, num_classes: int, input_size: tuple[int, int]
    ) -> None:
        super().__init__(name, embedding_dim=embedding_dim, num_classes=num_classes, input_size=input_size)
        config: Mapping[str, Any] = net.pretrained_cfg  # type: ignore[assignment]
        self.mean, self.std = _triple(config["mean"]), _triple(config["std"])
        names = config.get("classifier") or ()  # several in distilled networks
        self.classifier_names: tuple[str, ...] = (names,) if isinstance(names, str) else tuple(names)
        self.net = net
        if num_classes:
            self.head = nn.Linear(embedding_dim, num_classes)

    def embed(self, crops: Tensor) -> Tensor:
        """`(B, embedding_dim)` pooled features."""
        embeddings: Tensor = self.net(crops)
        return embeddings

    def adapt_state(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Weights of this project or of timm; timm itself reads older keys and resizes the tables that it can.

        Its classifier becomes `head`, numbered where a distilled network has several.
        """
        ours = all(key.startswith(("net.", "head.")) for key in state)
        head = {key: value for key, value in state.items() if ours and key.startswith("head.")}
        bare = {key.removeprefix("net.") if ours else key: value for key, value in state.items() if key not in head}
        starts = {
            f"{name}.": f"head.{number}." if number else "head." for number, name in enumerate(self.classifier_names)
        }
        return head | {_our_key(key, starts): value for key, value in _read_by_timm(bare, self.net).items()}


def timm_backbone(name: str, *, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> TimmBackbone:
    """The timm network behind `timm:NAME`, freshly initialised.

    Args:
        name: `timm:` and a name of `timm.list_models()`, with or without the tag of its weights.
        num_classes: identities of the classifier; 0 for embeddings.
        input_size: `(H, W)` px; `None` takes 128x64 where the network allows it, else the size it was published for.

    Raises:
        ValueError: unknown name; a size that the network cannot take; a network without pooled features.
    """
    bare = name.removeprefix(PREFIX)
    if not bare:
        raise ValueError(f"{PREFIX} is not followed by a name; write {PREFIX}NAME, such as {PREFIX}resnet18")
    if not timm.is_model(bare):
        where = "All are listed by: python -c 'import timm; print(*timm.list_models())'"
        raise unknown_name("timm model", bare, timm.list_models(), where=where)
    config = timm.get_pretrained_cfg(bare)
    own = (int(config.input_size[1]), int(config.input_size[2]))
    size = at_least(name, 1, input_size or REID_SIZE)
    try:
        net, features = _built_and_tried(bare, size, fixed=config.fixed_input_size)
    except SIZE_ERRORS as error:
        if input_size is not None:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise ValueError(
                f"{name} does not take crops of {size[0]}x{size[1]} px (height x width): {reason};"
                f" its own size is {own[0]}x{own[1]}"
            ) from error
        logger.info("%s does not take crops of %dx%d px; using its own %dx%d", name, *size, *own)
        size = own
        net, features = _built_and_tried(bare, size, fixed=config.fixed_input_size)
    if features.ndim != 2:
        raise ValueError(
            f"{name} gives features of shape {tuple(features.shape)} per crop, but an embedding is one vector;"
            " choose a timm model with global pooling"
        )
    return TimmBackbone(name, net, embedding_dim=features.shape[1], num_classes=num_classes, input_size=size)


def _built_and_tried(name: str, size: tuple[int, int], *, fixed: bool) -> tuple[nn.Module, Tensor]:
    """The network in training mode, and what it makes of one blank crop.

    Trying is the one sure test: few networks say which sizes they take, and the width of what `num_classes=0` returns
    is `num_features` in most but not in all (MobileNetV3's last layer comes after the pooling).
    """
    net: nn.Module = timm.create_model(name, pretrained=False, num_classes=0, **({"img_size": size} if fixed else {}))
    net.eval()
    with torch.no_grad():
        features: Tensor = net(torch.zeros(1, 3, *size))
    return net.train(), features


def _triple(values: Any) -> tuple[float, float, float]:
    first, second, third = values
    return float(first), float(second), float(third)


def _read_by_timm(state: Mapping[str, Tensor], net: nn.Module) -> Mapping[str, Tensor]:
    """The weights as timm's own loading would change them for `net`; unchanged where they fit or timm cannot either."""
    if all(key in state and state[key].shape == value.shape for key, value in net.state_dict().items()):
        return state
    read = getattr(sys.modules[type(net).__module__], "checkpoint_filter_fn", None)
    try:
        changed: Mapping[str, Tensor] = read(dict(state), net) if read else state
    except (*SIZE_ERRORS, KeyError):  # what it raises for weights of another network is as little specified
        return state
    return changed


def _our_key(key: str, classifiers: Mapping[str, str]) -> str:
    for start, ours in classifiers.items():
        if key.startswith(start):
            return ours + key.removeprefix(start)
    return f"net.{key}"
