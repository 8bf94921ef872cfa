"""The images of a training in memory, and what becomes of those that do not decode."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reid.data import ReidData, Split
from reid.resizing import LINEAR
from reid.training.crops import CACHE_LIMIT_BYTES, CropStore
from reid.training.evaluate import HeldOut
from reid.training.job import Watch

__all__ = ["Images", "load_images"]

logger = logging.getLogger(__name__)

LISTED = 5


@dataclass(frozen=True)
class Images:
    """All crops of a training; rows of the splits are positions in their stores.

    Attributes:
        train: with labels from 0.
        train_crops: its crops.
        held_out: query and gallery with theirs.
        unreadable: files that do not decode and were left out.
    """

    train: Split
    train_crops: CropStore
    held_out: HeldOut
    unreadable: tuple[Path, ...]


def load_images(data: ReidData, size: tuple[int, int], workers: int, watch: Watch, resize: str = LINEAR) -> Images:
    """Decode all images to `size = (H, W)` px, those that do not decode left out and listed in a warning.

    Args:
        data: the data set.
        size: of the crops.
        workers: threads that decode.
        watch: told of the progress.
        resize: one of `reid.resizing.RESIZES`.

    Raises:
        ValueError: nothing of a split decodes.
    """
    total = sum(len(split.paths) for split in (data.train, data.query, data.gallery))
    done = 0

    def tell(count: int) -> None:
        nonlocal done
        done += count
        watch.loading("images", done, total)

    unreadable: list[Path] = []
    limit = CACHE_LIMIT_BYTES

    def load(split: Split, name: str) -> tuple[Split, CropStore]:
        nonlocal limit
        store = CropStore(split.paths, size, resize=resize, workers=workers, limit_bytes=limit, on_progress=tell)
        limit -= store.num_bytes
        bad = store.unreadable
        if not bad:
            return split, store
        unreadable.extend(split.paths[row] for row in bad)
        rows = np.setdiff1d(np.arange(len(split.paths)), bad)
        if not len(rows):
            raise ValueError(f"none of the {len(bad)} {name} images can be decoded, such as {split.paths[bad[0]]}")
        return split.take(rows), store.keep(rows)

    train, train_crops = load(data.train, "training")
    query, query_crops = load(data.query, "query")
    gallery, gallery_crops = load(data.gallery, "gallery")
    if unreadable:
        logger.warning("%d images cannot be decoded and are left out: %s", len(unreadable), _few(unreadable))
    return Images(train, train_crops, HeldOut(query, gallery, query_crops, gallery_crops), tuple(unreadable))


def _few(paths: list[Path]) -> str:
    more = f" and {len(paths) - LISTED} more" if len(paths) > LISTED else ""
    return ", ".join(map(str, paths[:LISTED])) + more
