"""How the camera moves, as the boxes tell it: what all tracks have in common is not theirs.

Where pictures are at hand, the background says it better (`camera_motion`); detections alone, as in a file, or a
tracker in somebody's own program, say it where enough tracks agree.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .boxes import iou_matrix, xyah_to_xyxy
from .table import TrackTable

__all__ = ["camera_shift"]

Array = npt.NDArray[np.float64]

_FEWEST, _MOST = 4, 16
"""Tracks that must agree, and as many as are asked: more would only cost time."""
_LEAST_IOU = 0.2
"""Of a track and the detection taken for it; little, since the camera has moved between them."""
_FOUNDED_HITS = 3
"""Detections that a track must have had: the velocity of a new one is not known."""
_DEVIATIONS = 3.0
"""A shift counts from so many standard errors of the median on."""
_NORMAL = 1.4826 * 1.2533
"""From the median absolute deviation of n values to n^0.5 times the standard error of their median, if normal."""


def camera_shift(table: TrackTable, xyxy: Array) -> Array:
    """The `(2,)` px by which tracks seen in the frame before lie beside their detections, in the median; 0 unless sure.

    Args:
        table: of tracks predicted to this frame.
        xyxy: `(N, 4)` px, its detections.
    """
    still = np.zeros(2)
    rows = ((table.misses == 1) & (table.hits >= _FOUNDED_HITS)).nonzero()[0][:_MOST]
    if len(rows) < _FEWEST or len(xyxy) < _FEWEST:
        return still
    expected = table.mean[..., 0].take(rows, axis=0)
    overlaps = iou_matrix(xyah_to_xyxy(expected), xyxy)
    best = overlaps.argmax(axis=1)
    of_best = overlaps.take(best, axis=1)  # each with the best of each: a pair that agrees is on the diagonal
    agreed = (of_best.argmax(axis=0) == np.arange(len(rows))) & (of_best.diagonal() >= _LEAST_IOU)
    if np.count_nonzero(agreed) < _FEWEST:
        return still
    found = xyxy.take(best[agreed], axis=0)
    offsets = (found[:, :2] + found[:, 2:]) / 2 - expected[agreed, :2]
    shift = _median(offsets)
    error = _median(np.abs(offsets - shift)) * (_NORMAL / len(offsets) ** 0.5)
    return np.asarray(np.where(np.abs(shift) > _DEVIATIONS * error, shift, still))


def _median(values: Array) -> Array:
    """Of each column; of an even number the upper one. `np.median` takes five times as long for so few."""
    return np.asarray(np.sort(values, axis=0)[len(values) // 2])
