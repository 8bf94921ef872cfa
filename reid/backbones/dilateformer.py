"""DilateFormer: local attention with three dilations in the first two stages, global attention in the last two.

Jiao et al. 2023, "DilateFormer: Multi-Scale Dilated Transformer for Visual Recognition"; written from the definition of
github.com/JIAOJIAYUASD/dilateformer, of which no code is used; parameter names are the keys of its checkpoints.
Deviations, both without effect on the output: the original writes the three dilations into a tensor that autograd still
needs, so that it cannot be trained; and it unfolds keys and values (9 copies of each), where shifted views do.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reid.backbones.base import Backbone
from reid.backbones.sizes import REID_SIZE, at_least
from reid.backbones.transformer import DropPath, Mlp, drop_rates, initialise

__all__ = [
    "DilateFormer",
    "DilatedAttention",
    "dilateformer_b",
    "dilateformer_s",
    "dilateformer_t",
]

STRIDE = 32
STEM = (16, 32, 64)
HEADS = (3, 6, 12, 24)
DILATIONS = (1, 2, 3)
KERNEL = 3
LOCAL_STAGES = 2
MLP_RATIO = 4
DROP_PATH = 0.1
NORM_EPS = 1e-6


def dilated_attention(query: Tensor, key: Tensor, value: Tensor, dilation: int) -> Tensor:
    """Each position attends to the 3x3 positions around it, `dilation` apart.

    Positions outside of the map are zero keys and values that *do* take part in the softmax, as in the original.
    Channels-first and one tap at a time, this runs several times as fast on CPUs as unfolding does.

    Args:
        query: `(B, heads, d, H, W)`.
        key: the same shape.
        value: the same shape.
        dilation: distance of the taps.

    Returns:
        `(B, heads, d, H, W)`.
    """
    height, width = query.shape[3:]
    border = (dilation * (KERNEL // 2),) * 4
    key, value = F.pad(key, border), F.pad(value, border)
    corners = [(row * dilation, column * dilation) for row in range(KERNEL) for column in range(KERNEL)]
    windows = [(..., slice(top, top + height), slice(left, left + width)) for top, left in corners]
    query = query * query.shape[2] ** -0.5
    shares = torch.stack([(query * key[window]).sum(2, keepdim=True) for window in windows]).softmax(0)
    out = shares[0] * value[windows[0]]
    for share, window in zip(shares[1:], windows[1:], strict=True):
        out.addcmul_(share, value[window])  # one pass over the map instead of two; autograd needs no earlier `out`
    return out


class DilatedAttention(nn.Module):
    """Multi-scale dilated attention: a third of the heads for each of the dilations 1, 2, 3."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.head_dim = dim // heads
        self.qkv = nn.Conv2d(dim, 3 * dim, 1)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, H, W, C)` -> the same shape."""
        batch, height, width, channels = x.shape
        # Both projections as matrix products that turn the layout on the way: channels-first for the taps, and back.
        weight = self.qkv.weight.flatten(1).expand(batch, -1, -1)
        bias = self.qkv.get_parameter("bias")[:, None]
        qkv = torch.baddbmm(bias, weight, x.flatten(1, 2).transpose(1, 2))
        heads = channels // self.head_dim // len(DILATIONS)
        query, key, value = qkv.view(batch, 3, len(DILATIONS), heads, self.head_dim, height, width).unbind(1)
        scales = [dilated_attention(query[:, i], key[:, i], value[:, i], d) for i, d in enumerate(DILATIONS)]
        joined = torch.cat(scales, 1).view(batch, channels, height * width).transpose(1, 2)
        out = torch.baddbmm(self.proj.bias, joined, self.proj.weight.T.expand(batch, -1, -1))
        return out.view(batch, height, width, channels)

    @staticmethod
    def elementwise_macs(x: Tensor) -> int:
        """Multiply-accumulates of the taps for `(B, H, W, C)`, which are no matrix products here: scores and sum."""
        return 2 * KERNEL**2 * x.numel()


class GlobalAttention(nn.Module):
    """Plain multi-head self-attention over all positions."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, H, W, C)` -> the same shape."""
        batch, height, width, channels = x.shape
        qkv = self.qkv(x).view(batch, height * width, 3, self.heads, channels // self.heads)
        mixed = F.scaled_dot_product_attention(*qkv.permute(2, 0, 3, 1, 4).unbind(0))
        out: Tensor = self.proj(mixed.transpose(1, 2).reshape(batch, height, width, channels))
        return out


class DilateFormerBlock(nn.Module):
    """Position by a depthwise convolution, then pre-norm attention and MLP."""

    def __init__(self, dim: int, heads: int, drop: float, *, local: bool) -> None:
        super().__init__()
        self.pos_embed = nn.Conv2d(dim, dim, 3, padding=1, groups=dim)
        self.norm1 = nn.LayerNorm(dim, eps=NORM_EPS)
        self.attn = DilatedAttention(dim, heads) if local else GlobalAttention(dim, heads)
        self.norm2 = nn.LayerNorm(dim, eps=NORM_EPS)
        self.mlp = Mlp(dim, MLP_RATIO * dim)
        self.drop_path = DropPath(drop)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, C, H, W)` -> the same shape."""
        x = (x + self.pos_embed(x)).permute(0, 2, 3, 1)
        x = x + self.drop_path(self.attn(self.norm1(x)))
        x = x + self.drop_path(self.mlp(self.norm2(x)))
        return x.permute(0, 3, 1, 2)


class PatchEmbed(nn.Module):
    """Four 3x3 convolutions, the second and the last halving the map; no norm after the last."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 3
        for outputs, stride in zip(STEM, (1, 2, 1), strict=True):
            conv = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
            layers += [conv, nn.BatchNorm2d(outputs), nn.GELU()]
            inputs = outputs
        self.proj = nn.Sequential(*layers, nn.Conv2d(inputs, dim, 3, 2, padding=1, bias=False))

    def forward(self, crops: Tensor) -> Tensor:
        """`(B, 3, H, W)` -> `(B, C, ceil(H / 4), ceil(W / 4))`."""
        out: Tensor = self.proj(crops)
        return out


class PatchMerging(nn.Module):
    """A 3x3 convolution that halves the map and doubles the channels, with BatchNorm."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.proj = nn.Sequential(nn.Conv2d(dim, 2 * dim, 3, 2, padding=1), nn.BatchNorm2d(2 * dim))

    def forward(self, x: Tensor) -> Tensor:
        """`(B, C, H, W)` -> `(B, 2 * C, ceil(H / 2), ceil(W / 2))`."""
        out: Tensor = self.proj(x)
        return out


class Stage(nn.Module):
    """Blocks of one map size, then the merging (not in the last stage)."""

    def __init__(self, dim: int, heads: int, drops: list[float], *, local: bool, merge: bool) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*(DilateFormerBlock(dim, heads, drop, local=local) for drop in drops))
        self.downsample = PatchMerging(dim) if merge else None

    def forward(self, x: Tensor) -> Tensor:
        """`(B, C, H, W)` -> `(B, 2 * C, ceil(H / 2), ceil(W / 2))`, in the last stage the same shape."""
        out: Tensor = self.blocks(x)
        return out if self.downsample is None else self.downsample(out)


class DilateFormer(Backbone):
    """The network; `dilateformer_t`, `dilateformer_s` and `dilateformer_b` below are the published sizes.

    Args:
        name: public name.
        dim: channels of the first stage; they double from stage to stage.
        depths: blocks of the four stages.
        num_classes: identities of the classifier, 0 for embeddings.
        input_size: `(H, W)` px, each 32 or more; 128x64 when `None` (published: 224x224). Weights fit every size.
    """

    def __init__(
        self,
        name: str,
        dim: int,
        depths: tuple[int, int, int, int],
        *,
        num_classes: int = 0,
        input_size: tuple[int, int] | None = None,
    ) -> None:
        size = at_least(name, STRIDE, input_size or REID_SIZE)
        super().__init__(name, embedding_dim=8 * dim, num_classes=num_classes, input_size=size)
        self.patch_embed = PatchEmbed(dim)
        rates = iter(drop_rates(DROP_PATH, sum(depths)))
        self.stages = nn.Sequential()
        for stage, (depth, heads) in enumerate(zip(depths, HEADS, strict=True)):
            drops = [next(rates) for _ in range(depth)]
            self.stages.append(Stage(dim << stage, heads, drops, local=stage < LOCAL_STAGES, merge=stage < 3))
        self.norm = nn.LayerNorm(self.embedding_dim, eps=NORM_EPS)
        if num_classes:
            self.head = nn.Linear(self.embedding_dim, num_classes)
        self.apply(initialise)

    def embed(self, crops: Tensor) -> Tensor:
        """`(B, embedding_dim)`: the last map, normalised, averaged over its positions."""
        pooled: Tensor = self.norm(self.stages(self.patch_embed(crops)).permute(0, 2, 3, 1)).mean((1, 2))
        return pooled


def dilateformer_t(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> DilateFormer:
    """DilateFormer-T: 17.2 M parameters at 1000 classes, 576-d."""
    return DilateFormer("dilateformer-t", 72, (2, 2, 6, 2), num_classes=num_classes, input_size=input_size)


def dilateformer_s(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> DilateFormer:
    """DilateFormer-S: 24.1 M parameters at 1000 classes, 576-d."""
    return DilateFormer("dilateformer-s", 72, (3, 5, 8, 3), num_classes=num_classes, input_size=input_size)


def dilateformer_b(*, num_classes: int = 0, input_size: tuple[int, int] | None = None) -> DilateFormer:
    """DilateFormer-B: 47.4 M parameters at 1000 classes, 768-d."""
    return DilateFormer("dilateformer-b", 96, (4, 8, 10, 3), num_classes=num_classes, input_size=input_size)
