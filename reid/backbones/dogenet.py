"""DogeNet: a slim ResNet with squeeze-excitation in its first two stages and self-attention in its last two.

Written from the definition of github.com/StephenTaylor1998/DogeNet (state of 11 July 2021), of which no code is used;
parameter names are the keys of its checkpoints. 0.9 M (26) and 1.2 M (50) parameters, total stride 16, 512-d embedding.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from reid.backbones.base import Backbone
from reid.backbones.layers import PositionAttention, SqueezeExcitation

__all__ = ["DogeNeck", "DogeNet", "dogenet26", "dogenet26_noembed", "dogenet50", "dogenet50_noembed"]

STEM = 64
PLANES = (32, 48, 96, 128)
STRIDES = (2, 2, 2, 1)
EXPANSION = 4
STRIDE = 16
ATTENTION_FROM = 2  # stages 3 and 4 ("half" of the four)
DROPOUT = 0.3
REID_SIZE = (128, 64)


class DogeNeck(nn.Module):
    """Bottleneck block whose core is `Conv3x3 + squeeze-excitation` or self-attention.

    Attention runs at the size of the block's *input*; a stride of 2 then averages 2x2. The shortcut's convolution
    carries a bias although a BatchNorm follows: it is redundant, but it is a key of the published state.

    Args:
        inputs: input channels.
        planes: channels of the core; the output has `4 * planes`.
        stride: 1 or 2.
        attention: self-attention instead of the 3x3 convolution.
        size: `(H, W)` of the input map for the position term, `None` for attention without it.
    """

    def __init__(self, inputs: int, planes: int, stride: int, *, attention: bool, size: tuple[int, int] | None) -> None:
        super().__init__()
        outputs = EXPANSION * planes
        self.conv1 = nn.Conv2d(inputs, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = _attention_core(planes, stride, size) if attention else _convolution_core(planes, stride)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """`(B, inputs, H, W)` -> `(B, 4 * planes, H / stride, W / stride)`."""
        out = F.relu(self.bn1(self.conv1(x)))
        out = F.relu(self.bn2(self.conv2(out)))
        return F.relu(self.bn3(self.conv3(out)) + self.shortcut(x))


def _convolution_core(planes: int, stride: int) -> nn.Sequential:
    conv = nn.Conv2d(planes, planes, 3, stride, padding=1, bias=False)
    return nn.Sequential(conv, SqueezeExcitation(planes, planes // 2))


def _attention_core(planes: int, stride: int, size: tuple[int, int] | None) -> nn.Sequential:
    attention = PositionAttention(planes, size)
    return nn.Sequential(attention, nn.AvgPool2d(2, 2)) if stride == 2 else nn.Sequential(attention)


class DogeNet(Backbone):
    """The network; `dogenet26` and `dogenet50` below are the published depths.

    Args:
        name: public name.
        depths: blocks of the four stages.
        num_classes: identities of the classifier, 0 for embeddings.
        input_size: `(H, W)` px, multiples of 16; 128x64 when `None` (published: 224x224).
        position: with the position term in the attention, which ties the weights to `input_size`.
    """

    head_prefixes: ClassVar[tuple[str, ...]] = ("fc.",)

    def __init__(
        self,
        name: str,
        depths: tuple[int, int, int, int],
        *,
        num_classes: int = 0,
        input_size: tuple[int, int] | None = None,
        position: bool = True,
    ) -> None:
        size = _checked_size(name, input_size or REID_SIZE)
        super().__init__(name, embedding_dim=EXPANSION * PLANES[-1], num_classes=num_classes, input_size=size)
        self.conv1 = nn.Conv2d(3, STEM, 3, 2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(STEM)
        # The stem halves once: there is no max-pooling, whatever the family resemblance to ResNet suggests.
        inputs, scale = STEM, 2
        for stage in range(4):
            blocks = []
            for block in range(depths[stage]):
                stride = STRIDES[stage] if block == 0 else 1
                map_size = (size[0] // scale, size[1] // scale) if position else None
                blocks.append(DogeNeck(inputs, PLANES[stage], stride, attention=stage >= ATTENTION_FROM, size=map_size))
                inputs, scale = EXPANSION * PLANES[stage], scale * stride
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        if num_classes:
            self.fc = nn.Sequential(nn.Dropout(DROPOUT), nn.Linear(self.embedding_dim, num_classes))

    def embed(self, crops: Tensor) -> Tensor:
        """`(B, 512)`: the last map, averaged over its positions."""
        x = F.relu(self.bn1(self.conv1(crops)))
        for stage in range(4):
            x = self.get_submodule(f"layer{stage + 1}")(x)
        return x.mean((2, 3))

    def classify(self, embeddings: Tensor) -> Tensor:
        """`(B, num_classes)` logits."""
        logits: Tensor = self.fc(embeddings)
        return logits


def _checked_size(name: str, size: tuple[int, int]) -> tuple[int, int]:
    height, width = size
    if height < STRIDE or width < STRIDE or height % STRIDE or width % STRIDE:
        raise ValueError(
            f"{name} takes crops whose sides are multiples of {STRIDE} px, but got {height}x{width} (height x width);"
            f" use {REID_SIZE[0]}x{REID_SIZE[1]} or 256x128"
        )
    return height, width


def dogenet26(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> DogeNet:
    """DogeNet-26, depths 2, 3, 1, 2."""
    return DogeNet("dogenet26", (2, 3, 1, 2), num_classes=num_classes, input_size=input_size)


def dogenet50(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> DogeNet:
    """DogeNet-50, depths 6, 6, 2, 2."""
    return DogeNet("dogenet50", (6, 6, 2, 2), num_classes=num_classes, input_size=input_size)


def dogenet26_noembed(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> DogeNet:
    """DogeNet-26 without the position term: its weights fit every input size."""
    return DogeNet("dogenet26-noembed", (2, 3, 1, 2), num_classes=num_classes, input_size=input_size, position=False)


def dogenet50_noembed(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> DogeNet:
    """DogeNet-50 without the position term: its weights fit every input size."""
    return DogeNet("dogenet50-noembed", (6, 6, 2, 2), num_classes=num_classes, input_size=input_size, position=False)
