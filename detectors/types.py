"""What every detector takes and gives: options in, `Detections` out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Detections", "Detector", "DetectorOptions", "Image", "required"]

Image = npt.NDArray[np.uint8]
"""BGR picture, `(H, W, 3)`."""


@dataclass(frozen=True)
class Detections:
    """The boxes of one frame.

    Attributes:
        xyxy: `(N, 4)` px, top-left origin, `x2`/`y2` exclusive. float32 from detectors that look at pixels; float64
            from files, so that their decimals reach the tracker unrounded.
        scores: `(N,)` float32, the detector's confidence.
        class_ids: `(N,)` int64, keys of the detector's `class_names`.
        features: `(N, F)` float32, appearance vectors that came with the boxes; `F` is 0 where there are none.
    """

    xyxy: npt.NDArray[np.floating[Any]]
    scores: npt.NDArray[np.float32]
    class_ids: npt.NDArray[np.int64]
    features: npt.NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 0), np.float32))

    def __post_init__(self) -> None:
        count = len(self.xyxy)
        if self.xyxy.ndim != 2 or self.xyxy.shape[1] != 4:
            raise ValueError(f"xyxy must have shape (N, 4), but got {self.xyxy.shape}")
        if self.features.size == 0 and len(self.features) != count:
            object.__setattr__(self, "features", np.empty((count, 0), np.float32))
        for name in ("scores", "class_ids", "features"):
            if len(getattr(self, name)) != count:
                raise ValueError(f"{name} must have one row a box ({count}), but got {len(getattr(self, name))}")

    def __len__(self) -> int:
        return len(self.xyxy)

    def __getitem__(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.intp] | slice) -> Detections:
        """The chosen rows, by boolean mask, index array or slice."""
        return Detections(self.xyxy[rows], self.scores[rows], self.class_ids[rows], self.features[rows])

    @staticmethod
    def empty() -> Detections:
        """No boxes."""
        return Detections(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.int64))


@dataclass(frozen=True)
class DetectorOptions:
    """What a user can ask of a detector; `None` leaves the detector's own default.

    Attributes:
        classes: class *names* to keep; all classes of the detector when empty.
        confidence: lowest score to keep, 0 to 1.
        iou: overlap above which the weaker of two boxes of a class is suppressed (YOLO's non-maximum suppression).
        image_size: longer side of the network's input, px.
        device: `auto`, `cpu`, `cuda:0`, `mps`, ...
        sequence: MOTChallenge sequence folder that is being tracked, where there is one (for `public`).
        frame_rate: frames per second of the source (for `motion`, whose memory is in seconds).
        trust: whether a file of weights may run code of whoever made it (see `detectors.trust`).
    """

    classes: tuple[str, ...] = ()
    confidence: float | None = None
    iou: float | None = None
    image_size: int | None = None
    device: str = "auto"
    sequence: Path | None = None
    frame_rate: float = 25.0
    trust: bool = False


class Detector(Protocol):
    """Finds the objects of one frame.

    Attributes:
        name: public name.
        class_names: by class id.
        needs_images: whether `detect` looks at the picture.
        parallel: calls of `detect` that may go on at once, each in a thread of its own; 1 where frames come in order.
    """

    name: str
    class_names: Mapping[int, str]
    needs_images: bool

    @property
    def parallel(self) -> int: ...  # noqa: D102

    def detect(self, image: Image | None, frame_index: int) -> Detections:
        """The boxes of one frame.

        Args:
            image: BGR uint8 `(H, W, 3)`; `None` for a source without images (only when `needs_images` is false).
            frame_index: 0-based index in the source.
        """
        ...


def required(image: Image | None, what: str) -> Image:
    """The image, where a detector cannot do without.

    Raises:
        ValueError: there is none; the message names the detector as `what`.
    """
    if image is None:
        raise ValueError(f"{what} needs images, but this source has none. Use --detector public.")
    return image
