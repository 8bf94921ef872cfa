"""Box forms and overlap, on arrays; and the door at which unusable boxes are turned away."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["REJECT_REASONS", "pairwise_iou", "reject_reasons", "xyah_to_xyxy", "xyxy_to_xyah"]

Array = npt.NDArray[np.float64]

REJECT_REASONS = ("", "not finite", "no area", "far outside the frame")
"""What each code of `reject_reasons` means; 0 is a usable box."""


_MAX_COORDINATE = 1e6
"""px; far beyond any picture, and small enough that no later arithmetic overflows."""


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


def reject_reasons(xyxy: Array, scores: Array, frame_size: tuple[int, int] | None = None) -> npt.NDArray[np.int64]:
    """Why each box can't be tracked, as `(N,)` indices into `REJECT_REASONS` (0: it can).

    A box that reaches over the border is fine; one that lies more than a whole frame away from it can only be an error.

    Args:
        xyxy: `(N, 4)` px.
        scores: `(N,)`.
        frame_size: width and height of the frame in px; without it only absurd coordinates are far outside.
    """
    reasons = np.zeros(len(xyxy), np.int64)
    finite = np.isfinite(xyxy).all(axis=1) & np.isfinite(scores)
    with np.errstate(invalid="ignore", over="ignore"):
        width, height = xyxy[:, 2] - xyxy[:, 0], xyxy[:, 3] - xyxy[:, 1]
        area = width * height
    reasons[~((width > 0) & (height > 0) & np.isfinite(area) & (area > 0))] = 2
    if frame_size is not None:
        frame_width, frame_height = frame_size
        near_x = (xyxy[:, 2] >= -frame_width) & (xyxy[:, 0] <= 2 * frame_width)
        near_y = (xyxy[:, 3] >= -frame_height) & (xyxy[:, 1] <= 2 * frame_height)
        reasons[(reasons == 0) & ~(near_x & near_y)] = 3
    with np.errstate(invalid="ignore"):
        reasons[(reasons == 0) & (np.abs(xyxy) > _MAX_COORDINATE).any(axis=1)] = 3
    reasons[~finite] = 1
    return reasons
