"""Swin Transformer, sizes T, S, B and L: attention in windows that shift from block to block, in four stages.

Liu et al. 2021, "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows". Definition and parameter
names: github.com/microsoft/Swin-Transformer (MIT), whose checkpoints `Swin.adapt_state` reads; the code here is our
own. Crops have sides that are multiples of 32 px (patches of 4 px, halved three times); 128x64 where nothing is said.

The window follows from the size so that its windows tile all four stages: 8 at 128x64, 256x128 or 384x128, 7 at the
published 224x224, where the network is the official one number by number. Sizes that neither tiles (256x192) take 8
with masked padding (see `swin_blocks`). The relative-position tables are as large as the window:
`resize_relative_table` brings weights from one window to another.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from reid.backbones.base import Backbone
from reid.backbones.sizes import REID_SIZE, check_crops, multiples_of
from reid.backbones.swin_blocks import PatchMerging, SwinBlock, best_window
from reid.backbones.transformer import drop_rates, initialise

__all__ = [
    "Swin",
    "SwinSize",
    "resize_relative_table",
    "resize_tables",
    "swin_b",
    "swin_l",
    "swin_s",
    "swin_t",
]

PATCH = 4
STRIDE = 32
TABLE = "relative_position_bias_table"
BUFFERS = ("relative_position_index", "attn_mask")
TIMM_DOWNSAMPLE = re.compile(r"^layers\.([123])\.downsample\.")


@dataclass(frozen=True)
class SwinSize:
    """One of the published sizes (Liu et al. 2021, section 3.3); the heads are 32 channels wide.

    Attributes:
        dim: channels of the first stage; each further stage has twice as many.
        depths: blocks of the four stages.
        heads: of the four stages.
        drop_path: largest rate of stochastic depth in the published training at 224x224.
    """

    dim: int
    depths: tuple[int, int, int, int]
    heads: tuple[int, int, int, int]
    drop_path: float


TINY = SwinSize(96, (2, 2, 6, 2), (3, 6, 12, 24), 0.2)
SMALL = SwinSize(96, (2, 2, 18, 2), (3, 6, 12, 24), 0.3)
BASE = SwinSize(128, (2, 2, 18, 2), (4, 8, 16, 32), 0.5)
LARGE = SwinSize(192, (2, 2, 18, 2), (6, 12, 24, 48), 0.2)


class PatchEmbedding(nn.Module):
    """Patches of 4x4 px to tokens, then LayerNorm."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, dim, PATCH, PATCH)
        self.norm = nn.LayerNorm(dim)

    def forward(self, crops: Tensor) -> Tensor:
        """`(B, 3, H, W)` -> `(B, H / 4, W / 4, dim)`."""
        tokens: Tensor = self.norm(self.proj(crops).permute(0, 2, 3, 1))
        return tokens


class Stage(nn.Module):
    """Blocks on a map of one size, every second one shifted; then patch merging, except in the last stage."""

    def __init__(
        self, dim: int, heads: int, size: tuple[int, int], window: int, rates: list[float], *, last: bool
    ) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            *(
                SwinBlock(dim, heads, size, window, shifted=block % 2 == 1, drop_path=rate)
                for block, rate in enumerate(rates)
            )
        )
        self.downsample = nn.Identity() if last else PatchMerging(dim, 2 * dim)

    def forward(self, x: Tensor) -> Tensor:
        """`(B, H, W, C)` -> `(B, H / 2, W / 2, 2 C)`, in the last stage the same shape."""
        out: Tensor = self.downsample(self.blocks(x))
        return out


class Swin(Backbone):
    """The network; `swin_t`, `swin_s`, `swin_b` and `swin_l` below are the published sizes.

    Args:
        name: public name.
        published: widths and depths.
        num_classes: identities of the classifier, 0 for embeddings.
        input_size: `(H, W)` px, multiples of 32; 128x64 when `None` (published: 224x224).
        window: side of the windows, in tokens; `None` for the one that tiles the stages (see the file's header).

    Raises:
        ValueError: sides that are no multiples of 32, or a window below 1.
    """

    def __init__(
        self,
        name: str,
        published: SwinSize,
        *,
        num_classes: int = 0,
        input_size: tuple[int, int] | None = None,
        window: int | None = None,
    ) -> None:
        size = multiples_of(name, STRIDE, input_size or REID_SIZE)
        super().__init__(name, embedding_dim=8 * published.dim, num_classes=num_classes, input_size=size)
        maps = [(size[0] // (PATCH << stage), size[1] // (PATCH << stage)) for stage in range(4)]
        self.window = best_window(maps) if window is None else window
        if self.window < 1:
            raise ValueError(f"{name} needs a window of 1 or more, but got {window}; 7 is the published one")
        self.patch_embed = PatchEmbedding(published.dim)
        rates = iter(drop_rates(published.drop_path, sum(published.depths)))
        self.layers = nn.Sequential(
            *(
                Stage(
                    published.dim << stage,
                    published.heads[stage],
                    maps[stage],
                    self.window,
                    [next(rates) for _ in range(published.depths[stage])],
                    last=stage == 3,
                )
                for stage in range(4)
            )
        )
        self.norm = nn.LayerNorm(self.embedding_dim)
        if num_classes:
            self.head = nn.Linear(self.embedding_dim, num_classes)
        self.apply(initialise)

    def embed(self, crops: Tensor) -> Tensor:
        """`(B, 8 dim)`: the last map, normalised token by token and then averaged.

        Raises:
            ValueError: crops of another size than the network was built for.
        """
        check_crops(self, crops)
        tokens: Tensor = self.norm(self.layers(self.patch_embed(crops)))
        return tokens.mean((1, 2))

    def adapt_state(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Official weights or timm's, without the buffers that follow from the sizes; tables resized to the windows.

        timm counts a downsampling to the stage that it leads to, and calls the classifier `head.fc`.
        """
        kept = {key: value for key, value in state.items() if not key.endswith(BUFFERS)}
        if "layers.0.downsample.norm.weight" not in kept:
            kept = {TIMM_DOWNSAMPLE.sub(_stage_before, key): value for key, value in kept.items()}
            kept = {key.replace("head.fc.", "head."): value for key, value in kept.items()}
        return resize_tables(kept, self.state_dict())


def _stage_before(found: re.Match[str]) -> str:
    return f"layers.{int(found[1]) - 1}.downsample."


def resize_relative_table(table: Tensor, window: int) -> Tensor:
    """A relative-position table for another window, interpolated bicubically as the official code does.

    Args:
        table: `((2 w - 1)^2, heads)` of a window `w`.
        window: the new one.

    Returns:
        `((2 window - 1)^2, heads)`; `table` itself where the window stays.

    Raises:
        ValueError: a table that belongs to no window.
    """
    if not _of_a_window(table):
        raise ValueError(
            f"a relative-position table has the shape ((2 window - 1)^2, heads), but got {tuple(table.shape)}"
        )
    old, new = round(len(table) ** 0.5), 2 * window - 1
    if old == new:
        return table
    plane = table.T.reshape(1, -1, old, old)
    resized = F.interpolate(plane, size=(new, new), mode="bicubic", align_corners=False)
    return resized.reshape(-1, new * new).T.contiguous()


def _of_a_window(table: Tensor) -> bool:
    """Whether a table has `(2 w - 1)^2` rows for some window `w`."""
    side = round(len(table) ** 0.5) if table.ndim == 2 else 0
    return side % 2 == 1 and side**2 == len(table)


def resize_tables(state: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """`state` with the relative-position tables of as many heads resized to those of `own`; the rest as it is.

    So is a table that belongs to no square window: whoever compares the shapes names its key and its file.
    """
    resized = dict(state)
    for key, table in state.items():
        if key.endswith(TABLE) and key in own and _of_a_window(table) and table.shape[1] == own[key].shape[1]:
            resized[key] = resize_relative_table(table, (round(len(own[key]) ** 0.5) + 1) // 2)
    return resized


def swin_t(*, num_classes: int = 0, input_size: tuple[int, int] | None = None, window: int | None = None) -> Swin:
    """Swin-T: 28 M parameters, 768-d embedding."""
    return Swin("swin-t", TINY, num_classes=num_classes, input_size=input_size, window=window)


def swin_s(*, num_classes: int = 0, input_size: tuple[int, int] | None = None, window: int | None = None) -> Swin:
    """Swin-S: 50 M parameters, 768-d embedding."""
    return Swin("swin-s", SMALL, num_classes=num_classes, input_size=input_size, window=window)


def swin_b(*, num_classes: int = 0, input_size: tuple[int, int] | None = None, window: int | None = None) -> Swin:
    """Swin-B: 88 M parameters, 1024-d embedding."""
    return Swin("swin-b", BASE, num_classes=num_classes, input_size=input_size, window=window)


def swin_l(*, num_classes: int = 0, input_size: tuple[int, int] | None = None, window: int | None = None) -> Swin:
    """Swin-L: 197 M parameters, 1536-d embedding."""
    return Swin("swin-l", LARGE, num_classes=num_classes, input_size=input_size, window=window)
