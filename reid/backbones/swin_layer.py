"""Shifted-window attention: the blocks of Swin, and `SwinLayer`, a pair of them that stands where a `Conv2d` stood.

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

from reid.backbones.transformer import DropPath, Mlp, from_windows, to_windows

__all__ = ["PatchMerging", "SwinBlock", "SwinLayer", "WindowAttention", "best_window", "initialise"]

WINDOWS = (8, 7)  # 8 fits the ReID sizes 128x64 and 256x128, 7 the published 224x224
MLP_RATIO = 4
MASKED = -100.0  # the official mask; -inf gives the same numbers, but trips some runtimes
INIT_STD = 0.02


def best_window(maps: Sequence[tuple[int, int]]) -> int:
    """The window that tiles all `(H, W)` maps without padding: 8, else 7; 8 (with padding) where neither does."""
    for window in WINDOWS:
        if all(side % min(window, *size) == 0 for size in maps for side in size):
            return window
    return WINDOWS[0]


def initialise(module: nn.Module) -> None:
    """Official initial values, for `Module.apply`: Linear weights from a truncated normal, their biases zero."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=INIT_STD)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


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


class SwinLayer(nn.Module):
    """Window attention and shifted-window attention as one layer with the interface of a convolution.

    Two official blocks at `in_channels`; then, with `downsample`, patch merging to `out_channels`; without it a
    LayerNorm and a Linear to `out_channels` where these differ, else nothing. (The SwinT layer that it follows is
    known by its interface alone; this is the reading of its description with official blocks.)

    Args:
        in_channels: C in.
        out_channels: C out.
        input_resolution: `(H, W)` of the map, in px of the map.
        num_heads: divides `in_channels`.
        window_size: side of the windows; a map that it does not divide is padded and masked.
        qkv_bias: with bias in the joint projection.
        qk_scale: of the scores; `(in_channels / num_heads) ** -0.5` when `None`.
        dropout: see `SwinBlock`.
        attention_dropout: see `SwinBlock`.
        drop_path: see `SwinBlock`.
        downsample: halve the map, as a convolution of stride 2 does; both sides must then be even.

    Raises:
        ValueError: heads that do not divide the channels, an odd map to halve, or a size or window below 1.
    """

    norm: nn.LayerNorm | None
    reduction: nn.Linear | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        input_resolution: tuple[int, int],
        num_heads: int,
        *,
        window_size: int = 7,
        qkv_bias: bool = True,
        qk_scale: float | None = None,
        dropout: float = 0.0,
        attention_dropout: float = 0.0,
        drop_path: float = 0.0,
        downsample: bool = False,
    ) -> None:
        super().__init__()
        size = (input_resolution[0], input_resolution[1])
        _check_layer(in_channels, num_heads, size, window_size, downsample=downsample)
        self.in_channels = in_channels
        self.size = size
        self.downsample = downsample
        self.blocks = nn.Sequential(
            *(
                SwinBlock(
                    in_channels,
                    num_heads,
                    size,
                    window_size,
                    shifted=shifted,
                    qkv_bias=qkv_bias,
                    qk_scale=qk_scale,
                    dropout=dropout,
                    attention_dropout=attention_dropout,
                    drop_path=drop_path,
                )
                for shifted in (False, True)
            )
        )
        width = 4 * in_channels if downsample else in_channels
        changes = downsample or in_channels != out_channels
        self.norm = nn.LayerNorm(width) if changes else None
        self.reduction = nn.Linear(width, out_channels, bias=False) if changes else None
        self.apply(initialise)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, in_channels, H, W)` -> `(B, out_channels, H, W)`, or `(B, out_channels, H / 2, W / 2)`.

        Raises:
            ValueError: a map of another size or width than the layer was built for.
        """
        if tuple(x.shape[1:]) != (self.in_channels, *self.size):
            raise ValueError(
                f"this SwinLayer takes maps of shape {(self.in_channels, *self.size)} (channels, height, width), but"
                f" got {tuple(x.shape[1:])}; build it with input_resolution={tuple(x.shape[2:])}"
            )
        x = self.blocks(x.permute(0, 2, 3, 1).contiguous())
        if self.downsample:
            x = four_neighbours(x)
        if self.norm is not None and self.reduction is not None:
            x = self.reduction(self.norm(x))
        return x.permute(0, 3, 1, 2)


def _check_layer(channels: int, heads: int, size: tuple[int, int], window: int, *, downsample: bool) -> None:
    if heads < 1 or channels % heads:
        raise ValueError(f"num_heads must divide in_channels, but got {heads} heads for {channels} channels")
    if min(size) < 1 or window < 1:
        raise ValueError(f"input_resolution and window_size must be 1 or more, but got {size} and {window}")
    if downsample and (size[0] % 2 or size[1] % 2):
        raise ValueError(f"downsample needs even sides, but input_resolution is {size}; pad the map or leave it out")
