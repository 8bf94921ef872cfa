"""Overlap of boxes, in float64 and in TrackEval's order of operations, so that thresholds fall on the same side."""

from __future__ import annotations

import numpy as np

from evaluation.rows import FloatArray

__all__ = ["EPS", "box_iou", "box_share"]

EPS = float(np.finfo(np.float64).eps)


def box_iou(first: FloatArray, second: FloatArray) -> FloatArray:
    """`(N, M)` intersection over union of boxes `(N, 4)` and `(M, 4)`, both left, top, width, height in px.

    A box without area overlaps nothing.
    """
    shared, area_first, area_second = _intersection(first, second)
    union = area_first[:, None] + area_second[None, :] - shared
    shared[area_first <= EPS, :] = 0
    shared[:, area_second <= EPS] = 0
    shared[union <= EPS] = 0
    union[union <= EPS] = 1
    return np.asarray(shared / union)


def box_share(first: FloatArray, second: FloatArray) -> FloatArray:
    """`(N, M)` share of each box of `first` that lies inside each box of `second`; 0 for a box without area."""
    shared, area, _ = _intersection(first, second)
    return np.where(area[:, None] > EPS, shared / np.where(area > EPS, area, 1)[:, None], 0.0)


def _intersection(first: FloatArray, second: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """`(N, M)` px^2 in common, and the areas `(N,)` and `(M,)`."""
    low_first, low_second = first[:, :2], second[:, :2]
    high_first, high_second = low_first + first[:, 2:], low_second + second[:, 2:]
    low = np.maximum(low_first[:, None], low_second[None])
    high = np.minimum(high_first[:, None], high_second[None])
    sides = np.maximum(high - low, 0)
    area_first = np.prod(high_first - low_first, axis=1)
    area_second = np.prod(high_second - low_second, axis=1)
    return sides[..., 0] * sides[..., 1], area_first, area_second
