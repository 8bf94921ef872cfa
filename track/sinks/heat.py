"""Where people were, as heat on the picture: what an hour of feet leaves behind."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from track.rows.types import FrameTracks

__all__ = ["HeatDrawer"]

Image = npt.NDArray[np.uint8]

CELL_PX = 8
SPREAD_HEIGHTS = 0.12
"""Standard deviation of the place of somebody's feet, in heights of the box: about half a step."""
STRONGEST = 0.65
"""Share of the colour where it is hottest; the rest is the picture."""


class HeatDrawer:
    """Adds up, frame after frame, where feet were, and shows it; somebody who stands warms one place.

    Args:
        width, height: px of the pictures.
    """

    def __init__(self, width: int, height: int) -> None:
        self._heat = np.zeros((height // CELL_PX + 1, width // CELL_PX + 1), np.float32)
        self._rows, self._columns = (np.arange(size, dtype=np.float32) for size in self._heat.shape)

    def draw_on(self, image: Image, tracks: FrameTracks) -> Image:
        """`image` itself, with the heat up to this frame."""
        for x1, y1, x2, y2 in tracks.xyxy.tolist():
            spread = max(SPREAD_HEIGHTS * (y2 - y1) / CELL_PX, 0.5)
            down, across = ((self._rows * CELL_PX - y2) / CELL_PX, (self._columns * CELL_PX - (x1 + x2) / 2) / CELL_PX)
            bells = (np.exp(-0.5 * (away / spread) ** 2) for away in (down, across))
            self._heat += np.outer(*bells).astype(np.float32)
        highest = float(self._heat.max())
        if highest <= 0:
            return image
        share = cv2.resize(np.sqrt(self._heat / highest), (image.shape[1], image.shape[0]))
        colours = cv2.applyColorMap((255 * share).astype(np.uint8), cv2.COLORMAP_TURBO)
        weight = (STRONGEST * np.minimum(2 * share, 1.0))[..., None]
        image[:] = np.rint(image * (1 - weight) + colours * weight).astype(np.uint8)
        return image
