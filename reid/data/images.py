"""Image files -> BGR arrays, and the same by the thousand, resized, in threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from reid.resizing import LINEAR, resized

__all__ = ["Crops", "read_crops", "read_image"]

Image = npt.NDArray[np.uint8]


def read_image(path: Path) -> Image:
    """`(H, W, 3)` uint8 BGR; grey and transparent images too.

    Raises:
        ValueError: not an image, or a damaged one.
        OSError: it cannot be read.
    """
    data = np.frombuffer(path.read_bytes(), np.uint8)  # not imread, which prints and knows ASCII paths only on Windows
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    if image is None:
        raise ValueError(f"{path} does not decode as an image; replace or remove it")
    return np.asarray(image, np.uint8)


@dataclass(frozen=True)
class Crops:
    """Images of one size.

    Attributes:
        images: `(N, H, W, 3)` uint8 BGR.
        rows: `(N,)` which of the paths asked for each is.
        damaged: paths that could not be read or decoded.
    """

    images: Image
    rows: npt.NDArray[np.int64]
    damaged: tuple[Path, ...]


def read_crops(
    paths: Sequence[Path],
    size: tuple[int, int],
    *,
    workers: int = 2,
    change: Callable[[Image], Image] | None = None,
    resize: str = LINEAR,
) -> Crops:
    """All images, stretched to `size = (H, W)` px as `reid.preprocess.crop_batch` does.

    Args:
        paths: image files; those that do not decode are left out and named in the result.
        size: `(H, W)` px.
        workers: threads that read and decode.
        change: applied to each image before it is resized.
        resize: one of `reid.resizing.RESIZES`.
    """

    def read(path: Path) -> Image | None:
        try:
            image = read_image(path)
        except (ValueError, OSError):
            return None
        return resized(change(image) if change else image, size, resize)

    with ThreadPoolExecutor(workers) as pool:
        found = list(pool.map(read, paths))
    good = [row for row, image in enumerate(found) if image is not None]
    images = np.stack([found[row] for row in good]) if good else np.empty((0, *size, 3), np.uint8)  # type: ignore[misc]
    damaged = tuple(path for path, image in zip(paths, found, strict=True) if image is None)
    return Crops(np.asarray(images, np.uint8), np.array(good, np.int64), damaged)
