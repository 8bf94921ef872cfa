"""What the border of the picture cuts off: a box that lies on it shows only a part of its object.

Who enters is seen part by part, who leaves likewise, and such a box is no measure of the object: ground truths draw the
whole of it, and it is often gone a moment later. So a track that was never seen whole is confirmed only when it stays
for a while, and one of which too little is left of what was seen whole is no longer shown. Both go on being tracked.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .clock import ROUNDING_S
from .config import TrackerConfig
from .pairs import Index, Mask
from .table import TrackTable

__all__ = ["cut_off", "is_entering", "is_leaving", "remember_birth", "remember_border", "watches_border"]

Array = npt.NDArray[np.float64]

_TOLERANCE = 0.005
"""Fraction of the longer side of the picture within which a side of a box lies on the border: detectors clip their
boxes there, some a few px short of it."""


def watches_border(config: TrackerConfig) -> bool:
    """Whether the configuration asks for any of this."""
    return config.border_wait_s > 0 or config.border_share > 0


def cut_off(xyxy: Array, frame_size: tuple[int, int] | None) -> Mask:
    """Which boxes `(N, 4)` end on the border of a picture of that width and height; none without a size.

    A box that goes on beyond the border is not cut off: its detector says where the object ends.
    """
    if frame_size is None:
        return np.zeros(len(xyxy), np.bool_)
    from_border = xyxy - (0, 0, *frame_size)
    near = np.abs(from_border, out=from_border) <= _TOLERANCE * max(frame_size)
    return np.asarray(np.logical_or.reduce(near, axis=1))


def remember_birth(table: TrackTable, rows: Index, time_s: float) -> None:
    """Note that `rows` are new, and so have not been seen whole."""
    table.whole_area[rows] = 0.0
    table.born_s[rows] = time_s


def remember_border(table: TrackTable, rows: Index, xyxy: Array, frame_size: tuple[int, int] | None) -> None:
    """Note how much of each of `rows` its detection `xyxy` shows."""
    sizes = xyxy[:, 2:] - xyxy[:, :2]
    areas, cut = sizes[:, 0] * sizes[:, 1], cut_off(xyxy, frame_size)
    if not np.count_nonzero(cut):  # as in most frames
        table.whole_area[rows] = areas
        table.cut_area[rows] = np.inf
        return
    table.whole_area[rows[~cut]] = areas[~cut]
    table.cut_area[rows] = np.where(cut, areas, np.inf)


def is_entering(table: TrackTable, config: TrackerConfig, time_s: float) -> Mask:
    """`(T,)`, which tracks were never seen whole, and not for `border_wait_s` either."""
    return np.asarray((table.whole_area == 0) & (time_s - table.born_s < config.border_wait_s - ROUNDING_S))


def is_leaving(table: TrackTable, config: TrackerConfig) -> Mask:
    """`(T,)`, which are cut off, with less than `border_share` left of the area that they had when seen whole."""
    return np.asarray(table.cut_area < config.border_share * table.whole_area)
