"""CrossFormer: tokens cut at several scales at once, attention that alternates between near and far tokens.

Wang et al. 2022, "CrossFormer: A Versatile Vision Transformer Hinging on Cross-scale Attention"; definition of
github.com/cheerss/CrossFormer (MIT, main), of which no code is used; parameter names are the keys of its checkpoints.
Deviations: the original takes the width of the token grid from the height, which fails on non-square crops; here the
two sides are independent. Where a map is smaller than the reach of one group, the original fills the group up with
masked padding; here the group has fewer tokens, for the same output and up to 6 times less work (128x64; nothing
changes at 224x224). The hidden width of the position bias is C / 16 as in that code (the paper says C / 4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from reid.backbones.base import Backbone
from reid.backbones.crossformer_attention import GroupAttention, Grouping
from reid.backbones.sizes import REID_SIZE, at_least, check_crops
from reid.backbones.transformer import DropPath, Mlp, drop_rates, initialise

__all__ = [
    "CrossFormer",
    "crossformer_b",
    "crossformer_l",
    "crossformer_s",
    "crossformer_t",
]

STRIDE = 32
GROUP = 7
INTERVALS = (8, 4, 2, 1)
PATCHES = (4, 8, 16, 32)
MERGES = (2, 4)
MLP_RATIO = 4
DROPPED = ("attn.biases", "attn.relative_position_index")  # buffers of the branch `crossformer`


class CrossFormerBlock(nn.Module):
    """Pre-norm transformer block; zeros are padded after the first norm, and masked."""

    def __init__(self, dim: int, heads: int, grouping: Grouping, drop: float) -> None:
        super().__init__()
        self.grouping = grouping
        self.norm1 = nn.LayerNorm(dim)
        self.attn = GroupAttention(dim, heads, grouping.sides)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = Mlp(dim, MLP_RATIO * dim)
        self.drop_path = DropPath(drop)
        self.mask: Tensor | None
        self.register_buffer("mask", grouping.mask(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, H, W, C)` -> the same shape."""
        mixed = self.attn(self.grouping.split(self.norm1(x)), self.mask)
        x = x + self.drop_path(self.grouping.join(mixed))
        out: Tensor = x + self.drop_path(self.mlp(self.norm2(x)))
        return out


class PatchEmbed(nn.Module):
    """First cross-scale embedding: patches of 4, 8, 16 and 32 px around the same centres, 4 px apart."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        widths = (dim // 2, dim // 4, dim // 8, dim // 8)
        self.projs = nn.ModuleList(
            nn.Conv2d(3, width, patch, PATCHES[0], padding=(patch - PATCHES[0]) // 2)
            for width, patch in zip(widths, PATCHES, strict=True)
        )
        self.norm = nn.LayerNorm(dim)

    def forward(self, crops: Tensor) -> Tensor:
        """`(B, 3, H, W)` -> `(B, H / 4, W / 4, C)`."""
        out: Tensor = self.norm(torch.cat([proj(crops) for proj in self.projs], 1).permute(0, 2, 3, 1))
        return out


class PatchMerging(nn.Module):
    """Later cross-scale embeddings: norm, then patches of 2 and 4 tokens, 2 apart, each to C channels."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.reductions = nn.ModuleList(nn.Conv2d(dim, dim, side, 2, padding=(side - 2) // 2) for side in MERGES)
        self.norm = nn.LayerNorm(dim)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, H, W, C)` -> `(B, H // 2, W // 2, 2 * C)`."""
        x = self.norm(x).permute(0, 3, 1, 2)
        return torch.cat([reduction(x) for reduction in self.reductions], 1).permute(0, 2, 3, 1)


class Stage(nn.Module):
    """Blocks of one map size, short and long distance in turn, then the merging (not in the last stage)."""

    def __init__(
        self, dim: int, heads: int, size: tuple[int, int], interval: int, drops: Sequence[float], *, merge: bool
    ) -> None:
        super().__init__()
        height, width = size
        small = min(size) <= GROUP  # then one group spans the map's shorter side, and all blocks are short distance
        group = min(size) if small else GROUP
        self.blocks = nn.Sequential()
        for number, drop in enumerate(drops):
            distant = number % 2 == 1 and not small
            grouping = Grouping(height, width, group, interval if distant else 1)
            self.blocks.append(CrossFormerBlock(dim, heads, grouping, drop))
        self.downsample = PatchMerging(dim) if merge else None

    def forward(self, x: Tensor) -> Tensor:
        """`(B, H, W, C)` -> `(B, H // 2, W // 2, 2 * C)`, in the last stage the same shape."""
        out: Tensor = self.blocks(x)
        return out if self.downsample is None else self.downsample(out)


class CrossFormer(Backbone):
    """The network; `crossformer_t` to `crossformer_l` below are the published sizes.

    Args:
        name: public name.
        dim: channels of the first stage; they double from stage to stage.
        depths: blocks of the four stages.
        heads: attention heads of the first stage; they double too.
        drop_path: stochastic depth of the last block in training.
        num_classes: identities of the classifier, 0 for embeddings.
        input_size: `(H, W)` px, each 32 or more; 128x64 when `None` (published: 224x224). Weights fit every size.
    """

    def __init__(
        self,
        name: str,
        dim: int,
        depths: tuple[int, int, int, int],
        heads: int,
        *,
        drop_path: float,
        num_classes: int = 0,
        input_size: tuple[int, int] | None = None,
    ) -> None:
        height, width = at_least(name, STRIDE, input_size or REID_SIZE)
        super().__init__(name, embedding_dim=8 * dim, num_classes=num_classes, input_size=(height, width))
        self.patch_embed = PatchEmbed(dim)
        rates = iter(drop_rates(drop_path, sum(depths)))
        self.layers = nn.Sequential()
        for stage, (depth, interval) in enumerate(zip(depths, INTERVALS, strict=True)):
            size = (height // 4 >> stage, width // 4 >> stage)
            drops = [next(rates) for _ in range(depth)]
            self.layers.append(Stage(dim << stage, heads << stage, size, interval, drops, merge=stage < 3))
        self.norm = nn.LayerNorm(self.embedding_dim)
        if num_classes:
            self.head = nn.Linear(self.embedding_dim, num_classes)
        self.apply(initialise)

    def embed(self, crops: Tensor) -> Tensor:
        """`(B, embedding_dim)`: the last map, normalised, averaged over its positions.

        Raises:
            ValueError: crops of another size than the network was built for.
        """
        check_crops(self, crops)
        pooled: Tensor = self.norm(self.layers(self.patch_embed(crops))).mean((1, 2))
        return pooled

    def adapt_state(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The weights without the buffers of offsets and indices; they fit every input size."""
        return {key: value for key, value in state.items() if not key.endswith(DROPPED)}


def crossformer_t(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> CrossFormer:
    """CrossFormer-T: 27.8 M parameters at 1000 classes, 512-d."""
    return CrossFormer(
        "crossformer-t", 64, (1, 1, 8, 6), 2, drop_path=0.1, num_classes=num_classes, input_size=input_size
    )


def crossformer_s(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> CrossFormer:
    """CrossFormer-S: 30.7 M parameters at 1000 classes, 768-d."""
    return CrossFormer(
        "crossformer-s", 96, (2, 2, 6, 2), 3, drop_path=0.2, num_classes=num_classes, input_size=input_size
    )


def crossformer_b(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> CrossFormer:
    """CrossFormer-B: 52.0 M parameters at 1000 classes, 768-d."""
    return CrossFormer(
        "crossformer-b", 96, (2, 2, 18, 2), 3, drop_path=0.3, num_classes=num_classes, input_size=input_size
    )


def crossformer_l(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> CrossFormer:
    """CrossFormer-L: 92.0 M parameters at 1000 classes, 1024-d."""
    return CrossFormer(
        "crossformer-l", 128, (2, 2, 18, 2), 4, drop_path=0.5, num_classes=num_classes, input_size=input_size
    )
