"""On which side of a line, or how deep in a zone, and how far: for many points at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from track.places.types import Line, Zone

__all__ = ["Side", "ZoneSide", "crossing_is_on", "reach_of"]

Floats = npt.NDArray[np.float64]
_GRID = 48
"""Points a side of the grid on which the widest place of a zone is looked for."""


class Side:
    """A line: px to the right of it, below 0 to its left."""

    def __init__(self, line: Line) -> None:
        self.start = np.array(line.start, np.float64)
        self.way = np.array(line.end, np.float64) - self.start
        self.length = float(np.hypot(*self.way))

    def __call__(self, points: Floats) -> Floats:
        """`(M,)` signed distances (px) of `points` `(M, 2)` to the whole line, beyond its ends too."""
        x, y = (points - self.start).T
        return np.asarray((self.way[0] * y - self.way[1] * x) / self.length)


class ZoneSide:
    """A zone: px to its border from inside, below 0 from outside."""

    def __init__(self, zone: Zone) -> None:
        self.corners = np.array(zone.polygon, np.float64)
        self.ways = np.roll(self.corners, -1, axis=0) - self.corners

    def __call__(self, points: Floats) -> Floats:
        """`(M,)` signed distances (px) of `points` `(M, 2)` to the border."""
        offset = points[:, None] - self.corners  # (M, C, 2)
        along = np.clip((offset * self.ways).sum(-1) / (self.ways**2).sum(-1), 0, 1)
        nearest = np.sqrt(((offset - along[..., None] * self.ways) ** 2).sum(-1).min(1, initial=np.inf))
        return np.asarray(np.where(self._inside(points), nearest, -nearest))

    def _inside(self, points: Floats) -> npt.NDArray[np.bool_]:
        """Whether a ray to the right crosses the border an odd number of times."""
        above = self.corners[:, 1] > points[:, 1:2]  # (M, C)
        spans = above != np.roll(above, -1, axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            x = self.corners[:, 0] + (points[:, 1:2] - self.corners[:, 1]) * self.ways[:, 0] / self.ways[:, 1]
        return np.asarray((spans & (points[:, :1] < x)).sum(1) % 2 == 1)


def reach_of(zone: Zone) -> float:
    """How deep (px) one can be inside of a zone, about."""
    corners = np.array(zone.polygon, np.float64)
    (left, top), (right, bottom) = corners.min(0), corners.max(0)
    x, y = np.meshgrid(np.linspace(left, right, _GRID + 2)[1:-1], np.linspace(top, bottom, _GRID + 2)[1:-1])
    return float(ZoneSide(zone)(np.stack([x.ravel(), y.ravel()], axis=1)).max())


def crossing_is_on(side: Side, before: Floats, after: Floats, values: tuple[float, float]) -> bool:
    """Whether the way from one point to the next, with these signed distances, crosses the line between its ends."""
    share = abs(values[0]) / max(abs(values[0]) + abs(values[1]), 1e-12)
    along = float(np.dot(before + share * (after - before) - side.start, side.way)) / side.length**2
    return 0.0 <= along <= 1.0
