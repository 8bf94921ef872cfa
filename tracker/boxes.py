"""Box forms and overlap, on arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["pairwise_iou", "xyah_to_xyxy", "xyxy_to_xyah"]

Array = npt.NDArray[np.float64]


def xyxy_to_xyah(xyxy: Array) -> Array:
    """`(N, 4)` corners (px) to what DeepSORT measures: centre x, centre y, aspect ratio (width / height), height."""
    width, height = xyxy[:, 2] - xyxy[:, 0], xyxy[:, 3] - xyxy[:, 1]
    return np.column_stack((xyxy[:, 0] + width / 2, xyxy[:, 1] + height / 2, width / height, height))


def xyah_to_xyxy(xyah: Array) -> Array:
    """`(N, 4)` centre, aspect ratio and height to corners (px)."""
    width, height = xyah[:, 2] * xyah[:, 3], xyah[:, 3]
    left, top = xyah[:, 0] - width / 2, xyah[:, 1] - height / 2
    return np.column_stack((left, top, left + width, top + height))


def pairwise_iou(first: Array, second: Array) -> Array:
    """Intersection over union of row i of `first` with row i of `second`, both `(P, 4)` xyxy; `(P,)` in [0, 1]."""
    top_left = np.maximum(first[:, :2], second[:, :2])
    bottom_right = np.minimum(first[:, 2:], second[:, 2:])
    sides = np.maximum(bottom_right - top_left, 0.0)
    overlap = sides[:, 0] * sides[:, 1]
    area_first = (first[:, 2] - first[:, 0]) * (first[:, 3] - first[:, 1])
    area_second = (second[:, 2] - second[:, 0]) * (second[:, 3] - second[:, 1])
    union = area_first + area_second - overlap
    iou: Array = np.divide(overlap, union, out=np.zeros_like(overlap), where=union > 0)
    return iou
