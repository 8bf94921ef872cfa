"""The crops of a split as bytes: decoded once into memory where they fit, else read again for each batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from reid.data import Split, read_image

__all__ = ["CropStore", "keep_rows"]

Indices = npt.NDArray[np.int64]
Crops = npt.NDArray[np.uint8]

CACHE_LIMIT_BYTES = 4 << 30
"""The three splits together may hold so much; the full Market-1501 at 128x64 takes 0.8 GB."""
CHUNK = 256


class CropStore:
    """Decoded crops of one size, by index.

    Args:
        paths: the images.
        size: `(H, W)` px of the crops; images of another size are stretched to it, bilinearly, as the encoder does.
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
        workers: int = 2,
        limit_bytes: int = CACHE_LIMIT_BYTES,
        on_progress: Callable[[int], object] = lambda count: None,
    ) -> None:
        self._paths, self._size = list(paths), size
        self._pool = ThreadPoolExecutor(max(workers, 1))
        self.unreadable: list[int] = []
        keep = len(self._paths) * size[0] * size[1] * 3 <= limit_bytes
        self._cache: Crops | None = np.zeros((len(self._paths), *size, 3), np.uint8) if keep else None
        for start in range(0, len(self._paths), CHUNK):
            rows = np.arange(start, min(start + CHUNK, len(self._paths)))
            crops = list(self._pool.map(self._read, rows))
            self.unreadable += [int(row) for row, crop in zip(rows, crops, strict=True) if crop is None]
            if self._cache is not None:
                self._cache[rows] = self._stack(crops)
            on_progress(len(rows))

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, rows: Indices) -> Crops:
        """`(n, H, W, 3)` uint8 BGR crops."""
        if self._cache is not None:
            return self._cache[rows]
        return self._stack(list(self._pool.map(self._read, rows)))

    @property
    def num_bytes(self) -> int:
        """Memory that the decoded crops take; 0 where they are read anew."""
        return 0 if self._cache is None else self._cache.nbytes

    def keep(self, rows: Indices) -> CropStore:
        """This store, with those rows only, in that order."""
        self._paths = [self._paths[row] for row in rows]
        self.unreadable = []
        if self._cache is not None:
            self._cache = self._cache[rows]
        return self

    def _read(self, row: int) -> Crops | None:
        try:
            image = read_image(self._paths[row])
        except (ValueError, OSError):
            return None
        height, width = self._size
        if image.shape[:2] == (height, width):
            return image
        return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)

    def _stack(self, crops: Sequence[Crops | None]) -> Crops:
        blank = np.zeros((*self._size, 3), np.uint8)
        return np.stack([blank if crop is None else crop for crop in crops])


def keep_rows(split: Split, rows: Indices) -> Split:
    """The split with those rows only."""
    return Split(tuple(split.paths[row] for row in rows), split.identities[rows], split.cameras[rows])
