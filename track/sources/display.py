"""From decoded pictures to those that a player shows: BGR, upright, with square pixels."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, cast

import cv2
import numpy as np
from av.video.reformatter import VideoReformatter

from track.sources.types import Image

__all__ = ["BgrConverter", "Orientation", "orientation_of", "pixel_aspect"]

NEARLY_SQUARE = 0.01
"""Pixels wider or higher than square by less are an effect of rounding, and not worth a resampling."""
MAX_PIXEL_ASPECT = 4
"""No format has pixels as wide or as high as that: a header that says so is damaged."""


@dataclass(frozen=True)
class Orientation:
    """How a decoded picture becomes upright: rows become columns (`transposed`), then it is mirrored."""

    transposed: bool = False
    mirrored_x: bool = False
    mirrored_y: bool = False

    def apply(self, image: Image) -> Image:
        """`image` `(H, W, 3)`, turned and mirrored; itself where there is nothing to do."""
        turned: Any = cv2.transpose(image) if self.transposed else image
        if self.mirrored_x or self.mirrored_y:
            turned = cv2.flip(turned, -1 if self.mirrored_x and self.mirrored_y else int(self.mirrored_x))
        return np.asarray(turned, np.uint8)


def orientation_of(frame: Any) -> Orientation:
    """What the display matrix of a decoded frame asks for: one of eight, the nearest for an oblique angle.

    The matrix `a b u, c d v, x y w` takes a point to `(a p + c q + x, b p + d q + y)` (ISO 14496-12, 6.2.2).
    """
    matrix = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None or len(bytes(matrix)) < 36:
        return Orientation()
    a, b, _, c, d = np.frombuffer(bytes(matrix), np.int32)[:5].astype(np.int64).tolist()
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Orientation(False, a < 0, d < 0)
    return Orientation(True, c < 0, b < 0)


def pixel_aspect(stream: Any) -> Fraction:
    """Width of a pixel for a height of 1; 1 where the container does not tell, or cannot mean what it says."""
    told = stream.sample_aspect_ratio
    if not told or not Fraction(1, MAX_PIXEL_ASPECT) <= told <= MAX_PIXEL_ASPECT or abs(told - 1) < NEARLY_SQUARE:
        return Fraction(1)
    return Fraction(told)


class BgrConverter:
    """Decoded frames to upright BGR arrays of square pixels, with one conversion and no further copy.

    Pictures with other pixels keep their rows and are resampled in width, as players show them: what is as wide as high
    is so in the array. One reformatter is kept, since PyAV sets up a new one for each `VideoFrame.to_ndarray`. Colours
    follow the stream's tag; streams without one are read as BT.601, as OpenCV does.

    Args:
        aspect: width of a pixel for a height of 1.
    """

    def __init__(self, aspect: Fraction = Fraction(1)) -> None:
        self._reformatter = VideoReformatter()
        self._aspect = aspect

    def __call__(self, frame: Any) -> Image:
        """BGR uint8 `(H, W, 3)`, nobody else's: turned and mirrored as the frame's display matrix asks."""
        return orientation_of(frame).apply(self._to_bgr(frame))

    def _to_bgr(self, frame: Any) -> Image:
        if frame.format.name == "bgr24":
            # Needs no conversion, and would be the decoder's own picture, perhaps upside down in its memory.
            return np.asarray(cv2.cvtColor(self._reformat(frame, "rgb24"), cv2.COLOR_RGB2BGR), np.uint8)
        return self._reformat(frame, "bgr24")

    def _reformat(self, frame: Any, layout: str) -> Image:
        width = max(1, round(frame.width * self._aspect))
        method = "FAST_BILINEAR" if width == frame.width else "BICUBIC"
        picture = self._reformatter.reformat(frame, width=width, format=layout, interpolation=method)
        plane = picture.planes[0]
        rows: Image = np.frombuffer(cast(Any, plane), np.uint8).reshape(-1, plane.line_size)
        image: Image = rows[: picture.height, : picture.width * 3].reshape(picture.height, picture.width, 3)
        return image if image.flags.writeable else image.copy()
