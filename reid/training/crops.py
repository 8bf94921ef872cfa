"""The crops of a split as bytes: decoded once into memory where they fit, else read again for each batch."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from reid.data import read_crops
from reid.resizing import LINEAR

__all__ = ["CropStore"]

logger = logging.getLogger(__name__)

Indices = npt.NDArray[np.int64]
Pixels = npt.NDArray[np.uint8]

CACHE_LIMIT_BYTES = 4 << 30
"""The three splits together may hold so much; the full Market-1501 at 128x64 takes 0.8 GB."""
CHUNK = 256


class CropStore:
    """Decoded crops of one size, by index.

    Args:
        paths: the images.
        size: `(H, W)` px of the crops; images of another size are stretched to it, as the encoder does.
        resize: how, one of `reid.resizing.RESIZES`.
        workers: threads that decode.
        limit_bytes: memory for decoded crops; a set that takes more is read anew for each batch.
        on_progress: told how many more images are done, now and then.

    Attributes:
        unreadable: positions in `paths` of images that do not decode; their crops are black.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        size: tuple[int, int],
        *,
        resize: str = LINEAR,
        workers: int = 2,
        limit_bytes: int = CACHE_LIMIT_BYTES,
        on_progress: Callable[[int], object] = lambda count: None,
    ) -> None:
        self._paths, self._size = list(paths), size
        self._workers, self._resize = workers, resize
        self.unreadable: list[int] = []
        self._told: set[int] = set()
        keep = len(self._paths) * size[0] * size[1] * 3 <= limit_bytes
        self._cache: Pixels | None = np.zeros((len(self._paths), *size, 3), np.uint8) if keep else None
        for start in range(0, len(self._paths), CHUNK):
            rows = np.arange(start, min(start + CHUNK, len(self._paths)))
            crops, decoded = self._read(rows)
            self.unreadable += np.setdiff1d(rows, decoded).tolist()
            if self._cache is not None:
                self._cache[rows] = crops
            on_progress(len(rows))

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, rows: Indices) -> Pixels:
        """`(n, H, W, 3)` uint8 BGR crops."""
        if self._cache is not None:
            return self._cache[rows]
        crops, decoded = self._read(rows)
        if len(decoded) < len(rows):
            self._tell_once(np.setdiff1d(rows, decoded).tolist())
        return crops

    def _tell_once(self, rows: list[int]) -> None:
        """Name images that could be read at the start and cannot any more; not again in every epoch."""
        for row in sorted(set(rows) - self._told):
            logger.warning("%s cannot be read any more; its crop is black from now on", self._paths[row])
        self._told.update(rows)

    @property
    def num_bytes(self) -> int:
        """Memory that the decoded crops take; 0 where they are read anew."""
        return 0 if self._cache is None else self._cache.nbytes

    def keep(self, rows: Indices) -> CropStore:
        """This store, with those rows only, in that order."""
        self._paths = [self._paths[row] for row in rows]
        self.unreadable = []
        self._told = set()
        if self._cache is not None:
            self._cache = self._cache[rows]
        return self

    def _read(self, rows: Indices) -> tuple[Pixels, Indices]:
        """The crops of those rows, black where one does not decode, and the rows that do."""
        paths = [self._paths[row] for row in rows]
        read = read_crops(paths, self._size, workers=self._workers, resize=self._resize)
        crops = np.zeros((len(rows), *self._size, 3), np.uint8)
        crops[read.rows] = read.images
        return crops, rows[read.rows]
