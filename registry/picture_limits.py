"""How large a picture may be: what no camera takes would fill the memory before it is known to be of any use."""

from __future__ import annotations

__all__ = ["MAX_PIXELS", "check_size", "too_large"]

MAX_PIXELS = 100_000_000
"""16,000 x 6,250: three times 8K. A frame of it takes 300 MB."""


def check_size(name: str, width: int, height: int) -> None:
    """Raise `ValueError` when pictures of so many px are too large to be read."""
    if width * height > MAX_PIXELS:
        raise too_large(name, f"{width}x{height} px")


def too_large(name: str, size: str) -> ValueError:
    """What is said of pictures of `size`."""
    return ValueError(
        f"{name} has {size}, and pictures of at most {MAX_PIXELS // 10**6} megapixels are read: scale it down first, "
        "such as ffmpeg -i IN -vf scale=3840:-2 OUT"
    )
