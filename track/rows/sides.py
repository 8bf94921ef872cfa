"""Over which edge of the picture somebody came or went."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["INSIDE", "SIDES", "side_of"]

Array = npt.NDArray[np.float64]

SIDES = ("left", "right", "top", "bottom")
INSIDE = "inside"
NEAR_HEIGHTS = 0.15
"""A box so many of its heights from an edge is at that edge: the way of a walker from one look of a detector to the
next, at ten a second."""


def side_of(box: Array, inward: Array, size: tuple[int, int]) -> str:
    """The edge that a box is at; `inside` where it is at none.

    A box may be at two: whoever comes from the left close to the camera touches the bottom all the time. Then the way
    tells.

    Args:
        box: `(4,)` xyxy, px: the first of somebody, or the last.
        inward: `(2,)` px, their way from there into the picture: the way after the first box, or the one up to the
            last, turned round.
        size: width and height of the picture, px.
    """
    distances = np.array([box[0], size[0] - box[2], box[1], size[1] - box[3]])
    ways = np.array([inward[0], -inward[0], inward[1], -inward[1]])
    near = np.flatnonzero(distances <= NEAR_HEIGHTS * (box[3] - box[1]))
    if not len(near):
        return INSIDE
    best = max(near.tolist(), key=lambda side: (max(ways[side], 0.0), -distances[side]))
    return SIDES[best]
