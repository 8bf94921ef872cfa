"""How large a picture may be: what no camera takes would fill the memory before it is known to be of any use."""

from __future__ import annotations

__all__ = ["MAX_PIXELS", "check_size"]

MAX_PIXELS = 100_000_000
"""16,000 x 6,250: three times 8K. A frame of it takes 300 MB."""


def check_size(name: str, width: int, height: int) -> None:
    """Raise `ValueError` when pictures of so many px are too large to be read."""
    if width * height > MAX_PIXELS:
        raise ValueError(
            f"{name} has pictures of {width}x{height} px, and at most {MAX_PIXELS // 10**6} megapixels are read: scale "
            "it down first, such as ffmpeg -i IN -vf scale=3840:-2 OUT"
        )
