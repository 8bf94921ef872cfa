"""The parts of tracking, loaded: detector, encoder, tracker, and what measures the camera's motion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from detectors import Detector
from reid import Encoder
from tracker import AppearanceOnDemand, Tracker
from tracker.types import Tracks

__all__ = ["Affine", "Camera", "Gate", "Models"]


Affine = npt.NDArray[np.float64]


class Camera(Protocol):
    """Measures how the camera moved."""

    def estimate(self, image: npt.NDArray[np.uint8] | None, xyxy: npt.NDArray[np.floating[Any]]) -> Affine:
        """The affine map `(2, 3)` of px from the frame before to this one; see `track.setup.camera_motion`."""
        ...


class Gate(Protocol):
    """Sets the appearance gate anew for each frame; see `track.setup.gates`."""

    def set(self, tracker: Tracker) -> None:
        """Before an update."""
        ...

    def learn(self, time_s: float, xyxy: npt.NDArray[Any], embeddings: npt.NDArray[Any], tracks: Tracks) -> None:
        """After it."""
        ...

    def facts(self) -> dict[str, Any]:
        """What was used, for `summary.json`."""
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
        gate: sets the appearance gate while the run goes on; `None` where one number holds throughout.
    """

    detector: Detector
    encoder: Encoder
    tracker: Tracker
    camera: Camera | None = None
    demand: AppearanceOnDemand | None = None
    gate: Gate | None = None
