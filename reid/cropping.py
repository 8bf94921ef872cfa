"""Frame and boxes -> one batch of crops, in bytes; needs no PyTorch, as a run with a converted network does not."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from reid.resizing import LINEAR, resized

__all__ = ["crop_batch", "pixel_boxes"]

Floats = npt.NDArray[np.floating[Any]]
Triple = tuple[float, float, float]

TO_BGR = {1: cv2.COLOR_GRAY2BGR, 3: None, 4: cv2.COLOR_BGRA2BGR}
"""Channels of an image -> how OpenCV brings it to BGR."""


def crop_batch(
    image: npt.NDArray[np.uint8], xyxy: Floats, *, input_size: tuple[int, int], fill: Triple, resize: str = LINEAR
) -> npt.NDArray[np.uint8]:
    """`(N, H, W, 3)` uint8 BGR crops, cut from a BGR frame and resized to `input_size = (H, W)`.

    Boxes are rounded outward to whole pixels, so that every box that touches the frame has pixels, then clipped to the
    frame. The crop is stretched to the input size, as ReID data sets are. A box of which nothing remains (outside,
    without area, not finite) gives a blank crop of the colour `fill`.

    Args:
        image: `(height, width, 3)` uint8 BGR, or grey `(height, width)` or `(height, width, 1)`, or BGRA
            `(height, width, 4)`, whose alpha is dropped; only the crops are read, the frame is never copied.
        xyxy: `(N, 4)` px, `x2`/`y2` exclusive.
        input_size: `(H, W)` px.
        fill: RGB on the scale 0 to 1; the network's mean becomes (nearly) zero once normalised.
        resize: one of `reid.resizing.RESIZES`.

    Raises:
        ValueError: an image or boxes of another form.
    """
    if image.dtype != np.uint8 or not (image.ndim == 2 or (image.ndim == 3 and image.shape[2] in TO_BGR)):
        raise ValueError(
            f"image must be uint8 of shape (H, W, 3), grey (H, W) or BGRA (H, W, 4), but got {image.dtype} of shape"
            f" {image.shape}; convert it first"
        )
    if xyxy.ndim != 2 or xyxy.shape[1] != 4:
        raise ValueError(f"xyxy must have shape (N, 4), but got {xyxy.shape}")
    batch = np.empty((len(xyxy), *input_size, 3), np.uint8)
    for crop, (x1, y1, x2, y2) in zip(batch, pixel_boxes(xyxy, image.shape[:2]), strict=True):
        if x2 > x1 and y2 > y1:
            crop[:] = resized(_bgr(image[y1:y2, x1:x2]), input_size, resize)
        else:
            crop[:] = np.rint(255 * np.asarray(fill[::-1])).astype(np.uint8)
    return batch


def _bgr(crop: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """A piece of an image with three channels: grey repeated, alpha dropped."""
    code = TO_BGR[crop.shape[2] if crop.ndim == 3 else 1]
    return crop if code is None else np.asarray(cv2.cvtColor(crop, code), np.uint8)


def pixel_boxes(xyxy: Floats, frame_size: tuple[int, int]) -> list[list[int]]:
    """Boxes rounded outward and clipped to a frame of `(height, width)` px; one that is not finite becomes empty."""
    limits = np.array(frame_size[::-1] * 2, np.float64)
    outward = np.concatenate([np.floor(xyxy[:, :2]), np.ceil(xyxy[:, 2:])], axis=1)
    inside = np.clip(outward, 0, limits)
    inside[~np.isfinite(xyxy).all(axis=1)] = 0
    boxes: list[list[int]] = inside.astype(np.int64).tolist()
    return boxes
