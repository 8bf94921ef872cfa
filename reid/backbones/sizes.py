"""Which crops a backbone takes: the checks that the families share, and the size where nothing is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from reid.backbones.base import Backbone

__all__ = ["LARGEST_SIDE", "REID_SIZE", "at_least", "check_crops", "multiples_of"]

REID_SIZE = (128, 64)
LARGEST_SIDE = 4096
"""px; no crop of a person is larger, and far beyond it masks and position tables fill the memory."""


def multiples_of(name: str, stride: int, size: tuple[int, int]) -> tuple[int, int]:
    """The `(H, W)` px, if its sides are multiples of `stride`; else a `ValueError` that says so."""
    if min(size) < stride or any(side % stride for side in size):
        raise _misfit(name, f"whose sides are multiples of {stride} px", size)
    return at_least(name, stride, size)


def at_least(name: str, smallest: int, size: tuple[int, int]) -> tuple[int, int]:
    """The `(H, W)` px, if its sides are `smallest` to `LARGEST_SIDE`; else a `ValueError` that says so."""
    if min(size) < smallest:
        raise _misfit(name, f"of at least {smallest}x{smallest} px", size)
    if max(size) > LARGEST_SIDE:
        raise _misfit(name, f"of at most {LARGEST_SIDE}x{LARGEST_SIDE} px", size)
    height, width = size
    return height, width


def _misfit(name: str, expected: str, size: tuple[int, int]) -> ValueError:
    return ValueError(
        f"{name} takes crops {expected}, but got {size[0]}x{size[1]} (height x width);"
        f" use {REID_SIZE[0]}x{REID_SIZE[1]}, 256x128 or 224x224"
    )


def check_crops(backbone: Backbone, crops: Tensor) -> None:
    """A `ValueError` for `(B, 3, H, W)` crops of another size than a network with fixed masks was built for."""
    height, width = backbone.input_size
    if tuple(crops.shape[2:]) != (height, width):
        raise ValueError(
            f"this {backbone.name} takes crops of {height}x{width} px (height x width), but got crops of shape"
            f" {tuple(crops.shape)}; build it with the input_size of the crops"
        )
