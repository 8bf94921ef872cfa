"""MLFN, the multi-level factorisation net (Chang et al. 2018): blocks of 32 factors that a selector turns up or down.

The embedding is the mean of two: one of the last map, one of all selectors' outputs. Definition, attribute names and so
the keys are those of github.com/KaiyangZhou/deep-person-reid (MIT), whose checkpoints fit; the code here is our own.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reid.backbones.base import Backbone
from reid.backbones.pointwise import Pointwise
from reid.backbones.sizes import at_least
from reid.resizing import SMOOTH_LINEAR

__all__ = ["Mlfn", "mlfn"]

INPUT_SIZE = (256, 128)
STRIDE = 32
EMBEDDING_DIM = 1024
FACTORS = 32
STAGES = ((256, 3, 1, (128, 64)), (512, 4, 2, (256, 128)), (1024, 6, 2, (512, 128)), (2048, 3, 2, (512, 128)))
"""Channels, blocks, stride of the first, and the widths of the selectors."""


def _conv_norm(inputs: int, outputs: int, stride: int = 1, *, bias: bool = False) -> list[nn.Module]:
    return [Pointwise(inputs, outputs, stride, bias=bias), nn.BatchNorm2d(outputs)]


class FactorBlock(nn.Module):
    """A grouped bottleneck, each group times the factor that the selector gives it, beside a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int, selector: tuple[int, int]) -> None:
        super().__init__()
        middle, (first, second) = outputs // 2, selector
        self.fm_conv1, self.fm_bn1 = _conv_norm(inputs, middle)
        self.fm_conv2 = nn.Conv2d(middle, middle, 3, stride, padding=1, groups=FACTORS, bias=False)
        self.fm_bn2 = nn.BatchNorm2d(middle)
        self.fm_conv3, self.fm_bn3 = _conv_norm(middle, outputs)
        self.fsm = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            *_conv_norm(inputs, first, bias=True),
            nn.ReLU(),
            *_conv_norm(first, second, bias=True),
            nn.ReLU(),
            *_conv_norm(second, FACTORS, bias=True),
            nn.Sigmoid(),
        )
        keeps_shape = inputs == outputs and stride == 1
        self.downsample = None if keeps_shape else nn.Sequential(*_conv_norm(inputs, outputs, stride))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """`(B, inputs, H, W)` -> `(B, outputs, H / stride, W / stride)`, and the factors `(B, 32, 1, 1)`."""
        factors = self.fsm(x)
        out = F.relu(self.fm_bn1(self.fm_conv1(x)))
        out = F.relu(self.fm_bn2(self.fm_conv2(out)))
        out = out * factors.repeat_interleave(out.shape[1] // FACTORS, 1)
        out = F.relu(self.fm_bn3(self.fm_conv3(out)))
        return F.relu(out + (x if self.downsample is None else self.downsample(x))), factors


class Mlfn(Backbone):
    """The network.

    Args:
        num_classes: identities of the classifier, 0 for embeddings.
        input_size: `(H, W)` px; 256x128 when `None`, as published.
    """

    head_prefixes: ClassVar[tuple[str, ...]] = ("classifier.",)
    resize = SMOOTH_LINEAR

    def __init__(self, *, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> None:
        size = at_least("mlfn", STRIDE, input_size or INPUT_SIZE)
        super().__init__("mlfn", embedding_dim=EMBEDDING_DIM, num_classes=num_classes, input_size=size)
        width = 64
        self.conv1 = nn.Conv2d(3, width, 7, 2, padding=3)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        self.feature = nn.ModuleList()
        for outputs, depth, first, selector in STAGES:
            for stride in [first] + [1] * (depth - 1):
                self.feature.append(FactorBlock(width, outputs, stride, selector))
                width = outputs
        self.fc_x = nn.Sequential(*_conv_norm(width, EMBEDDING_DIM), nn.ReLU())
        self.fc_s = nn.Sequential(*_conv_norm(FACTORS * len(self.feature), EMBEDDING_DIM), nn.ReLU())
        if num_classes:
            self.classifier = nn.Linear(EMBEDDING_DIM, num_classes)

    def embed(self, crops: Tensor) -> Tensor:
        """`(B, 1024)`: the mean of what the map and what the factors say."""
        x = self.maxpool(F.relu(self.bn1(self.conv1(crops))))
        selected = []
        for block in self.feature:
            x, factors = block(x)
            selected.append(factors)
        pooled = self.fc_x(x.mean((2, 3), keepdim=True))
        embeddings: Tensor = (pooled + self.fc_s(torch.cat(selected, 1))) / 2
        return embeddings.flatten(1)

    def classify(self, embeddings: Tensor) -> Tensor:
        """`(B, num_classes)` logits."""
        logits: Tensor = self.classifier(embeddings)
        return logits


def mlfn(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> Mlfn:
    """MLFN: 32.5 M parameters, 1024-d embedding."""
    return Mlfn(num_classes=num_classes, input_size=input_size)
