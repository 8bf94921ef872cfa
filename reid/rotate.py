"""Crops turned by an angle, for the robustness columns R30 to R90.

The table that these columns come from (accuracy of classifiers on turned images) does not say how the border was filled
or which way images were turned. Here: counter-clockwise about the centre, the picture keeps its size, and what comes in
from outside repeats the border pixel, so that no black corner gives the angle away. Queries are turned and the gallery
stays upright: a person who leans must be found among upright ones. At 90 degrees a tall crop shows the middle of the
person only.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["rotated"]

Image = npt.NDArray[np.uint8]


def rotated(image: Image, degrees: float) -> Image:
    """`(H, W, 3)` of the same size, turned counter-clockwise about its centre; bilinear, border pixels repeated.

    Raises:
        ValueError: an angle that is not finite.
    """
    if not math.isfinite(degrees):
        raise ValueError(f"the angle is {degrees}, expected a number of degrees such as 30")
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    flags, border = cv2.INTER_LINEAR, cv2.BORDER_REPLICATE
    return np.asarray(cv2.warpAffine(image, turn, (width, height), flags=flags, borderMode=border), np.uint8)
