"""What a folder that is named as a source holds: one sequence, or several."""

from __future__ import annotations

from pathlib import Path

from evaluation import is_sequence
from track.sources.images import list_images, natural_key

__all__ = ["dataset_sequences"]


def dataset_sequences(source: str) -> dict[str, Path]:
    """Name -> folder of the sequences in a folder that is none itself and holds no pictures; else none."""
    folder = Path(source)
    if not folder.is_dir() or is_sequence(folder) or list_images(folder):
        return {}
    found = {path.name: path for path in folder.iterdir() if path.is_dir() and is_sequence(path)}
    return dict(sorted(found.items(), key=lambda item: natural_key(item[0])))
