"""The blocks of Swin: window attention, shifted or not, and the merging of patches.

Liu et al. 2021, "Swin Transformer". Definition and parameter names: github.com/microsoft/Swin-Transformer (MIT); the
code here is our own. Maps are `(B, H, W, C)` inside. Deviation: a map whose sides are no multiples of the window is
padded behind its last row and column, and the padding is masked out of the attention, so that it has no influence;
the official code stops there. Where nothing is padded the numbers are the official ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reid.backbones.transformer import INIT_STD, DropPath, Mlp, from_windows, to_windows

__all__ = ["PatchMerging", "SwinBlock", "WindowAttention", "best_window", "four_neighbours"]

WINDOWS = (8, 7)  # 8 fits the ReID sizes 128x64 and 256x128, 7 the published 224x224
MLP_RATIO = 4
MASKED = -100.0  # the official mask; -inf gives the same numbers, but trips some runtimes


def best_window(maps: Sequence[tuple[int, int]]) -> int:
    """The window that tiles all `(H, W)` maps without padding: 8, else 7; 8 (with padding) where neither does."""
    for window in WINDOWS:
        if all(side % min(window, *size) == 0 for size in maps for side in size):
            return window
    return WINDOWS[0]


class WindowAttention(nn.Module):
    """Multi-head attention inside each window, with a learned bias by relative position (Liu et al. 2021, eq. 4).

    Args:
        dim: channels C.
        num_heads: divides `dim`.
        window: side of the window, in tokens.
        qkv_bias: with bias in the joint projection to queries, keys and values.
        scale: of the scores; `(C / num_heads) ** -0.5` when `None`.
        dropout: probability with which training drops an attention weight.
    """

    relative_position_index: Tensor

    def __init__(
        self,
        dim: int,
        num_heads: int,
        window: int,
        *,
        qkv_bias: bool = True,
        scale: float | None = None,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.scale = scale
        self.dropout = dropout
        self.relative_position_bias_table = nn.Parameter(torch.empty((2 * window - 1) ** 2, num_heads))
        nn.init.trunc_normal_(self.relative_position_bias_table, std=INIT_STD)
        self.qkv = nn.Linear(dim, 3 * dim, bias=qkv_bias)
        self.proj = nn.Linear(dim, dim)
        self.register_buffer("relative_position_index", _relative_index(window), persistent=False)

    def forward(self, windows: Tensor, mask: Tensor | None = None) -> Tensor:
        """`(B * windows, N, C)` -> the same shape.

        Args:
            windows: tokens, the windows of one image one after the other.
            mask: `(windows, N, N)`, added to the scores of query and key; `None` for none.
        """
        total, tokens, channels = windows.shape
        bias = self.relative_position_bias_table[self.relative_position_index].permute(2, 0, 1)[None]
        if mask is not None:  # copied for each image: less to move than queries, keys and values in another order
            bias = (bias + mask[:, None]).repeat(total // len(mask), 1, 1, 1)
        qkv = self.qkv(windows).view(total, tokens, 3, self.num_heads, channels // self.num_heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        out = F.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=bias.to(query.dtype),
            dropout_p=self.dropout if self.training else 0.0,
            scale=self.scale,
        )
        projected: Tensor = self.proj(out.transpose(1, 2).reshape(total, tokens, channels))
        return projected


def _relative_index(window: int) -> Tensor:
    """`(N, N)` row of the bias table for each query and key: offsets are query minus key, rows before columns."""
    axis = torch.arange(window)
    row, column = (part.flatten() for part in torch.meshgrid(axis, axis, indexing="ij"))
    down = row[:, None] - row[None, :] + window - 1
    right = column[:, None] - column[None, :] + window - 1
    return down * (2 * window - 1) + right


class SwinBlock(nn.Module):
    """Window attention and an MLP, each behind a LayerNorm and inside a shortcut.

    A map no larger than the window on its shorter side has one window across and is never shifted.

    Args:
        dim: channels C.
        num_heads: divides `dim`.
        size: `(H, W)` of the map, in tokens.
        window: largest side of the window.
        shifted: windows moved by half their side; tokens that come together only by the cyclic move are masked.
        qkv_bias: see `WindowAttention`.
        qk_scale: see `WindowAttention`.
        dropout: probability of dropping an element behind the attention's projection and behind the MLP.
        attention_dropout: probability of dropping an attention weight.
        drop_path: probability of dropping a whole residual branch.
    """

    attn_mask: Tensor | None

    def __init__(
        self,
        dim: int,
        num_heads: int,
        size: tuple[int, int],
        window: int,
        *,
        shifted: bool,
        qkv_bias: bool = True,
        qk_scale: float | None = None,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        self.size = size
        self.window = min(window, *size)
        self.shift = window // 2 if shifted and min(size) > window else 0
        self.padding = (-size[0] % self.window, -size[1] % self.window)
        self.norm1 = nn.LayerNorm(dim)
        self.attn = WindowAttention(
            dim, num_heads, self.window, qkv_bias=qkv_bias, scale=qk_scale, dropout=attention_dropout
        )
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = Mlp(dim, MLP_RATIO * dim)
        self.dropout = nn.Dropout(dropout)
        self.drop_path = DropPath(drop_path)
        self.register_buffer("attn_mask", _mask(size, self.window, self.shift, self.padding), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, H, W, C)` -> the same shape."""
        x = x + self.drop_path(self.dropout(self._attend(self.norm1(x))))
        out: Tensor = x + self.drop_path(self.dropout(self.mlp(self.norm2(x))))
        return out

    def _attend(self, x: Tensor) -> Tensor:
        height, width = self.size
        below, right = self.padding
        if below or right:
            x = F.pad(x, (0, 0, 0, right, 0, below))
        if self.shift:
            x = x.roll((-self.shift, -self.shift), (1, 2))
        windows = self.attn(to_windows(x, self.window), self.attn_mask)
        x = from_windows(windows, self.window, height + below, width + right)
        if self.shift:
            x = x.roll((self.shift, self.shift), (1, 2))
        return x[:, :height, :width] if below or right else x


def _mask(size: tuple[int, int], window: int, shift: int, padding: tuple[int, int]) -> Tensor | None:
    """`(windows, N, N)`: 0 where query and key may meet, else `MASKED`; `None` where all may.

    Tokens meet when none or both of them were carried round the edge, in either direction, and both are padding or
    none is (padding attends to itself, which keeps its softmax finite; its outputs are cut off).
    """
    if not shift and not any(padding):
        return None
    rows, columns = torch.arange(size[0] + padding[0])[:, None], torch.arange(size[1] + padding[1])[None, :]
    padded = (rows >= size[0]) | (columns >= size[1])
    label = 4 * padded + 2 * (rows < shift) + 1 * (columns < shift)
    label = to_windows(label.roll((-shift, -shift), (0, 1))[None, :, :, None], window)[..., 0]
    return MASKED * (label[:, :, None] != label[:, None, :]).float()


class PatchMerging(nn.Module):
    """Halves a map: four neighbours in one token, LayerNorm, Linear without bias.

    The neighbours come in the order (0, 0), (1, 0), (0, 1), (1, 1) of (row, column).
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * inputs)
        self.reduction = nn.Linear(4 * inputs, outputs, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, H, W, inputs)`, even sides -> `(B, H / 2, W / 2, outputs)`."""
        merged: Tensor = self.reduction(self.norm(four_neighbours(x)))
        return merged


def four_neighbours(x: Tensor) -> Tensor:
    """`(B, H, W, C)` -> `(B, H / 2, W / 2, 4 C)`, the row varying first."""
    batch, height, width, channels = x.shape
    quads = x.view(batch, height // 2, 2, width // 2, 2, channels).permute(0, 1, 3, 4, 2, 5)
    return quads.reshape(batch, height // 2, width // 2, 4 * channels)
