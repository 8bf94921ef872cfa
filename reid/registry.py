"""The public names of the networks, and their builders."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

from registry import Registry

if TYPE_CHECKING:
    from reid.backbones.base import Backbone

__all__ = ["ALL_NAMES", "BACKBONES", "TIMM", "TIMM_HINT", "backbone_factory"]

TIMM = "timm:"
ALL_NAMES = "All are listed by: track models."
TIMM_HINT = "timm:NAME stands for any network of timm."

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
}
"""Module of `reid.backbones` -> name -> summary; the builder is called as the name, with underscores."""

for _module, _names in _FAMILIES.items():
    for _name, _summary in _names.items():
        BACKBONES.add(_name, f"reid.backbones.{_module}:{_name.replace('-', '_')}", _summary)


def backbone_factory(name: str) -> Callable[..., Backbone]:
    """The builder of a network with random weights: `factory(*, num_classes=0, input_size=None) -> Backbone`.

    Args:
        name: one of `BACKBONES.names()`, or `timm:NAME`, which stands for any network of timm.

    Raises:
        ValueError: unknown name.
    """
    if name.startswith(TIMM):
        from reid.backbones.timm_models import timm_backbone

        return functools.partial(timm_backbone, name)
    factory: Callable[..., Backbone] = BACKBONES.load(name, hint=TIMM_HINT)
    return factory
