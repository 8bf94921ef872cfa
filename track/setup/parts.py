"""The parts of tracking, loaded: detector, encoder, tracker, and what measures the camera's motion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from detectors import Detector
from reid import Encoder
from tracker import AppearanceOnDemand, Tracker

__all__ = ["Affine", "Camera", "Models"]


Affine = npt.NDArray[np.float64]


class Camera(Protocol):
    """Measures how the camera moved."""

    def estimate(self, image: npt.NDArray[np.uint8] | None, xyxy: npt.NDArray[np.floating[Any]]) -> Affine:
        """The affine map `(2, 3)` of px from the frame before to this one; see `track.setup.camera_motion`."""
        ...


@dataclass(frozen=True)
class Models:
    """The parts of tracking, wired for one run.

    Attributes:
        detector: frame -> detections.
        encoder: detections -> embeddings.
        tracker: a fresh one.
        camera: measures the camera's motion for the tracker, where that is wanted and there are pictures.
        demand: chooses the detections to embed; `None` for all of them.
    """

    detector: Detector
    encoder: Encoder
    tracker: Tracker
    camera: Camera | None = None
    demand: AppearanceOnDemand | None = None
