"""How a crop is brought to the size that its network takes: a network knows crops as its training resized them.

Where a crop shrinks, the smooth ways look at all pixels (Pillow and so torchvision, whose crops most published networks
saw), OpenCV's at the nearest alone. Where it grows, the linear ones give nearly the same.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["LINEAR", "NEAREST", "RESIZES", "SMOOTH_CUBIC", "SMOOTH_LINEAR", "resized"]

Image = npt.NDArray[np.uint8]

LINEAR, NEAREST, SMOOTH_LINEAR, SMOOTH_CUBIC = "linear", "nearest", "smooth-linear", "smooth-cubic"


def resized(image: Image, size: tuple[int, int], way: str = LINEAR) -> Image:
    """`(H, W, 3)` uint8, stretched to `size = (H, W)` px in one of the ways of `RESIZES`."""
    return RESIZES[way](image, size)


def _linear(image: Image, size: tuple[int, int]) -> Image:
    return np.asarray(cv2.resize(image, size[::-1], interpolation=cv2.INTER_LINEAR), np.uint8)


def _by_pillow(filter_name: str) -> Callable[[Image, tuple[int, int]], Image]:
    def resize(image: Image, size: tuple[int, int]) -> Image:
        from PIL import Image as Pillow  # on use: the default way needs OpenCV alone

        return np.asarray(Pillow.fromarray(image).resize(size[::-1], Pillow.Resampling[filter_name]), np.uint8)

    return resize


RESIZES: dict[str, Callable[[Image, tuple[int, int]], Image]] = {
    LINEAR: _linear,
    NEAREST: _by_pillow("NEAREST"),
    SMOOTH_LINEAR: _by_pillow("BILINEAR"),
    SMOOTH_CUBIC: _by_pillow("BICUBIC"),
}
"""Name -> what does it."""
