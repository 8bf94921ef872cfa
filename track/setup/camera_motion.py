"""How the camera moved since the frame before: sparse optical flow of the background, on a small grey picture.

Corners outside the boxes of people are followed by Lucas and Kanade's method in a pyramid (Bouguet 2000); the motion
that most of them agree on (RANSAC, Fischler and Bolles 1981) is the camera's: shift, rotation and zoom. The tracker
takes it into account before it predicts, so that a pan is not mistaken for everybody starting to run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["CameraMotion"]

Affine = npt.NDArray[np.float64]
Grey = npt.NDArray[np.uint8]

_WIDTH = 480
"""px of the small picture: a pan of a person's width is a few px there, and flow costs a millisecond."""
_MAX_CORNERS, _QUALITY, _SPACING = 120, 0.01, 12
_FEWEST_AGREEING, _AGREEING_SHARE = 12, 0.5
"""Corners that must move together, and their share of all that were found again; else the estimate is thrown away."""
_AGREE_PX = 1.5
"""px in the small picture."""
_MAX_ZOOM, _MAX_SHIFT = 0.2, 0.4
"""A zoom or a shift (of the picture's width) beyond this, from one frame to the next, is a cut or an error."""
_STILL_PX = 0.3
"""px in the small picture: where most corners moved less, the camera stood still; so no drift builds up."""
_LK: dict[str, Any] = {"winSize": (15, 15), "maxLevel": 3, "criteria": (3, 15, 0.03)}
_IDENTITY = np.eye(2, 3)


@dataclass
class CameraMotion:
    """Follows the background of one video, frame after frame.

    Attributes:
        num_frames: frames looked at, without the first.
        num_failed: of those, without an estimate; the camera is then taken to stand still.
        num_moving: of those, in which the camera moved.
    """

    num_frames: int = 0
    num_failed: int = 0
    num_moving: int = 0

    def __post_init__(self) -> None:
        self._grey: Grey | None = None
        self._corners: npt.NDArray[np.float32] | None = None
        self._scale = 1.0

    def estimate(self, image: npt.NDArray[np.uint8] | None, xyxy: npt.NDArray[np.floating[Any]]) -> Affine:
        """The affine map `(2, 3)` of px from the frame before to this one.

        Args:
            image: `(H, W, 3)` BGR; `None` (a frame without a picture) tells of no motion.
            xyxy: `(N, 4)` px, boxes of this frame: what moves by itself, and is left out from the next frame on.
        """
        if image is None:
            return _IDENTITY.copy()
        before, corners = self._grey, self._corners
        grey = self._small(image)
        self._grey, self._corners = grey, _corners(grey, np.asarray(xyxy) * self._scale)
        if before is None or before.shape != grey.shape:
            return _IDENTITY.copy()
        self.num_frames += 1
        affine = None if corners is None else _common_motion(before, grey, corners)
        if affine is None:
            self.num_failed += 1
            return _IDENTITY.copy()
        self.num_moving += not np.array_equal(affine, _IDENTITY)
        affine[:, 2] /= self._scale
        return affine

    def _small(self, image: npt.NDArray[np.uint8]) -> Grey:
        height, width = image.shape[:2]
        self._scale = min(_WIDTH / width, 1.0)
        size = (max(round(width * self._scale), 1), max(round(height * self._scale), 1))
        small = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR) if self._scale < 1 else image
        return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)


def _corners(grey: Grey, xyxy: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float32] | None:
    """Corners outside the boxes, `(K, 1, 2)` px; `None` where there are too few to tell anything."""
    mask = np.full(grey.shape, 255, np.uint8)
    height, width = grey.shape
    for left, top, right, bottom in np.clip(xyxy, 0, [width, height, width, height]).astype(int).tolist():
        mask[top : bottom + 1, left : right + 1] = 0
    found = cv2.goodFeaturesToTrack(grey, _MAX_CORNERS, _QUALITY, _SPACING, mask=mask)
    return None if found is None or len(found) < _FEWEST_AGREEING else np.asarray(found, np.float32)


def _common_motion(before: Grey, now: Grey, corners: npt.NDArray[np.float32]) -> Affine | None:
    """The motion that most corners agree on, in px of the small picture; `None` where they don't."""
    start = np.empty_like(corners)
    moved, found, _ = cv2.calcOpticalFlowPyrLK(before, now, corners, start, **_LK)
    there = found.ravel() == 1
    if int(there.sum()) < _FEWEST_AGREEING:
        return None
    origin, target = corners[there].reshape(-1, 2), moved[there].reshape(-1, 2)
    if float(np.median(np.abs(target - origin).max(axis=1))) < _STILL_PX:
        return _IDENTITY.copy()
    affine, agree = cv2.estimateAffinePartial2D(origin, target, method=cv2.RANSAC, ransacReprojThreshold=_AGREE_PX)
    if affine is None or int(agree.sum()) < max(_FEWEST_AGREEING, _AGREEING_SHARE * len(origin)):
        return None
    zoom = float(np.hypot(affine[0, 0], affine[1, 0]))
    if abs(zoom - 1) > _MAX_ZOOM or float(np.abs(affine[:, 2]).max()) > _MAX_SHIFT * now.shape[1]:
        return None
    return np.asarray(affine, np.float64)
