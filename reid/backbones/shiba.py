"""Shiba and ShibaX: DogeNet whose attention is a product of three views of a map, without softmax, heads or positions.

Written from the definition of github.com/StephenTaylor1998/DogeNet, of which no code is used; parameter names are the
keys of its checkpoints. 0.7 to 1.1 M parameters, total stride 16, 512-d embedding, weights that fit every input size.

The name Shiba has meant two networks. `shiba26` and `shiba50` are the last published state (11 July 2021): product
`v * q * k` in stages 2 to 4, depths 2, 2, 2, 2 for 26. The authors' accuracy table was counted one day earlier:
`v * (q + k)` in all four stages, depths 2, 3, 1, 2; these are `shiba26-table` and `shiba50-table`.
"""

from __future__ import annotations

from torch import Tensor, nn

from reid.backbones.dogenet import DEPTHS_26, DEPTHS_50, PLAN, convolution_core
from reid.backbones.layers import Core, NeckNet, attention_core, depthwise_key
from reid.backbones.pointwise import Pointwise

__all__ = [
    "ViewProduct",
    "shiba26",
    "shiba26_table",
    "shiba50",
    "shiba50_table",
    "shiba_core",
    "shibax26",
    "shibax50",
]


class ViewProduct(nn.Module):
    """Three convolutions of a map, multiplied position by position (the original's "DSA").

    It runs in the type of its weights. Under autocast that is float32, whatever type the convolutions return: three
    factors of 41 already leave the range of float16, and the BatchNorm that follows brings the product back.

    Args:
        channels: channels in and out.
        summed: `v * (q + k)`, the form of the table, instead of `v * q * k`.
    """

    def __init__(self, channels: int, *, summed: bool = False) -> None:
        super().__init__()
        self.summed = summed
        self.query = Pointwise(channels, channels)
        self.key = depthwise_key(channels)
        self.value = nn.Conv2d(channels, channels, 1, groups=channels)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, C, H, W)` -> the same shape."""
        dtype = self.query.weight.dtype
        query, key, value = (conv(x).to(dtype) for conv in (self.query, self.key, self.value))
        product: Tensor = value * (query + key) if self.summed else value * query * key
        return product


def shiba_core(attention_from: int, *, summed: bool = False) -> Core:
    """Cores of a network with `ViewProduct` from stage `attention_from` (1 to 4) on, and convolutions before."""

    def core(stage: int, planes: int, stride: int, _size: tuple[int, int]) -> nn.Module:
        if stage < attention_from:
            return convolution_core(planes, stride)
        return attention_core(ViewProduct(planes, summed=summed), stride)

    return core


def shibax26(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> NeckNet:
    """ShibaX-26: DogeNet-26 with `v * q * k` in stages 3 and 4."""
    return NeckNet("shibax26", PLAN, DEPTHS_26, shiba_core(3), num_classes=num_classes, input_size=input_size)


def shibax50(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> NeckNet:
    """ShibaX-50: DogeNet-50 with `v * q * k` in stages 3 and 4."""
    return NeckNet("shibax50", PLAN, DEPTHS_50, shiba_core(3), num_classes=num_classes, input_size=input_size)


def shiba26(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> NeckNet:
    """Shiba-26: `v * q * k` in stages 2 to 4, depths 2, 2, 2, 2."""
    return NeckNet("shiba26", PLAN, (2, 2, 2, 2), shiba_core(2), num_classes=num_classes, input_size=input_size)


def shiba50(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> NeckNet:
    """Shiba-50: `v * q * k` in stages 2 to 4, depths 6, 6, 2, 2."""
    return NeckNet("shiba50", PLAN, DEPTHS_50, shiba_core(2), num_classes=num_classes, input_size=input_size)


def shiba26_table(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> NeckNet:
    """Shiba-26 of the accuracy table: `v * (q + k)` in all stages, depths 2, 3, 1, 2."""
    core = shiba_core(1, summed=True)
    return NeckNet("shiba26-table", PLAN, DEPTHS_26, core, num_classes=num_classes, input_size=input_size)


def shiba50_table(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> NeckNet:
    """Shiba-50 of the accuracy table: `v * (q + k)` in all stages, depths 6, 6, 2, 2."""
    core = shiba_core(1, summed=True)
    return NeckNet("shiba50-table", PLAN, DEPTHS_50, core, num_classes=num_classes, input_size=input_size)
