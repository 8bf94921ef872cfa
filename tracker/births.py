"""Who starts a track: not what a track already explains.

A detector gives a person and the same person with their bicycle, or the upper half of somebody beside the whole. Such a
second box is no second object.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .association import iou_pairs
from .boxes import shared_areas
from .config import TrackerConfig
from .pairs import Mask
from .table import CONFIRMED, TrackTable

__all__ = ["explained"]

Array = npt.NDArray[np.float64]


def explained(xyxy: Array, class_ids: npt.NDArray[np.int64], table: TrackTable, config: TrackerConfig) -> Mask:
    """Which boxes `(N, 4)` lie on a confirmed track of their class that was seen in this frame.

    Of their class: somebody in front of a bus is no part of it. See `birth_iou`, `birth_inside`.
    """
    doubles = np.zeros(len(xyxy), np.bool_)
    if config.birth_iou == 1 and config.birth_inside == 1:
        return doubles
    rows = ((table.state == CONFIRMED) & (table.misses == 0)).nonzero()[0]
    if not len(rows) or not len(xyxy):
        return doubles
    tracks = table.expected_xyxy(rows)
    pairs = iou_pairs(tracks, xyxy, 1.0)
    pairs = pairs[table.class_id[rows].take(pairs.tracks) == class_ids.take(pairs.detections)]
    own = (xyxy[:, 2:] - xyxy[:, :2]).prod(axis=1)
    shared = shared_areas(tracks.take(pairs.tracks, axis=0), xyxy.take(pairs.detections, axis=0))
    inside = shared > config.birth_inside * own.take(pairs.detections)
    doubles[pairs.detections[inside | (1 - pairs.costs > config.birth_iou)]] = True
    return doubles
