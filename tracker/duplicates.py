"""Two tracks on one object: which of them goes."""

from __future__ import annotations

import numpy as np

from .association import iou_pairs
from .boxes import xyah_to_xyxy
from .pairs import Mask
from .table import TrackTable

__all__ = ["lesser_duplicates"]


def lesser_duplicates(table: TrackTable, dead: Mask, overlap: float) -> Mask:
    """Which live tracks, `(N,)`, lie on another that is better founded.

    Better founded is who was seen in this frame, then who has more hits, then who is older. Two tracks that were both
    not seen are left alone: nothing tells them apart now.

    Args:
        dead: `(N,)`, tracks that are about to go anyway.
        overlap: IoU from which two tracks lie on one object.
    """
    lesser = np.zeros(len(table), np.bool_)
    alive = np.flatnonzero(~dead)
    xyxy = xyah_to_xyxy(table.mean[alive, :, 0])
    pairs = iou_pairs(xyxy, xyxy, 1 - overlap)
    once = pairs[pairs.tracks < pairs.detections]
    for first, second in zip(alive[once.tracks].tolist(), alive[once.detections].tolist(), strict=True):
        rank = [(table.misses[i] == 0, table.hits[i], -table.birth[i]) for i in (first, second)]
        if lesser[first] or lesser[second] or not (rank[0][0] or rank[1][0]):
            continue
        lesser[first if rank[0] < rank[1] else second] = True
    return lesser
