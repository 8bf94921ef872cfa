"""The parts of tracking, loaded: detector, encoder, tracker, and what measures the camera's motion."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
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


@dataclass
class Models:
    """The parts of tracking, and what they have done so far.

    Attributes:
        camera: measures the camera's motion for the tracker, where that is wanted and there are pictures.
        demand: chooses the detections to embed; `None` for all of them.
        num_detections: usable boxes that the tracker was given.
        rejected: boxes turned away at the door, by reason.
        num_embedded: crops that went through the encoder.
    """

    detector: Detector
    encoder: Encoder
    tracker: Tracker
    camera: Camera | None = None
    demand: AppearanceOnDemand | None = None
    num_detections: int = 0
    num_embedded: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
