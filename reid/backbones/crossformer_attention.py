"""Attention of CrossFormer: tokens near each other or far apart, in groups, with a bias from their relative position.

Source and deviations: see `crossformer`.
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["GroupAttention", "Grouping", "PositionBias"]

MASKED = -1e6


class Grouping(NamedTuple):
    """How a block splits a token map: groups of `group` x `group` tokens that lie `interval` apart.

    `interval` 1 groups neighbours (short distance); the map is padded at the bottom and right to a multiple of
    `group * interval`, or of `interval` alone along a side that one group spans.
    """

    height: int
    width: int
    group: int
    interval: int

    @property
    def sides(self) -> tuple[int, int]:
        """Rows and columns of tokens in a group: `group`, or as many as there are where that is fewer."""
        rows, columns = (min(self.group, -(-side // self.interval)) for side in (self.height, self.width))
        return rows, columns

    @property
    def padding(self) -> tuple[int, int]:
        """Rows and columns to add."""
        rows, columns = self.sides
        return -self.height % (rows * self.interval), -self.width % (columns * self.interval)

    def split(self, x: Tensor) -> Tensor:
        """`(B, height, width, C)` -> `(B * groups, tokens, C)`, padding with zeros."""
        rows, columns = self.padding
        if rows or columns:
            x = F.pad(x, (0, 0, 0, columns, 0, rows))
        tiles = x.reshape(self._tiles(x.shape[3])).permute(0, 1, 4, 3, 6, 2, 5, 7)
        return tiles.reshape(-1, prod(self.sides), x.shape[3])

    def join(self, groups: Tensor) -> Tensor:
        """The inverse of `split`, without the padding: `(B, height, width, C)`."""
        channels = groups.shape[2]
        _, down, tall, interval, right, wide, *_ = self._tiles(channels)
        tiles = groups.reshape(-1, down, right, interval, interval, tall, wide, channels).permute(
            0, 1, 5, 3, 2, 6, 4, 7
        )
        padded = tiles.reshape(-1, down * tall * interval, right * wide * interval, channels)
        return padded[:, : self.height, : self.width]

    def mask(self) -> Tensor | None:
        """`(groups, tokens)` terms that take padded keys out of the softmax; `None` where nothing is padded.

        A group of padding alone is cropped away afterwards. It stays unmasked, so that its softmax is finite also in
        half precision, where the masking term is minus infinity.
        """
        if self.padding == (0, 0):
            return None
        real = self.split(torch.ones(1, self.height, self.width, 1))[..., 0]
        return (1 - real) * real.amax(1, keepdim=True) * MASKED

    def _tiles(self, channels: int) -> tuple[int, ...]:
        rows, columns = self.padding
        tall, wide = self.sides
        down = (self.height + rows) // (tall * self.interval)
        right = (self.width + columns) // (wide * self.interval)
        return -1, down, tall, self.interval, right, wide, self.interval, channels


class PositionBias(nn.Module):
    """Dynamic position bias: a small network from the offset (query minus key, in tokens) to a term per head.

    Args:
        dim: channels C of the block; the network is C / 16 wide.
        heads: attention heads.
        sides: rows and columns of tokens in a group.
    """

    def __init__(self, dim: int, heads: int, sides: tuple[int, int]) -> None:
        super().__init__()
        width = dim // 16
        self.pos_proj = nn.Linear(2, width)
        self.pos1, self.pos2, self.pos3 = (
            nn.Sequential(nn.LayerNorm(width), nn.ReLU(), nn.Linear(width, outputs))
            for outputs in (width, width, heads)
        )
        tall, wide = sides
        offsets = torch.cartesian_prod(torch.arange(1 - tall, tall), torch.arange(1 - wide, wide))
        self.register_buffer("offsets", offsets.float(), persistent=False)
        token = torch.cartesian_prod(torch.arange(tall), torch.arange(wide))
        shift = token[:, None] - token[None] + torch.tensor((tall - 1, wide - 1))
        self.register_buffer("index", shift[..., 0] * (2 * wide - 1) + shift[..., 1], persistent=False)

    def forward(self) -> Tensor:
        """`(heads, N, N)` for the N tokens of a group, rows are queries."""
        offsets, index = self.get_buffer("offsets"), self.get_buffer("index")
        table: Tensor = self.pos3(self.pos2(self.pos1(self.pos_proj(offsets))))
        return table[index].permute(2, 0, 1)


class GroupAttention(nn.Module):
    """Multi-head self-attention inside groups of tokens, with the dynamic position bias."""

    def __init__(self, dim: int, heads: int, sides: tuple[int, int]) -> None:
        super().__init__()
        self.heads = heads
        self.pos = PositionBias(dim, heads, sides)
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, groups: Tensor, mask: Tensor | None) -> Tensor:
        """`(B * groups, N, C)` -> the same shape; `mask` is `(groups, N)`, added to the scores of those keys."""
        total, tokens, channels = groups.shape
        qkv = self.qkv(groups).view(total, tokens, 3, self.heads, channels // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        bias = self.pos()[None]
        if mask is not None:
            bias = (bias + mask[:, None, None]).repeat(total // len(mask), 1, 1, 1)
        out = F.scaled_dot_product_attention(query, key, value, attn_mask=bias.to(query.dtype))
        mixed: Tensor = self.proj(out.transpose(1, 2).reshape(total, tokens, channels))
        return mixed
