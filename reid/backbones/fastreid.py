"""ResNet-50 as fast-reid builds it for people: the baselines BoT and SBS, plain and with IBN.

BoT (Luo et al. 2019): the last stage keeps its map, the average of the map passes a BatchNorm, the "neck", and that is
the embedding. SBS adds non-local blocks (Wang et al. 2018) in stages 2 and 3 and pools by a learned power (GeM,
Radenovic et al. 2018). IBN (Pan et al. 2018): half of the channels of a block's first norm are normalised crop by crop.

Definition and attribute names, and so the keys, are those of github.com/JDAI-CV/fast-reid (Apache-2.0), whose
checkpoints fit, those of its early releases too (`heads.bnneck`, `heads.classifier`, `pixel_mean`); the code here is
our own, and the bottleneck is torchvision's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision.models.resnet import Bottleneck

from reid.backbones.base import Backbone
from reid.backbones.sizes import at_least
from reid.resizing import SMOOTH_CUBIC

__all__ = [
    "FastReid",
    "fastreid_bot_r50",
    "fastreid_bot_r50_ibn",
    "fastreid_sbs_r50",
    "fastreid_sbs_r50_ibn",
]

BOT_SIZE, SBS_SIZE = (256, 128), (384, 128)
STRIDE = 16
EMBEDDING_DIM = 2048
PLANES, DEPTHS, STRIDES = (64, 128, 256, 512), (3, 4, 6, 3), (1, 2, 2, 1)
NON_LOCAL = {2: 2, 3: 3}  # stage -> blocks at its end that a non-local block follows
SMALLEST = 1e-6  # of what GeM takes to a power
OLD_KEYS = {"heads.bnneck.": "heads.bottleneck.0.", "heads.classifier.weight": "heads.weight"}
CONSTANTS = ("pixel_mean", "pixel_std")  # ImageNet's times 255, in checkpoints of early releases


class HalfInstanceNorm(nn.Module):
    """IBN-a: the first half of the channels is normalised crop by crop, the other half as ever."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.num_first = channels // 2
        self.IN = nn.InstanceNorm2d(self.num_first, affine=True)
        self.BN = nn.BatchNorm2d(channels - self.num_first)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, C, H, W)` -> the same shape."""
        return torch.cat((self.IN(x[:, : self.num_first]), self.BN(x[:, self.num_first :])), 1)


class NonLocal(nn.Module):
    """Attention without softmax over all positions, added to the map (Wang et al. 2018, the dot-product version).

    fast-reid computes in one inner channel, whatever it was meant to be (`reduc_ratio // reduc_ratio`), and its
    published weights have that shape. The product with the values comes first here, so that no matrix of positions by
    positions is made.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.g, self.theta, self.phi = (nn.Conv2d(channels, 1, 1) for _ in range(3))
        self.W = nn.Sequential(nn.Conv2d(1, channels, 1), nn.BatchNorm2d(channels))
        nn.init.zeros_(self.W[1].weight)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """`(B, C, H, W)` -> the same shape."""
        attended = (self.phi(x) * self.g(x)).mean((2, 3), keepdim=True)
        out: Tensor = x + self.W(self.theta(x) * attended)
        return out


class PowerMean(nn.Module):
    """GeM: `mean(x ** p) ** (1 / p)` over the positions of a map, with a learned `p`."""

    def __init__(self) -> None:
        super().__init__()
        self.p = nn.Parameter(torch.tensor([3.0]))

    def forward(self, x: Tensor) -> Tensor:
        """`(B, C, H, W)` -> `(B, C)`."""
        return x.clamp(min=SMALLEST).pow(self.p).mean((2, 3)).pow(1 / self.p)


class Trunk(nn.Module):
    """ResNet-50 whose last stage does not shrink the map."""

    def __init__(self, *, ibn: bool, non_local: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, ceil_mode=True)
        inputs = 64
        self._attended: dict[int, int] = NON_LOCAL if non_local else {}
        for stage, (planes, depth, stride) in enumerate(zip(PLANES, DEPTHS, STRIDES, strict=True), start=1):
            self.add_module(f"layer{stage}", _stage(inputs, planes, depth, stride, ibn=ibn and stage < 4))
            inputs = planes * Bottleneck.expansion
            if stage in self._attended:
                self.add_module(f"NL_{stage}", nn.ModuleList(NonLocal(inputs) for _ in range(self._attended[stage])))

    def forward(self, crops: Tensor) -> Tensor:
        """`(B, 3, H, W)` -> `(B, 2048, H / 16, W / 16)`."""
        x: Tensor = self.maxpool(F.relu(self.bn1(self.conv1(crops))))
        for stage, depth in enumerate(DEPTHS, start=1):
            first = depth - self._attended.get(stage, 0)
            for row in range(depth):
                x = self.get_submodule(f"layer{stage}.{row}")(x)
                x = self.get_submodule(f"NL_{stage}.{row - first}")(x) if row >= first else x
        return x


def _stage(inputs: int, planes: int, depth: int, stride: int, *, ibn: bool) -> nn.Sequential:
    outputs = planes * Bottleneck.expansion
    shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
    blocks = [Bottleneck(inputs, planes, stride, shortcut), *(Bottleneck(outputs, planes) for _ in range(depth - 1))]
    for block in blocks if ibn else []:
        block.bn1 = HalfInstanceNorm(planes)
    return nn.Sequential(*blocks)


class Heads(nn.Module):
    """Pooling, the neck, and the classifier's matrix, which the original keeps as a bare parameter."""

    weight: nn.Parameter

    def __init__(self, num_classes: int, *, power_mean: bool) -> None:
        super().__init__()
        self.pool_layer = PowerMean() if power_mean else None
        self.bottleneck = nn.Sequential(nn.BatchNorm2d(EMBEDDING_DIM))
        self.bottleneck[0].bias.requires_grad_(False)
        if num_classes:
            self.weight = nn.Parameter(torch.empty(num_classes, EMBEDDING_DIM).normal_(std=0.01))

    def forward(self, x: Tensor) -> Tensor:
        """`(B, 2048, H, W)` -> `(B, 2048)`."""
        pooled = x.mean((2, 3)) if self.pool_layer is None else self.pool_layer(x)
        return self.bottleneck(pooled[..., None, None]).flatten(1)  # type: ignore[no-any-return]


class FastReid(Backbone):
    """The trunk, the pooling and the neck.

    Args:
        name: public name.
        ibn: instance normalisation in stages 1 to 3.
        strong: the non-local blocks and the power mean of SBS.
        num_classes: identities of the classifier, 0 for embeddings.
        input_size: `(H, W)` px; as published when `None`: 256x128, for SBS 384x128.
    """

    head_prefixes: ClassVar[tuple[str, ...]] = ("heads.weight",)
    resize = SMOOTH_CUBIC

    def __init__(
        self, name: str, *, ibn: bool, strong: bool, num_classes: int, input_size: tuple[int, int] | None
    ) -> None:
        size = at_least(name, STRIDE, input_size or (SBS_SIZE if strong else BOT_SIZE))
        super().__init__(name, embedding_dim=EMBEDDING_DIM, num_classes=num_classes, input_size=size)
        self.backbone = Trunk(ibn=ibn, non_local=strong)
        self.heads = Heads(num_classes, power_mean=strong)

    def embed(self, crops: Tensor) -> Tensor:
        """`(B, 2048)`: what the neck gives."""
        embeddings: Tensor = self.heads(self.backbone(crops))
        return embeddings

    def classify(self, embeddings: Tensor) -> Tensor:
        """`(B, num_classes)` logits of the plain linear classifier."""
        return F.linear(embeddings, self.heads.weight)

    def adapt_state(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The weights under the keys of today's fast-reid."""
        return {_todays(key): value for key, value in state.items() if key not in CONSTANTS}


def _todays(key: str) -> str:
    for old, new in OLD_KEYS.items():
        if key.startswith(old):
            return new + key.removeprefix(old)
    return key


def fastreid_bot_r50(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> FastReid:
    """BoT (R50): 23.5 M parameters."""
    return FastReid("fastreid-bot-r50", ibn=False, strong=False, num_classes=num_classes, input_size=input_size)


def fastreid_bot_r50_ibn(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> FastReid:
    """BoT (R50-ibn): 23.5 M parameters."""
    return FastReid("fastreid-bot-r50-ibn", ibn=True, strong=False, num_classes=num_classes, input_size=input_size)


def fastreid_sbs_r50(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> FastReid:
    """SBS (R50): 23.5 M parameters."""
    return FastReid("fastreid-sbs-r50", ibn=False, strong=True, num_classes=num_classes, input_size=input_size)


def fastreid_sbs_r50_ibn(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> FastReid:
    """SBS (R50-ibn): 23.5 M parameters."""
    return FastReid("fastreid-sbs-r50-ibn", ibn=True, strong=True, num_classes=num_classes, input_size=input_size)
