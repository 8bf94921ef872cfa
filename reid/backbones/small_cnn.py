"""The small residual network of the PyTorch DeepSORT ports (2.8 M parameters, 128x64 crops, 128-d embedding).

Definition and parameter names: github.com/ZQPei/deep_sort_pytorch (MIT), `original_model.py`; the code here is our own.
The network of the DeepSORT paper itself (Wojke et al. 2017, table 1) is similar but not the same.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from reid.backbones.base import Backbone
from reid.backbones.pointwise import Pointwise

__all__ = ["BasicBlock", "SmallCnn", "small_cnn"]

INPUT_SIZE = (128, 64)
EMBEDDING_DIM = 128
DROPOUT = 0.6


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut (He et al. 2016), ReLU inside although the stem uses ELU."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(Pointwise(inputs, outputs, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """`(B, inputs, H, W)` -> `(B, outputs, H / stride, W / stride)`."""
        out = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(out)) + self.downsample(x))


class SmallCnn(Backbone):
    """The network. Its embedding is the output of `Linear(16384, 128)`; the classifier sees it through BatchNorm and
    ELU.

    A network with a classifier also carries `batch_norm`, which the original declares and never uses, so that its keys
    and its parameter count (2,883,089 at 625 classes) are the published ones. Without a classifier the embedding path
    alone remains (2,801,952).

    Args:
        num_classes: identities of the classifier, 0 for embeddings.
        input_size: `(128, 64)` or `None`: flattening ties the weights to that size.
    """

    head_prefixes: ClassVar[tuple[str, ...]] = ("dense.2.", "batch_norm.", "classifier.")

    def __init__(self, *, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> None:
        height, width = input_size or INPUT_SIZE
        if (height, width) != INPUT_SIZE:
            raise ValueError(
                f"small-cnn takes crops of 128x64 px only, but got {height}x{width} (height x width);"
                " leave the size out"
            )
        super().__init__("small-cnn", embedding_dim=EMBEDDING_DIM, num_classes=num_classes, input_size=INPUT_SIZE)
        self.conv = nn.Sequential(
            nn.Conv2d(3, 32, 3, padding=1),
            nn.BatchNorm2d(32),
            nn.ELU(),
            nn.Conv2d(32, 32, 3, padding=1),
            nn.BatchNorm2d(32),
            nn.ELU(),
            nn.MaxPool2d(3, 2, padding=1),
        )
        self.layer1 = nn.Sequential(BasicBlock(32, 32), BasicBlock(32, 32))
        self.layer2 = nn.Sequential(BasicBlock(32, 64, 2), BasicBlock(64, 64))
        self.layer3 = nn.Sequential(BasicBlock(64, 128, 2), BasicBlock(128, 128))
        flat = 128 * (INPUT_SIZE[0] // 8) * (INPUT_SIZE[1] // 8)
        self.dense = nn.Sequential(nn.Dropout(DROPOUT), nn.Linear(flat, EMBEDDING_DIM))
        if num_classes:
            self.dense.extend([nn.BatchNorm1d(EMBEDDING_DIM), nn.ELU()])
            self.batch_norm = nn.BatchNorm1d(EMBEDDING_DIM)
            self.classifier = nn.Sequential(nn.Linear(EMBEDDING_DIM, num_classes))

    def embed(self, crops: Tensor) -> Tensor:
        """`(B, 128)`: the Linear's output; divided by its length it is the published embedding."""
        x = self.layer3(self.layer2(self.layer1(self.conv(crops))))
        embeddings: Tensor = self.dense[:2](x.flatten(1))
        return embeddings

    def classify(self, embeddings: Tensor) -> Tensor:
        """`(B, num_classes)` logits."""
        logits: Tensor = self.classifier(self.dense[2:](embeddings))
        return logits


def small_cnn(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> SmallCnn:
    """The small residual network (`SmallCnn`)."""
    return SmallCnn(num_classes=num_classes, input_size=input_size)
