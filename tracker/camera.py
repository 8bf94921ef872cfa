"""How the camera moves, as the boxes tell it: what all tracks have in common is not theirs.

Where pictures are at hand, the background says it better (`camera_motion`); detections alone, as in a file, or a
tracker in somebody's own program, say it where enough tracks agree.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .association import iou_pairs, mutually_nearest
from .table import TrackTable

__all__ = ["camera_shift"]

Array = npt.NDArray[np.float64]

_FEWEST, _MOST = 4, 64
"""Tracks that must agree, and as many as are asked: more would only cost time."""
_IOU_DISTANCE = 0.8
"""Largest 1 - IoU of a track and the detection taken for it, wide since the camera has moved between them."""
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
    pairs = iou_pairs(table.expected_xyxy(rows), xyxy, _IOU_DISTANCE)
    nearest = mutually_nearest(pairs).nonzero()[0]
    if len(nearest) < _FEWEST:
        return still
    centres = xyxy.take(pairs.detections.take(nearest), axis=0).reshape(-1, 2, 2).mean(axis=1)
    offsets = centres - table.mean[rows[pairs.tracks.take(nearest)], :2, 0]
    shift = np.median(offsets, axis=0)
    error = np.median(np.abs(offsets - shift), axis=0) * _NORMAL / np.sqrt(len(offsets))
    return np.asarray(np.where(np.abs(shift) > _DEVIATIONS * error, shift, still))
