"""`SwinLayer`: window attention and shifted-window attention that stand where a `Conv2d` stood."""

from __future__ import annotations

from torch import Tensor, nn

from reid.backbones.swin_blocks import SwinBlock, four_neighbours
from reid.backbones.transformer import initialise

__all__ = ["SwinLayer"]


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
