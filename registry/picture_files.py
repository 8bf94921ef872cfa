"""Picture files to BGR arrays: their size is known before they are decoded, and 16-bit ones are scaled to 8."""

from __future__ import annotations

import contextlib
import functools
import io
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import UnidentifiedImageError

from registry.picture_limits import check_size, too_large
from registry.pictures import pictures_in

__all__ = ["FULL_DEPTH", "bits_around", "bits_of", "read_picture", "significant_bits"]

Image = npt.NDArray[np.uint8]

_open_picture = Pillow.open
"""As it is now: ultralytics puts a function in its place that may install packages."""

MAX_FILE_BYTES = 1 << 30
"""More than a picture of the largest size takes, also uncompressed and with 16 bits."""
DEPTHS = (8, 10, 12, 14, 16)
"""Bits that sensors give."""
FULL_DEPTH = DEPTHS[-1]
NUM_SAMPLES = 16
"""Pictures of a folder by which the bits in use are found."""


def read_picture(path: Path, bits: int | Callable[[], int] = FULL_DEPTH) -> Image | None:
    """A picture as BGR uint8 `(H, W, 3)`, upright by its EXIF tag; `None` when it cannot be decoded.

    Args:
        path: file.
        bits: in use of a 16-bit picture, 8 to 16, or what finds them; brighter values become white.

    Raises:
        ValueError: it is too large to be read.
    """
    picture = _decoded(path)
    if picture is None:
        return None
    if picture.dtype == np.uint8:
        return np.asarray(picture, np.uint8)
    used = bits if isinstance(bits, int) else bits()
    return np.asarray(np.minimum(picture, (1 << used) - 1) >> (used - 8), np.uint8)


def significant_bits(paths: Sequence[Path]) -> int:
    """Bits in use of 16-bit pictures: the fewest that a sensor gives and their brightest value takes.

    One number for a whole folder, from some of its pictures spread over all of it: each by itself would flicker.
    """
    spread = np.unique(np.linspace(0, len(paths) - 1, min(NUM_SAMPLES, len(paths))).round().astype(int))
    brightest = 0
    for number in spread.tolist():
        with contextlib.suppress(ValueError):  # too large: told when it is its turn
            picture = _decoded(paths[number])
            if picture is not None and picture.dtype == np.uint16:
                brightest = max(brightest, int(picture.max()))
    return next(bits for bits in DEPTHS if brightest < 1 << bits)


@functools.lru_cache(maxsize=64)
def bits_around(folder: Path) -> int:
    """Bits in use of the 16-bit pictures in this folder and in those beside it, as of a data set of people."""
    beside = sorted(path for path in folder.parent.iterdir() if path.is_dir())
    return significant_bits([path for each in beside for path in pictures_in(each)])


def bits_of(path: Path) -> int:
    """Bits of each value as they are stored, 8 or 16; 8 for a picture that cannot be decoded."""
    picture = _decoded(path)
    return 8 if picture is None else 8 * picture.itemsize


def _decoded(path: Path) -> Any:
    """The picture with the depth of its file, 8 or 16 bits; `None` when it cannot be decoded."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise too_large(str(path), f"{path.stat().st_size / 2**30:.1f} GiB")
        # Read by Python, since OpenCV's own reader knows no name outside of the code page on some systems.
        data = path.read_bytes()
        if not _has_header(data, str(path)):
            return None
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
    except (OSError, cv2.error):
        return None
    return picture if picture is not None and picture.dtype in (np.uint8, np.uint16) else None


def _has_header(data: bytes, name: str) -> bool:
    """Whether the picture has a size, which is checked: a few kB may stand for gigabytes."""
    try:
        with warnings.catch_warnings():  # there is a limit below
            warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
            width, height = _open_picture(io.BytesIO(data)).size
    except Pillow.DecompressionBombError as error:
        raise too_large(name, "more than 178 megapixels") from error
    except (
        UnidentifiedImageError,
        ImportError,
        OSError,
        ValueError,
        SyntaxError,
    ):  # ultralytics imports another reader
        return False
    check_size(name, width, height)
    return True
