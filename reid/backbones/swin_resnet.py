"""SwinResnet: ResNet-50 whose 3x3 convolutions are SwinT layers (`swin_layer.SwinLayer`).

Follows the published description of SwinResnet (bottlenecks 3, 4, 6, 3; heads of 16 channels); the SwinT layer inside
is our reading of its interface, so no published weights fit. At 36.5 M parameters and 10.1 GMACs (10 classes,
224x224) it is larger than the ResNet-50 that it rewrites. The last two blocks keep a 3x3 convolution: their map is
the smallest (7x7 at 224x224), one window in itself.

Deviation: other sizes than 224x224, in multiples of 32 px (128x64 where nothing is said), with the window chosen as
in `swin`; those last two blocks stay convolutions at every size. The embedding is the pooled 2048-d map; the hidden
256-d layer belongs to the classifier.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from reid.backbones.base import Backbone
from reid.backbones.sizes import REID_SIZE, check_crops, multiples_of
from reid.backbones.swin import resize_tables
from reid.backbones.swin_blocks import best_window
from reid.backbones.swin_layer import SwinLayer

__all__ = ["SwinBottleneck", "SwinResnet", "swin_resnet50"]

STEM = 64
DEPTHS = (3, 4, 6, 3)
FILTERS = (64, 128, 256, 512)
HEADS = (4, 8, 16, 32)
EXPANSION = 4
STRIDE = 32
HIDDEN = 256
DROPOUT = 0.2


def _convolution(inputs: int, outputs: int, kernel: int, stride: int = 1, *, relu: bool = True) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding=(kernel - 1) // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), *([nn.ReLU()] if relu else []))


class SwinBottleneck(nn.Module):
    """1x1 convolution, window attention (or a 3x3 convolution), 1x1 convolution to four times the width; shortcut.

    No norm or activation follows the attention.

    Args:
        inputs: input channels.
        filters: channels of the core; the output has `4 * filters`.
        core: `(B, filters, H, W)` -> `(B, filters, H / stride, W / stride)`.
        stride: of the shortcut, as that of the core.
        project: a shortcut through a 1x1 convolution; otherwise the input itself.
    """

    def __init__(self, inputs: int, filters: int, core: nn.Module, *, stride: int, project: bool) -> None:
        super().__init__()
        self.conv0 = _convolution(inputs, filters, 1)
        self.swin = core
        self.conv2 = _convolution(filters, EXPANSION * filters, 1, relu=False)
        self.short = _convolution(inputs, EXPANSION * filters, 1, stride, relu=False) if project else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """`(B, inputs, H, W)` -> `(B, 4 * filters, H / stride, W / stride)`."""
        return F.relu(self.conv2(self.swin(self.conv0(x))) + self.short(x))


class SwinResnet(Backbone):
    """The network at the depths of ResNet-50.

    Args:
        num_classes: identities of the classifier, 0 for embeddings.
        input_size: `(H, W)` px, multiples of 32; 128x64 when `None` (published: 224x224).

    Raises:
        ValueError: sides that are no multiples of 32.
    """

    head_prefixes: ClassVar[tuple[str, ...]] = ("out.",)

    def __init__(self, *, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> None:
        height, width = size = multiples_of("swin-resnet50", STRIDE, input_size or REID_SIZE)
        dim = EXPANSION * FILTERS[-1]
        super().__init__("swin-resnet50", embedding_dim=dim, num_classes=num_classes, input_size=size)
        self.window = best_window([(height // scale, width // scale) for scale in (4, 8, 16)])
        self.conv = _convolution(3, STEM, 7, 2)
        self.pool = nn.MaxPool2d(3, 2, padding=1)
        blocks = [self._block(stage, block) for stage in range(4) for block in range(DEPTHS[stage])]
        self.blocks = nn.Sequential(*blocks)
        if num_classes:
            self.out = _classifier(dim, num_classes)

    def _block(self, stage: int, block: int) -> SwinBottleneck:
        filters, first = FILTERS[stage], block == 0
        halves = first and stage > 0
        scale = STRIDE >> (4 - stage) if halves else STRIDE >> (3 - stage)  # of the map that the core sees
        core: nn.Module
        if stage == 3 and not first:
            core = _convolution(filters, filters, 3)
        else:
            resolution = (self.input_size[0] // scale, self.input_size[1] // scale)
            core = SwinLayer(filters, filters, resolution, HEADS[stage], window_size=self.window, downsample=halves)
        before = STEM if stage == 0 else EXPANSION * FILTERS[stage - 1]
        inputs = before if first else EXPANSION * filters
        return SwinBottleneck(inputs, filters, core, stride=2 if halves else 1, project=first)

    def embed(self, crops: Tensor) -> Tensor:
        """`(B, 2048)`: the last map, averaged over its positions.

        Raises:
            ValueError: crops of another size than the network was built for.
        """
        check_crops(self, crops)
        x: Tensor = self.blocks(self.pool(self.conv(crops)))
        return x.mean((2, 3))

    def classify(self, embeddings: Tensor) -> Tensor:
        """`(B, num_classes)` logits, through the hidden layer of 256."""
        logits: Tensor = self.out(embeddings)
        return logits

    def adapt_state(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The weights with their relative-position tables resized to the windows."""
        return resize_tables(state, self.state_dict())


def _classifier(dim: int, num_classes: int) -> nn.Sequential:
    hidden, last = nn.Linear(dim, HIDDEN), nn.Linear(HIDDEN, num_classes)
    for layer in (hidden, last):
        bound = layer.in_features**-0.5
        nn.init.uniform_(layer.weight, -bound, bound)
    return nn.Sequential(
        nn.Dropout(DROPOUT), hidden, nn.LayerNorm(HIDDEN), nn.Dropout(DROPOUT), nn.LeakyReLU(0.01), last
    )


def swin_resnet50(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> SwinResnet:
    """ResNet-50 with SwinT layers (`SwinResnet`)."""
    return SwinResnet(num_classes=num_classes, input_size=input_size)
