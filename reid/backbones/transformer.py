"""Pieces that the vision transformers share. Attribute names are the keys of the published checkpoints."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["INIT_STD", "DropPath", "Mlp", "drop_rates", "from_windows", "initialise", "to_windows"]

INIT_STD = 0.02


class DropPath(nn.Module):
    """Stochastic depth (Huang et al. 2016): in training, drops a sample's whole residual branch with `rate`."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        if not 0 <= rate < 1:
            raise ValueError(f"drop path rate must be from 0 to below 1, but got {rate}")
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """`(B, ...)` -> the same shape; the kept samples are scaled up so that the mean stays."""
        if not self.training or self.rate == 0:
            return x
        keep = torch.rand(x.shape[0], *[1] * (x.ndim - 1), device=x.device) >= self.rate
        return x * keep / (1 - self.rate)


class Mlp(nn.Module):
    """Two linear layers with an exact GELU between them, token by token."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        """`(..., dim)` -> the same shape."""
        out: Tensor = self.fc2(F.gelu(self.fc1(x)))
        return out


def initialise(module: nn.Module) -> None:
    """Official initial values, for `Module.apply`: Linear weights from a truncated normal, their biases zero."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=INIT_STD)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def drop_rates(largest: float, num_blocks: int) -> list[float]:
    """Drop path rates of all blocks in order, growing evenly from 0 to `largest`."""
    return [largest * block / max(num_blocks - 1, 1) for block in range(num_blocks)]


def to_windows(x: Tensor, window: int) -> Tensor:
    """`(B, H, W, C)` -> `(B * windows, window * window, C)`, windows in row order; sides are multiples of `window`."""
    batch, height, width, channels = x.shape
    tiles = x.view(batch, height // window, window, width // window, window, channels)
    return tiles.transpose(2, 3).reshape(-1, window * window, channels)


def from_windows(windows: Tensor, window: int, height: int, width: int) -> Tensor:
    """The inverse of `to_windows`: `(B, height, width, C)`."""
    channels = windows.shape[-1]
    tiles = windows.view(-1, height // window, width // window, window, window, channels)
    return tiles.transpose(2, 3).reshape(-1, height, width, channels)
