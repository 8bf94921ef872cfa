"""Appearance without a network: which colours a person wears at which height.

The honest baseline of every table of encoders: a network that is not ahead of it has learned no more than colours. It
sees clothes as the camera does, so another white balance or a shadow makes somebody another person.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from reid.boxes import as_boxes
from reid.cropping import crop_batch
from reid.encoder import Embeddings, refuse_network, unit_length
from reid.gates import GateCurve
from reid.resizing import LINEAR

__all__ = ["COLOUR", "GATE", "ColourEncoder", "create_colour"]

COLOUR = "colour"
INPUT_SIZE = (128, 64)
STRIPES = 6
HSV_BINS = (8, 8, 4)
HSV_RANGES = (0, 180, 0, 256, 0, 256)  # of OpenCV's bytes
GATE = 0.412
"""As of the bundled networks: 1 % of different people match, among the 200 held out of 1,000 drawn ones (by `track
eval-reid --data synthetic:1000 --reid colour`)."""


class ColourEncoder:
    """Histograms of hue, saturation and value in six stripes from head to feet, as one vector.

    Of each bin the square root counts, so that the cosine of two vectors is the mean Bhattacharyya coefficient of their
    stripes. Attributes as of `reid.Encoder`, methods as of `RuntimeEncoder`.
    """

    name = COLOUR
    embedding_dim = STRIPES * HSV_BINS[0] * HSV_BINS[1] * HSV_BINS[2]
    needs_images = True
    gate: float | None = GATE
    gate_curve: GateCurve | None = None
    runtime: str | None = None
    precision: str | None = None
    device = "cpu"
    input_size = INPUT_SIZE
    resize = LINEAR

    def encode(
        self,
        image: npt.NDArray[np.uint8] | None,
        xyxy: npt.ArrayLike,
        features: npt.ArrayLike | None = None,
    ) -> Embeddings:
        """`(N, 1536)` float32 rows of unit length; see `Encoder.encode`. `features` is not looked at.

        Raises:
            ValueError: no image, or no boxes of shape `(N, 4)`.
        """
        boxes = as_boxes(xyxy)
        if image is None:
            raise ValueError(
                "--reid colour looks at pixels, but this source has no images; use --reid none, or --reid file where"
                " the detections carry features"
            )
        return self.embed_crops(crop_batch(image, boxes, input_size=INPUT_SIZE, fill=(0, 0, 0)))

    def embed_crops(self, crops: npt.NDArray[np.uint8]) -> Embeddings:
        """`(N, 1536)` float32 rows of unit length of `(N, 128, 64, 3)` uint8 BGR crops."""
        rows = np.empty((len(crops), self.embedding_dim), np.float32)
        for row, crop in zip(rows, crops, strict=True):
            row[:] = _histograms(crop)
        return unit_length(np.sqrt(rows), COLOUR)


def _histograms(crop: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    hsv = cv2.cvtColor(crop, cv2.COLOR_BGR2HSV)
    stripes = np.array_split(hsv, STRIPES)
    return np.concatenate([cv2.calcHist([stripe], [0, 1, 2], None, HSV_BINS, HSV_RANGES).ravel() for stripe in stripes])


def create_colour(
    name: str, *, weights: Path | None, device: str, seed: int, batch_size: int, runtime: str
) -> ColourEncoder:
    """The encoder; it has no weights and runs in no runtime.

    Raises:
        ValueError: weights or a runtime were asked for.
    """
    refuse_network(name, weights, runtime)
    return ColourEncoder()
