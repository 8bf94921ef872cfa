"""OSNet: streams of several depths side by side, which one small gate weighs channel by channel (Zhou et al. 2019).

The plain networks, OSNet-IBN (instance normalisation behind each block of the first stage) and OSNet-AIN (inside blocks
that a search chose; Zhou et al. 2021). Definition, attribute names and so the keys are those of
github.com/KaiyangZhou/deep-person-reid (MIT), whose checkpoints fit; the code here is our own.
"""

from __future__ import annotations

import itertools
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reid.backbones.base import Backbone
from reid.backbones.pointwise import Pointwise
from reid.backbones.sizes import at_least
from reid.resizing import SMOOTH_LINEAR

__all__ = [
    "OSNet",
    "osnet_ain_x1_0",
    "osnet_ibn_x1_0",
    "osnet_x0_5",
    "osnet_x0_25",
    "osnet_x0_75",
    "osnet_x1_0",
]

INPUT_SIZE = (256, 128)
STRIDE = 16
EMBEDDING_DIM = 512
DEPTHS = (1, 2, 3, 4)  # of the streams of a block
REDUCTION = 4  # of a block's inner channels
GATE_REDUCTION = 16

Widths = tuple[int, int, int, int]


class ConvNorm(nn.Module):
    """A 1x1 convolution and its norm, with ReLU or without."""

    def __init__(self, inputs: int, outputs: int, *, relu: bool = True, norm: bool = True) -> None:
        super().__init__()
        self.conv = Pointwise(inputs, outputs, bias=False)
        self.bn = nn.BatchNorm2d(outputs) if norm else None
        self._relu = relu

    def forward(self, x: Tensor) -> Tensor:
        """`(B, inputs, H, W)` -> `(B, outputs, H, W)`."""
        x = self.conv(x)
        x = x if self.bn is None else self.bn(x)
        return F.relu(x) if self._relu else x


class Stem(nn.Module):
    """The 7x7 convolution of stride 2, its norm and ReLU."""

    def __init__(self, outputs: int, *, instance_norm: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, outputs, 7, 2, padding=3, bias=False)
        self.bn = nn.InstanceNorm2d(outputs, affine=True) if instance_norm else nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, 3, H, W)` -> `(B, outputs, H / 2, W / 2)`."""
        return F.relu(self.bn(self.conv(x)))


class LightConv(nn.Module):
    """A 1x1 convolution, then a 3x3 channel by channel: a 3x3 convolution at a ninth of its cost."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = Pointwise(channels, channels, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, C, H, W)` -> the same shape."""
        return F.relu(self.bn(self.conv2(self.conv1(x))))


class ChannelGate(nn.Module):
    """Each channel times a factor between 0 and 1 that all channels decide (squeeze and excitation)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = Pointwise(channels, channels // GATE_REDUCTION)
        self.fc2 = Pointwise(channels // GATE_REDUCTION, channels)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, C, H, W)` -> the same shape."""
        hidden = F.relu(self.fc1(x.mean((2, 3), keepdim=True)))
        return x * torch.sigmoid(self.fc2(hidden))


class Block(nn.Module):
    """Four streams of 1 to 4 light convolutions, weighed by one gate that they share, beside a shortcut.

    Args:
        inputs: channels in.
        outputs: channels out, four times those inside.
        inside: instance normalisation takes the place of the last norm (AIN).
        behind: instance normalisation follows the sum with the shortcut (IBN).
    """

    def __init__(self, inputs: int, outputs: int, *, inside: bool = False, behind: bool = False) -> None:
        super().__init__()
        channels = outputs // REDUCTION
        self.conv1 = ConvNorm(inputs, channels)
        self._add_streams(channels)
        self.gate = ChannelGate(channels)
        self.conv3 = ConvNorm(channels, outputs, relu=False, norm=not inside)
        self.downsample = ConvNorm(inputs, outputs, relu=False) if inputs != outputs else None
        self.IN = nn.InstanceNorm2d(outputs, affine=True) if inside or behind else None
        self._inside = inside

    def _add_streams(self, channels: int) -> None:
        self.conv2a = LightConv(channels)
        self.conv2b, self.conv2c, self.conv2d = (
            nn.Sequential(*(LightConv(channels) for _ in range(depth))) for depth in DEPTHS[1:]
        )

    def _streams(self) -> list[nn.Module]:
        return [self.conv2a, self.conv2b, self.conv2c, self.conv2d]

    def forward(self, x: Tensor) -> Tensor:
        """`(B, inputs, H, W)` -> `(B, outputs, H, W)`."""
        reduced = self.conv1(x)
        first, *others = (self.gate(stream(reduced)) for stream in self._streams())
        out = self.conv3(sum(others, first))
        out = self.IN(out) if self.IN is not None and self._inside else out
        out = out + (x if self.downsample is None else self.downsample(x))
        out = self.IN(out) if self.IN is not None and not self._inside else out
        return F.relu(out)


class Stream(nn.Module):
    """One stream as OSNet-AIN names it."""

    def __init__(self, channels: int, depth: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(*(LightConv(channels) for _ in range(depth)))

    def forward(self, x: Tensor) -> Tensor:
        """`(B, C, H, W)` -> the same shape."""
        out: Tensor = self.layers(x)
        return out


class AinBlock(Block):
    """The block with the keys of OSNet-AIN."""

    def _add_streams(self, channels: int) -> None:
        self.conv2 = nn.ModuleList(Stream(channels, depth) for depth in DEPTHS)

    def _streams(self) -> list[nn.Module]:
        return list(self.conv2)


def shrink(channels: int) -> nn.Sequential:
    """What ends a stage: a 1x1 convolution, and the mean of each 2x2."""
    return nn.Sequential(ConvNorm(channels, channels), nn.AvgPool2d(2, 2))


class OSNet(Backbone):
    """A stem, three stages of two blocks, the average of the last map, and a layer to 512 numbers.

    Args:
        name: public name.
        widths: channels of the stem and of the three stages.
        blocks: the six blocks' classes and options, in order.
        stem_norm: instance normalisation in the stem.
        pools_apart: the layers between the stages stand under keys of their own (`pool2`, `pool3`).
        num_classes: identities of the classifier, 0 for embeddings.
        input_size: `(H, W)` px; 256x128 when `None`, as published.
    """

    head_prefixes: ClassVar[tuple[str, ...]] = ("classifier.",)
    resize = SMOOTH_LINEAR

    def __init__(
        self,
        name: str,
        widths: Widths,
        blocks: tuple[tuple[nn.Module, ...], ...],
        *,
        stem_norm: bool = False,
        pools_apart: bool = False,
        num_classes: int = 0,
        input_size: tuple[int, int] | None = None,
    ) -> None:
        size = at_least(name, STRIDE, input_size or INPUT_SIZE)
        super().__init__(name, embedding_dim=EMBEDDING_DIM, num_classes=num_classes, input_size=size)
        self.conv1 = Stem(widths[0], instance_norm=stem_norm)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        for stage, (channels, pair) in enumerate(zip(widths[1:], blocks, strict=True), start=2):
            ends = [shrink(channels)] if stage < 4 else []
            self.add_module(f"conv{stage}", nn.Sequential(*pair, *([] if pools_apart else ends)))
            if pools_apart and ends:
                self.add_module(f"pool{stage}", ends[0])
        self.conv5 = ConvNorm(widths[3], widths[3])
        self.fc = nn.Sequential(nn.Linear(widths[3], EMBEDDING_DIM), nn.BatchNorm1d(EMBEDDING_DIM), nn.ReLU())
        if num_classes:
            self.classifier = nn.Linear(EMBEDDING_DIM, num_classes)

    def embed(self, crops: Tensor) -> Tensor:
        """`(B, 512)`: the last map, averaged over its positions, through one layer."""
        x = self.maxpool(self.conv1(crops))
        for part in ("conv2", "pool2", "conv3", "pool3", "conv4", "conv5"):
            x = getattr(self, part, nn.Identity())(x)
        embeddings: Tensor = self.fc(x.mean((2, 3)))
        return embeddings

    def classify(self, embeddings: Tensor) -> Tensor:
        """`(B, num_classes)` logits."""
        logits: Tensor = self.classifier(embeddings)
        return logits


def _plain(
    name: str, widths: Widths, num_classes: int, input_size: tuple[int, int] | None, *, ibn: bool = False
) -> OSNet:
    blocks = tuple(
        (Block(inputs, outputs, behind=ibn and not stage), Block(outputs, outputs, behind=ibn and not stage))
        for stage, (inputs, outputs) in enumerate(itertools.pairwise(widths))
    )
    return OSNet(name, widths, blocks, stem_norm=ibn, num_classes=num_classes, input_size=input_size)


def osnet_x1_0(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> OSNet:
    """OSNet of full width: 2.2 M parameters."""
    return _plain("osnet-x1-0", (64, 256, 384, 512), num_classes, input_size)


def osnet_x0_75(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> OSNet:
    """OSNet of three quarters of the width: 1.3 M parameters."""
    return _plain("osnet-x0-75", (48, 192, 288, 384), num_classes, input_size)


def osnet_x0_5(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> OSNet:
    """OSNet of half the width: 0.6 M parameters."""
    return _plain("osnet-x0-5", (32, 128, 192, 256), num_classes, input_size)


def osnet_x0_25(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> OSNet:
    """OSNet of a quarter of the width: 0.2 M parameters."""
    return _plain("osnet-x0-25", (16, 64, 96, 128), num_classes, input_size)


def osnet_ibn_x1_0(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> OSNet:
    """OSNet of full width with instance normalisation in the stem and behind the blocks of the first stage."""
    return _plain("osnet-ibn-x1-0", (64, 256, 384, 512), num_classes, input_size, ibn=True)


def osnet_ain_x1_0(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> OSNet:
    """OSNet of full width with instance normalisation where the search put it: blocks 1, 2, 4 and 5 of 6."""
    widths = (64, 256, 384, 512)
    blocks = (
        (AinBlock(64, 256, inside=True), AinBlock(256, 256, inside=True)),
        (AinBlock(256, 384), AinBlock(384, 384, inside=True)),
        (AinBlock(384, 512, inside=True), AinBlock(512, 512)),
    )
    return OSNet(
        "osnet-ain-x1-0",
        widths,
        blocks,
        stem_norm=True,
        pools_apart=True,
        num_classes=num_classes,
        input_size=input_size,
    )
