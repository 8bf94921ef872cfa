"""People of fine stripes, so that a test can tell whether somebody was hidden."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.track.media import write_clip
from tests.track.runs import HEIGHT, WIDTH, Walker, write_detections

__all__ = ["pattern_in", "write_patterned"]


def write_patterned(folder: Path, walkers: Sequence[Walker], num_frames: int) -> Path:
    """`clip.mp4`, in which walkers are black and white stripes of one pixel, and its detections `clip.txt`."""
    images = []
    for frame in range(num_frames):
        image = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
        for walker in walkers:
            if walker.first <= frame < walker.last:
                left, top, right, bottom = _box(walker, frame)
                image[top:bottom:2, left:right], image[top + 1 : bottom : 2, left:right] = 255, 0
        images.append(image)
    write_detections(folder / "clip.txt", walkers, num_frames)
    return write_clip(folder / "clip.mp4", images, fps=10, options={"crf": "4"})


def pattern_in(image: npt.NDArray[np.uint8], walker: Walker, frame: int) -> float:
    """How unlike neighbouring rows of somebody are, grey, 0 to 255: above 100 where the stripes are to be seen."""
    left, top, right, bottom = _box(walker, frame)
    inside = image[top + 2 : bottom - 2, left + 2 : right - 2].astype(float).mean(axis=2)
    return float(np.abs(np.diff(inside, axis=0)).mean())


def _box(walker: Walker, frame: int) -> tuple[int, int, int, int]:
    _, _, x, y, width, height, _ = (int(value) for value in walker.row(frame))
    return max(x, 0), y, max(x + width, 0), y + height
