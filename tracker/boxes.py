"""Box forms and overlap, on arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["pairwise_iou", "xyah_to_xyxy", "xyxy_to_xyah"]

Array = npt.NDArray[np.float64]

_TINY = 1e-300


def xyxy_to_xyah(xyxy: Array) -> Array:
    """`(N, 4)` corners (px) to what DeepSORT measures: centre x, centre y, aspect ratio (width / height), height."""
    sizes = xyxy[:, 2:] - xyxy[:, :2]
    xyah = np.empty((len(xyxy), 4))
    np.add(xyxy[:, :2], sizes / 2, out=xyah[:, :2])
    np.divide(sizes[:, 0], sizes[:, 1], out=xyah[:, 2])
    xyah[:, 3] = sizes[:, 1]
    return xyah


def xyah_to_xyxy(xyah: Array) -> Array:
    """`(N, 4)` centre, aspect ratio and height to corners (px)."""
    sizes = xyah[:, 2:].copy()
    sizes[:, 0] *= sizes[:, 1]
    xyxy = np.empty((len(xyah), 4))
    np.subtract(xyah[:, :2], sizes / 2, out=xyxy[:, :2])
    np.add(xyxy[:, :2], sizes, out=xyxy[:, 2:])
    return xyxy


def pairwise_iou(first: Array, second: Array) -> Array:
    """Intersection over union of row i of `first` with row i of `second`, both `(P, 4)` xyxy; `(P,)` in [0, 1].

    Or of any shapes `(..., 4)` that broadcast: `first[:, None]` and `second` make a matrix.
    """
    overlap = _shared(first, second, 0)
    overlap *= _shared(first, second, 1)
    union = _areas(first) + _areas(second)
    union -= overlap
    # Boxes without a positive union do not overlap either.
    overlap /= np.maximum(union, _TINY, out=union)
    return overlap


def _shared(first: Array, second: Array, axis: int) -> Array:
    """Length that two boxes have in common along x (0) or y (1): NumPy is slow where the last axis is as short as 2."""
    shared: Array = np.minimum(first[..., axis + 2], second[..., axis + 2])
    shared -= np.maximum(first[..., axis], second[..., axis])
    return np.maximum(shared, 0.0, out=shared)


def _areas(xyxy: Array) -> Array:
    areas: Array = xyxy[..., 2] - xyxy[..., 0]
    areas *= xyxy[..., 3] - xyxy[..., 1]
    return areas
