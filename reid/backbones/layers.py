"""Layers that several convolutional backbones share, and the four-stage network (`NeckNet`) that BoTNet, DogeNet and
Shiba are. Attribute names are the keys of the published checkpoints.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reid.backbones.base import Backbone
from reid.backbones.pointwise import Pointwise
from reid.backbones.sizes import REID_SIZE, multiples_of

__all__ = [
    "Core",
    "Neck",
    "NeckNet",
    "Plan",
    "PositionAttention",
    "SqueezeExcitation",
    "attention_core",
    "depthwise_key",
]

EXPANSION = 4
DROPOUT = 0.3


class SqueezeExcitation(nn.Module):
    """Channel gates from the global average (Hu et al. 2018, eq. 2-4), with 1x1 convolutions and biases."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.se1 = Pointwise(channels, hidden)
        self.se2 = Pointwise(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, C, H, W)` -> the same, each channel scaled by a factor between 0 and 1."""
        hidden = F.relu(self.se1(x.mean((2, 3), keepdim=True)))
        return x * torch.sigmoid(self.se2(hidden))


class PositionAttention(nn.Module):
    """Multi-head self-attention over all positions of a map, with a learned position term (as BoTNet and DogeNet
    publish it).

    With `q, k, v` of a head and `r = rel_h + rel_w`, position `i` attends to `j` by `softmax_j(q_i . k_j + r_i . q_j)`.
    Three things differ from the text of Srinivas et al. 2021 and belong to the published networks: there is no `1 /
    sqrt(d)`; the position vector is that of the *attending* position and meets the query (not key) of the attended one;
    `rel_h` runs along the width and `rel_w` along the height.

    Args:
        channels: channels in and out, a multiple of `heads`.
        size: `(H, W)` of the map, or `None` for attention without the position term (then any size fits).
        heads: number of heads; they split the channels in order.
        depthwise: the lighter form of DogeNetX: each channel makes its own key (3x3, border repeated) and value (1x1).
    """

    def __init__(self, channels: int, size: tuple[int, int] | None, heads: int = 4, *, depthwise: bool = False) -> None:
        super().__init__()
        if channels % heads:
            raise ValueError(f"channels must be a multiple of heads, but got {channels} channels for {heads} heads")
        self.heads = heads
        self.query = Pointwise(channels, channels)
        self.key = depthwise_key(channels) if depthwise else Pointwise(channels, channels)
        self.value = nn.Conv2d(channels, channels, 1, groups=channels) if depthwise else Pointwise(channels, channels)
        self.has_position = size is not None
        if size is not None:
            depth = channels // heads
            self.rel_h = nn.Parameter(torch.randn(1, heads, depth, 1, size[1]))
            self.rel_w = nn.Parameter(torch.randn(1, heads, depth, size[0], 1))

    def forward(self, x: Tensor) -> Tensor:
        """`(B, C, H, W)` -> the same shape."""
        query, key, value = (self._split(conv(x)) for conv in (self.query, self.key, self.value))
        energy = query @ key.transpose(-2, -1)
        if self.has_position:
            position = (self.rel_h + self.rel_w).flatten(3).transpose(-2, -1)  # (1, heads, H * W, d)
            energy = energy + position @ query.transpose(-2, -1)
        return self._join(energy.softmax(-1) @ value, x.shape)

    def _split(self, x: Tensor) -> Tensor:
        """`(B, C, H, W)` -> `(B, heads, H * W, d)`; a view where `x` is channels-last."""
        batch, channels, height, width = x.shape
        rows = x.permute(0, 2, 3, 1).reshape(batch, height * width, self.heads, channels // self.heads)
        return rows.transpose(1, 2)

    @staticmethod
    def _join(x: Tensor, shape: torch.Size) -> Tensor:
        """`(B, heads, H * W, d)` -> `(B, C, H, W)`, channels-last in memory."""
        batch, channels, height, width = shape
        return x.transpose(1, 2).reshape(batch, height, width, channels).permute(0, 3, 1, 2)


def depthwise_key(channels: int) -> nn.Conv2d:
    """The 3x3 convolution that makes the keys of DogeNetX and Shiba, channel by channel, with the border repeated."""
    return nn.Conv2d(channels, channels, 3, padding=1, padding_mode="replicate", groups=channels)


def attention_core(attention: nn.Module, stride: int) -> nn.Sequential:
    """`attention` as the core of a `Neck`: it runs at the size of the input, and a stride of 2 then averages 2x2."""
    return nn.Sequential(attention, nn.AvgPool2d(2, 2)) if stride == 2 else nn.Sequential(attention)


class Neck(nn.Module):
    """Bottleneck block (He et al. 2016) around any core that keeps `planes` channels.

    The shortcut's convolution carries a bias although a BatchNorm follows: it is redundant, but it is a key of the
    published state.

    Args:
        inputs: input channels.
        planes: channels of the core; the output has `4 * planes`.
        stride: 1 or 2, what the core shrinks a map by.
        core: makes the core; called between the layers before and after it, so that a seed fills them in their order.
    """

    def __init__(self, inputs: int, planes: int, stride: int, core: Callable[[], nn.Module]) -> None:
        super().__init__()
        outputs = EXPANSION * planes
        self.conv1 = Pointwise(inputs, planes, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = core()
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = Pointwise(planes, outputs, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(Pointwise(inputs, outputs, stride), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """`(B, inputs, H, W)` -> `(B, 4 * planes, H / stride, W / stride)`."""
        out = F.relu(self.bn1(self.conv1(x)))
        out = F.relu(self.bn2(self.conv2(out)))
        return F.relu(self.bn3(self.conv3(out)) + self.shortcut(x))


Core = Callable[[int, int, int, tuple[int, int]], nn.Module]
"""`(stage 1 to 4, planes, stride, (H, W) of the input map) -> core of a Neck`."""


@dataclass(frozen=True)
class Plan:
    """Shape of a `NeckNet`.

    Attributes:
        planes: channels of the cores, stage by stage.
        strides: of the first block of each stage.
        kernel: side of the stem's convolution, whose stride is 2.
        pool: whether 3x3 max-pooling of stride 2 follows it.
    """

    planes: tuple[int, int, int, int]
    strides: tuple[int, int, int, int]
    kernel: int
    pool: bool

    @property
    def stem_stride(self) -> int:
        """What the stem shrinks a crop by."""
        return 4 if self.pool else 2

    @property
    def stride(self) -> int:
        """What the whole network shrinks a crop by."""
        return self.stem_stride * prod(self.strides)


class NeckNet(Backbone):
    """A stem, four stages of necks, the average of the last map, and a linear classifier.

    Args:
        name: public name.
        plan: widths and strides.
        depths: blocks of the four stages.
        core: what the necks hold, by stage.
        num_classes: identities of the classifier, 0 for embeddings.
        input_size: `(H, W)` px, multiples of `plan.stride`; 128x64 when `None` (published: 224x224).

    Raises:
        ValueError: another size, or fewer than no classes.
    """

    head_prefixes: ClassVar[tuple[str, ...]] = ("fc.",)

    def __init__(
        self,
        name: str,
        plan: Plan,
        depths: tuple[int, int, int, int],
        core: Core,
        *,
        num_classes: int = 0,
        input_size: tuple[int, int] | None = None,
    ) -> None:
        # Other sides fail inside: the attention's average pooling rounds a map down, the shortcut beside it up.
        size = multiples_of(name, plan.stride, input_size or REID_SIZE)
        super().__init__(name, embedding_dim=EXPANSION * plan.planes[-1], num_classes=num_classes, input_size=size)
        width = 64
        self.conv1 = nn.Conv2d(3, width, plan.kernel, 2, padding=plan.kernel // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1) if plan.pool else nn.Identity()
        scale = plan.stem_stride
        for stage, (planes, depth, first) in enumerate(zip(plan.planes, depths, plan.strides, strict=True), start=1):
            blocks = nn.Sequential()
            for stride in [first] + [1] * (depth - 1):
                map_size = (size[0] // scale, size[1] // scale)
                blocks.append(Neck(width, planes, stride, partial(core, stage, planes, stride, map_size)))
                width, scale = EXPANSION * planes, scale * stride
            self.add_module(f"layer{stage}", blocks)
        if num_classes:
            self.fc = nn.Sequential(nn.Dropout(DROPOUT), nn.Linear(width, num_classes))

    def embed(self, crops: Tensor) -> Tensor:
        """`(B, D)`: the last map, averaged over its positions."""
        x: Tensor = self.maxpool(F.relu(self.bn1(self.conv1(crops))))
        for stage in range(1, 5):
            x = self.get_submodule(f"layer{stage}")(x)
        return x.mean((2, 3))

    def classify(self, embeddings: Tensor) -> Tensor:
        """`(B, num_classes)` logits."""
        logits: Tensor = self.fc(embeddings)
        return logits

    def adapt_state(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The weights with `rel_h` and `rel_w` interpolated linearly to the maps of this input size."""
        own, adapted = self.state_dict(), dict(state)
        for key, term in state.items():
            wanted = own[key].shape if key.endswith(("rel_h", "rel_w")) and key in own else term.shape
            if wanted != term.shape and term.shape[:3] == wanted[:3] and term.ndim == 5 and min(term.shape[3:]) == 1:
                line = F.interpolate(term.flatten(3).flatten(0, 1), size=max(wanted[3:]), mode="linear")
                adapted[key] = line.reshape(wanted)
        return adapted
