"""Which files are pictures, for sources and for data sets alike."""

from __future__ import annotations

from pathlib import Path

__all__ = ["PICTURE_SUFFIXES", "pictures_in"]

PICTURE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
"""In lower case; those that OpenCV reads everywhere."""


def pictures_in(folder: Path) -> list[Path]:
    """The pictures directly in `folder` by name, in any case of letters; hidden files (`._1.jpg`) are left out."""
    if not folder.is_dir():
        return []
    found = (path for path in folder.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES and path.name[0] != ".")
    return sorted(path for path in found if path.is_file())
