"""How tall an object is, learned from where it stands: height = slope * foot row + offset, for a camera above ground.

On a flat floor the pixel height of things of one size is a linear function of the row of their feet (Hoiem et al. 2008,
"Putting objects in perspective", eq. 6 for a level horizon). The line is fitted, while watching, to blobs that are
surely one object.
"""

from __future__ import annotations

from collections import deque
from typing import overload

import numpy as np
import numpy.typing as npt

__all__ = ["SizePrior"]

MEMORY = 600  # single objects remembered
NEEDED = 40  # singles before the prior is trusted
REFIT_EVERY = 20
QUANTILE = 0.75
MIN_SPREAD = 0.12  # of the picture's height: with feet in fewer rows than that, a slope means nothing


class SizePrior:
    """Expected size of an object, in pixels of the picture in which the blobs were measured.

    Args:
        picture_height: rows of that picture.
    """

    def __init__(self, picture_height: int) -> None:
        self._rows = float(picture_height)
        self._seen: deque[tuple[float, float, float]] = deque(maxlen=MEMORY)
        self._new = 0
        self._line: tuple[float, float] | None = None
        self._aspect = 0.4

    @property
    def known(self) -> bool:
        """Whether enough single objects have been seen."""
        return self._line is not None

    def add(self, foot: float, height: float, width: float) -> None:
        """Learn from one box that is surely a single, whole object."""
        self._seen.append((foot, height, width))
        self._new += 1
        if len(self._seen) >= NEEDED and (self._line is None or self._new >= REFIT_EVERY):
            self._fit()
            self._new = 0

    @overload
    def height(self, foot: float) -> float: ...
    @overload
    def height(self, foot: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]: ...
    def height(self, foot: float | npt.NDArray[np.float64]) -> float | npt.NDArray[np.float64]:
        """Expected height, px, of an object whose lowest row is `foot` (`(N,)` for several); only when `known`."""
        slope, offset = self._line or (0.0, self._rows)
        if isinstance(foot, np.ndarray):
            return np.maximum(slope * foot + offset, 0.03 * self._rows)
        return max(slope * foot + offset, 0.03 * self._rows)

    def height_from_top(self, top: float) -> float:
        """Expected height, px, of an object whose highest row is `top`; only when `known`."""
        slope, offset = self._line or (0.0, self._rows)
        return max((slope * top + offset) / (1.0 - slope), 0.03 * self._rows)

    def width(self, height: float) -> float:
        """Usual width of an object of that height, px."""
        return self._aspect * height

    def _fit(self) -> None:
        foot, height, width = np.array(self._seen, np.float64).T
        self._aspect = float(np.median(width / height))
        if np.subtract(*np.percentile(foot, [95, 5])) < MIN_SPREAD * self._rows:
            self._line = (0.0, float(np.quantile(height, QUANTILE)))
            return
        self._line = _least_absolute_line(foot, height)


def _least_absolute_line(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Line below which 30 % of the points lie, by reweighted least squares on relative errors; slope 0 to 0.8.

    The upper part, because a blob that lost its legs or its head is shorter, while hardly anything makes it taller.
    """
    weight = 1.0 / y
    slope = offset = 0.0
    for _ in range(8):
        slope, offset = np.polyfit(x, y, 1, w=weight)
        error = y - (slope * x + offset)
        side = np.where(error > 0, QUANTILE, 1.0 - QUANTILE)
        weight = np.sqrt(side / np.maximum(np.abs(error) / y, 0.02)) / y
    slope = min(max(float(slope), 0.0), 0.8)
    return slope, float(np.quantile(y - slope * x, QUANTILE))
