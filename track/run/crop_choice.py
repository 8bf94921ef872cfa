"""Which crops of an identity are worth keeping: sharp, in the open, and unlike one another."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["Kept", "colours", "covered_shares", "kept_of", "sharpness"]

Image = npt.NDArray[np.uint8]

NORMAL_SIZE = (64, 128)
"""Width and height (px) at which crops are compared: sharpness must not depend on the distance to the camera."""
COLOUR_SIZE = (4, 8)
POOR = 0.25
"""Share of the quality of the best crop; half the contrast, as sharpness is a variance."""


@dataclass(frozen=True, eq=False)
class Kept:
    """A crop in the running.

    Attributes:
        frame: from 0.
        row: of its detection in that frame.
        sharpness: variance of the Laplacian.
        covered: share of the box that others hide, 0 to 1.
        look: embedding, or colours in small, of unit length.
        place: where its JPEG begins and ends in the spool; empty before it is there.
    """

    frame: int
    row: int
    sharpness: float
    covered: float
    look: npt.NDArray[np.float32]
    place: tuple[int, int] = (0, 0)

    @property
    def quality(self) -> float:
        """Sharp and in the open."""
        return self.sharpness * (1.0 - self.covered) ** 2


def kept_of(pool: list[Kept], count: int) -> list[Kept]:
    """The `count` crops that are good and unlike: again and again, the one goes that is worth least.

    A crop is worth its quality times its distance to the nearest other one; the best one always stays, and poor ones
    go first: what is out of focus is unlike everything else.
    """
    kept = list(pool)
    while len(kept) > count:
        quality = np.array([one.quality for one in kept])
        looks = np.stack([one.look for one in kept])
        apart = np.linalg.norm(looks[:, None] - looks[None], axis=2)
        np.fill_diagonal(apart, np.inf)
        worth = np.where(quality < POOR * quality.max(), -1 / (1 + quality), quality * apart.min(axis=1))
        worth[quality.argmax()] = np.inf
        del kept[int(worth.argmin())]
    return kept


def sharpness(crop: Image) -> float:
    """Variance of the Laplacian of a BGR crop, scaled to one size."""
    method = cv2.INTER_AREA if crop.shape[0] > NORMAL_SIZE[1] else cv2.INTER_LINEAR
    grey = cv2.cvtColor(cv2.resize(crop, NORMAL_SIZE, interpolation=method), cv2.COLOR_BGR2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_32F).var())


def colours(crop: Image) -> npt.NDArray[np.float32]:
    """The colours of a BGR crop in small, as one vector of unit length."""
    small = cv2.resize(crop, COLOUR_SIZE, interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    return np.asarray(small / max(float(np.linalg.norm(small)), 1e-6), np.float32)


def covered_shares(xyxy: npt.NDArray[np.float64], rows: list[int], size: tuple[int, int]) -> list[float]:
    """Share of each of the boxes `rows` that another one in front of it hides, or that lies outside of the picture.

    In front is whose lower edge is lower in the picture.
    """
    areas = np.maximum(np.prod(xyxy[:, 2:] - xyxy[:, :2], axis=1), 1e-9)
    shares = []
    for row in rows:
        box = xyxy[row]
        sides = np.minimum(xyxy[:, 2:], box[2:]) - np.maximum(xyxy[:, :2], box[:2])
        hidden = np.prod(np.maximum(sides, 0), axis=1) / areas[row]
        hidden[xyxy[:, 3] <= box[3]] = 0
        inside = np.prod(np.maximum(np.minimum(box[2:], size) - np.maximum(box[:2], 0), 0)) / areas[row]
        shares.append(float(min(max(hidden.max(), 1 - inside), 1.0)))
    return shares
