"""Box forms and overlap, on arrays.

Inside, coordinates are rows: NumPy is slow where the last axis is as short as 2.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["LEAST_SIDE", "as_float32", "iou_matrix", "pairwise_iou", "shared_areas", "xyah_to_xyxy", "xyxy_to_xyah"]

Array = npt.NDArray[np.float64]

LEAST_SIDE = 1e-3
"""px; a box with a side this short has no area: far thinner than a pixel, it can only be an error."""
_TINY = 1e-300
"""px^2; boxes whose union is smaller do not overlap."""


def xyxy_to_xyah(xyxy: Array) -> Array:
    """`(N, 4)` corners (px) to what DeepSORT measures: centre x, centre y, aspect ratio (width / height), height."""
    rows = xyxy.T.copy()
    sizes = rows[2:] - rows[:2]
    rows[:2] += sizes / 2
    np.divide(sizes[0], sizes[1], out=rows[2])
    rows[3] = sizes[1]
    return rows.T.copy()


def xyah_to_xyxy(xyah: Array) -> Array:
    """`(N, 4)` centre, aspect ratio and height to corners (px)."""
    rows = xyah.T.copy()
    low, sizes = rows[:2], rows[2:]
    sizes[0] *= sizes[1]
    low -= sizes / 2
    sizes += low
    return rows.T.copy()


def as_float32(xyxy: Array) -> npt.NDArray[np.float32]:
    """`(N, 4)` corners in the precision that is given out, with x1 < x2 and y1 < y2 in that, too.

    Far from the origin the two sides of a thin box are one number in float32.
    """
    rounded = xyxy.astype(np.float32)
    low, high = rounded[:, :2], rounded[:, 2:]
    np.maximum(high, np.nextafter(low, np.float32(np.inf)), out=high)
    return rounded


def pairwise_iou(first: Array, second: Array) -> Array:
    """Intersection over union of row i of `first` with row i of `second`, both `(P, 4)` xyxy; `(P,)` in [0, 1]."""
    return _iou(first.T.copy(), second.T.copy())


def shared_areas(first: Array, second: Array) -> Array:
    """Area (px^2) that row i of `first` and row i of `second` have in common, both `(P, 4)` xyxy; `(P,)`."""
    return _shared(first.T.copy(), second.T.copy())


def iou_matrix(first: Array, second: Array) -> Array:
    """Intersection over union of each of `first` `(N, 4)` with each of `second` `(M, 4)`, xyxy; `(N, M)` in [0, 1]."""
    return _iou(first.T.copy()[:, :, None], second.T.copy()[:, None])


def _iou(first: Array, second: Array) -> Array:
    """Of any shapes `(4, ...)` that broadcast: x and y then take one expression, along the long axes."""
    overlap = _shared(first, second)
    union = _areas(first) + _areas(second)
    union -= overlap
    # Boxes without a positive union do not overlap either.
    overlap /= np.maximum(union, _TINY, out=union)
    return overlap


def _shared(first: Array, second: Array) -> Array:
    shared: Array = np.minimum(first[2:], second[2:])
    shared -= np.maximum(first[:2], second[:2])
    np.maximum(shared, 0.0, out=shared)
    overlap: Array = shared[0]
    overlap *= shared[1]
    return overlap


def _areas(xyxy: Array) -> Array:
    sizes = xyxy[2:] - xyxy[:2]
    areas: Array = sizes[0] * sizes[1]
    return areas
