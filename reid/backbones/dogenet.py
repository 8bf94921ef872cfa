"""DogeNet: a slim ResNet with squeeze-excitation in its first two stages and self-attention in its last two.

Written from the definition of github.com/StephenTaylor1998/DogeNet (state of 11 July 2021), of which no code is used;
parameter names are the keys of its checkpoints. 0.8 to 1.2 M parameters, total stride 16, 512-d embedding.

DogeNetX is the same network with lighter attention (keys and values channel by channel). One deviation:
`dogenet-2x1x3x2` has the depths of its name, whereas the original's function of that name builds DogeNet-26 again.
"""

from __future__ import annotations

from torch import nn

from reid.backbones.layers import Core, NeckNet, Plan, PositionAttention, SqueezeExcitation, attention_core

__all__ = [
    "DEPTHS_26",
    "DEPTHS_50",
    "PLAN",
    "convolution_core",
    "dogenet26",
    "dogenet26_noembed",
    "dogenet50",
    "dogenet50_noembed",
    "dogenet_2x1x3x2",
    "dogex26",
    "dogex50",
]

# The stem halves once: there is no max-pooling, whatever the family resemblance to ResNet suggests.
PLAN = Plan(planes=(32, 48, 96, 128), strides=(2, 2, 2, 1), kernel=3, pool=False)
DEPTHS_26 = (2, 3, 1, 2)
DEPTHS_50 = (6, 6, 2, 2)
ATTENTION_FROM = 3  # stages 3 and 4, the "half" of the original


def convolution_core(planes: int, stride: int) -> nn.Sequential:
    """3x3 convolution and squeeze-excitation, with no norm or activation between them."""
    conv = nn.Conv2d(planes, planes, 3, stride, padding=1, bias=False)
    return nn.Sequential(conv, SqueezeExcitation(planes, planes // 2))


def _doge_core(*, position: bool = True, depthwise: bool = False) -> Core:
    def core(stage: int, planes: int, stride: int, size: tuple[int, int]) -> nn.Module:
        if stage < ATTENTION_FROM:
            return convolution_core(planes, stride)
        attention = PositionAttention(planes, size if position else None, depthwise=depthwise)
        return attention_core(attention, stride)

    return core


def dogenet26(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> NeckNet:
    """DogeNet-26, depths 2, 3, 1, 2."""
    return NeckNet("dogenet26", PLAN, DEPTHS_26, _doge_core(), num_classes=num_classes, input_size=input_size)


def dogenet50(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> NeckNet:
    """DogeNet-50, depths 6, 6, 2, 2."""
    return NeckNet("dogenet50", PLAN, DEPTHS_50, _doge_core(), num_classes=num_classes, input_size=input_size)


def dogenet_2x1x3x2(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> NeckNet:
    """DogeNet with the depths 2, 1, 3, 2: more attention, less convolution than DogeNet-26."""
    depths = (2, 1, 3, 2)
    return NeckNet("dogenet-2x1x3x2", PLAN, depths, _doge_core(), num_classes=num_classes, input_size=input_size)


def dogenet26_noembed(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> NeckNet:
    """DogeNet-26 without the position term: its weights fit every input size."""
    core = _doge_core(position=False)
    return NeckNet("dogenet26-noembed", PLAN, DEPTHS_26, core, num_classes=num_classes, input_size=input_size)


def dogenet50_noembed(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> NeckNet:
    """DogeNet-50 without the position term: its weights fit every input size."""
    core = _doge_core(position=False)
    return NeckNet("dogenet50-noembed", PLAN, DEPTHS_50, core, num_classes=num_classes, input_size=input_size)


def dogex26(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> NeckNet:
    """DogeNetX-26: DogeNet-26 with keys and values channel by channel."""
    core = _doge_core(depthwise=True)
    return NeckNet("dogex26", PLAN, DEPTHS_26, core, num_classes=num_classes, input_size=input_size)


def dogex50(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> NeckNet:
    """DogeNetX-50: DogeNet-50 with keys and values channel by channel."""
    core = _doge_core(depthwise=True)
    return NeckNet("dogex50", PLAN, DEPTHS_50, core, num_classes=num_classes, input_size=input_size)
