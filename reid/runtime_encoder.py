"""Embeddings from a network in whatever runtime: crop, run in batches, unit length."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from reid.boxes import as_boxes
from reid.cropping import crop_batch
from reid.encoder import Embeddings, unit_length
from reid.runtimes.facts import EncoderFacts
from reid.runtimes.types import Rows, Runtime

__all__ = ["RuntimeEncoder"]


class RuntimeEncoder:
    """A network in some runtime, ready to embed the boxes of a frame.

    The embedding of a box depends on the frame and the box alone: not on the other boxes, their order or `batch_size`,
    up to the rounding of kernels that may sum in another order for another batch size (measured on an x86 CPU: no
    difference in PyTorch, and below 1e-6 in ONNX Runtime and OpenVINO). Several threads may embed at once; in OpenVINO
    one waits for the other, since each pass takes all cores anyway.

    Args:
        runtime: where the network runs.
        facts: of the network.
        batch_size: most crops in one pass, rounded down to a multiple of the runtime's step (but not below it).
    """

    needs_images = True

    def __init__(self, runtime: Runtime, facts: EncoderFacts, *, batch_size: int = 32) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size must be 1 or more, but got {batch_size}")
        self.name = facts.backbone
        self.embedding_dim = facts.embedding_dim
        self.input_size = facts.input_size
        self.resize = facts.resize
        self.gate = facts.max_cosine_distance
        self.gate_curve = facts.gate_curve
        self.facts = facts
        self.device = runtime.device
        self.runtime = runtime.name
        self.precision = runtime.precision
        self._step = runtime.batch_step
        self._batch_size = max(self._step, batch_size // self._step * self._step)
        self._runtime = runtime

    def encode(
        self,
        image: npt.NDArray[np.uint8] | None,
        xyxy: npt.ArrayLike,
        features: npt.ArrayLike | None = None,
    ) -> Embeddings:
        """`(N, D)` float32 rows of unit length; see `Encoder.encode`. `features` is not looked at.

        Raises:
            ValueError: no image, or no boxes of shape `(N, 4)`.
        """
        boxes = as_boxes(xyxy)
        if image is None:
            raise ValueError(
                f"--reid {self.name} looks at pixels, but this source has no images; use --reid none, or --reid file"
                " where the detections carry features"
            )
        if not isinstance(image, np.ndarray):
            raise ValueError(f"image is a {type(image).__name__}, expected a NumPy array, uint8 (H, W, 3) in BGR")
        crops = crop_batch(image, boxes, input_size=self.input_size, fill=self.facts.mean, resize=self.resize)
        return self.embed_crops(crops)

    def embed_crops(self, crops: npt.NDArray[np.uint8]) -> Embeddings:
        """`(N, D)` float32 rows of unit length of `(N, H, W, 3)` uint8 BGR crops of the input size.

        Raises:
            ValueError: crops of another shape or type.
        """
        if crops.dtype != np.uint8 or crops.ndim != 4 or crops.shape[1:] != (*self.input_size, 3):
            height, width = self.input_size
            raise ValueError(
                f"{self.name} takes uint8 crops of shape (N, {height}, {width}, 3), but got {crops.dtype} of shape"
                f" {crops.shape}; cut them with reid.preprocess.crop_batch"
            )
        if len(crops) == 0:
            return np.empty((0, self.embedding_dim), np.float32)
        starts = range(0, len(crops), self._batch_size)
        rows = [self._embed_batch(crops[start : start + self._batch_size]) for start in starts]
        return unit_length(np.concatenate(rows), self.name)

    def _embed_batch(self, crops: npt.NDArray[np.uint8]) -> Rows:
        """One pass; blank crops fill a batch up to the runtime's step."""
        padding = -len(crops) % self._step
        if not padding:
            return self._runtime.run(np.ascontiguousarray(crops))
        blank = np.zeros((padding, *crops.shape[1:]), np.uint8)
        return self._runtime.run(np.concatenate([crops, blank]))[: len(crops)]
