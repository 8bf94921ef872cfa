"""Layers that several backbones share. Attribute names are the keys of the published checkpoints."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["PositionAttention", "SqueezeExcitation"]


class SqueezeExcitation(nn.Module):
    """Channel gates from the global average (Hu et al. 2018, eq. 2-4), with 1x1 convolutions and biases."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.se1 = nn.Conv2d(channels, hidden, 1)
        self.se2 = nn.Conv2d(hidden, channels, 1)

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
    """

    def __init__(self, channels: int, size: tuple[int, int] | None, heads: int = 4) -> None:
        super().__init__()
        if channels % heads:
            raise ValueError(f"channels must be a multiple of heads, but got {channels} channels for {heads} heads")
        self.heads = heads
        self.query = nn.Conv2d(channels, channels, 1)
        self.key = nn.Conv2d(channels, channels, 1)
        self.value = nn.Conv2d(channels, channels, 1)
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
