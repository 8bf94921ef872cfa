"""Where appearance vectors come from: nowhere, the detections' file, colours (in `colour.py`), or a network (in
`runtime_encoder.py`).

All encoders are called alike, so that a pipeline needs no branches:

    embeddings = encoder.encode(image, detections.xyxy, detections.features)

and may be called from several threads at once.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from registry.defaults import DEFAULT_ENCODER
from reid.boxes import as_boxes
from reid.gates import GateCurve
from reid.runtimes import AUTO

__all__ = [
    "Embeddings",
    "Encoder",
    "FileEncoder",
    "NoEncoder",
    "create_file",
    "create_none",
    "refuse_network",
    "unit_length",
]

logger = logging.getLogger(__name__)

Embeddings = npt.NDArray[np.float32]


class Encoder(Protocol):
    """Boxes of one frame -> appearance embeddings.

    Attributes:
        name: public name, as in `reid.ENCODERS`.
        embedding_dim: width D of the embeddings; 0 for `none`, and for `file` until the first detections have come.
        needs_images: whether `encode` looks at the image.
        gate: largest cosine distance between views of one identity that the checkpoint suggests, `None` without one.
        gate_curve: the same by the number of people about.
        runtime, precision: what runs the network, and in which numbers; `None` without a network.
        device: the processor that it runs on.
        input_size: height and width of a crop (px) as the network sees it, `None` without a network.
    """

    name: str
    embedding_dim: int
    needs_images: bool
    gate: float | None
    gate_curve: GateCurve | None

    @property
    def runtime(self) -> str | None: ...  # noqa: D102
    @property
    def precision(self) -> str | None: ...  # noqa: D102
    @property
    def device(self) -> str: ...  # noqa: D102
    @property
    def input_size(self) -> tuple[int, int] | None: ...  # noqa: D102

    def encode(
        self,
        image: npt.NDArray[np.uint8] | None,
        xyxy: npt.ArrayLike,
        features: npt.ArrayLike | None = None,
    ) -> Embeddings:
        """`(N, D)` float32 rows of unit length.

        Args:
            image: BGR uint8 `(H, W, 3)`, `None` for a source without images.
            xyxy: `(N, 4)` px, `x2`/`y2` exclusive; may reach beyond the frame. Lists and tensors will do.
            features: `(N, F)`, the vectors that came with the detections; `F` is 0, or all of it `None`, without.
        """
        ...


class _WithoutNetwork:
    """What an encoder without a network says of itself."""

    needs_images = False
    gate: float | None = None
    gate_curve: GateCurve | None = None
    runtime = precision = input_size = None
    device = "cpu"


class NoEncoder(_WithoutNetwork):
    """Embeddings of width 0: association by motion and overlap alone."""

    name = "none"
    embedding_dim = 0

    def encode(
        self,
        image: npt.NDArray[np.uint8] | None,
        xyxy: npt.ArrayLike,
        features: npt.ArrayLike | None = None,
    ) -> Embeddings:
        """`(N, 0)`."""
        return np.empty((len(as_boxes(xyxy)), 0), np.float32)


class FileEncoder(_WithoutNetwork):
    """The features that came with the detections, at unit length.

    `embedding_dim` is learned from the first detections, and later ones must have the same width.
    """

    name = "file"

    def __init__(self) -> None:
        self.embedding_dim = 0

    def encode(
        self,
        image: npt.NDArray[np.uint8] | None,
        xyxy: npt.ArrayLike,
        features: npt.ArrayLike | None = None,
    ) -> Embeddings:
        """`(N, F)` float32 rows of unit length; `(0, F)` for a frame without detections.

        Raises:
            ValueError: detections without features, or of another width than before.
        """
        count = len(as_boxes(xyxy))
        if count == 0:
            return np.empty((0, self.embedding_dim), np.float32)
        vectors = np.empty((count, 0), np.float32) if features is None else np.asarray(features, np.float32)
        if vectors.ndim != 2 or len(vectors) != count:
            raise ValueError(f"features must have shape ({count}, F), one row a box, but got {vectors.shape}")
        width = vectors.shape[1]
        if width == 0:
            raise ValueError(
                "these detections carry no features, which --reid file needs; use --reid none, or detections from a"
                " DeepSORT .npy file (10 columns and a feature vector)"
            )
        self.embedding_dim = self.embedding_dim or width
        if width != self.embedding_dim:
            raise ValueError(f"detections came with {width} features, but earlier ones with {self.embedding_dim}")
        return unit_length(vectors, self.name)


def unit_length(vectors: npt.NDArray[np.floating[Any]], name: str) -> Embeddings:
    """Rows divided by their Euclidean length, in the precision given, as float32.

    A row without a direction (zero, or not finite) becomes the first unit vector, so that a tracker never meets NaN,
    and is reported in the log under `name`.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    bad = ~(np.isfinite(norms[:, 0]) & (norms[:, 0] > 0))
    if bad.any():
        logger.warning("%s: %d of %d embeddings have no direction (zero or not finite)", name, bad.sum(), len(bad))
        vectors, norms = vectors.copy(), norms.copy()
        vectors[bad] = np.eye(1, vectors.shape[1])
        norms[bad] = 1
    embeddings: Embeddings = (vectors / norms).astype(np.float32, copy=False)
    return embeddings


def create_none(name: str, *, weights: Path | None, device: str, seed: int, batch_size: int, runtime: str) -> NoEncoder:
    """The `none` encoder; weights and a runtime are looked at to refuse them."""
    refuse_network(name, weights, runtime)
    return NoEncoder()


def create_file(
    name: str, *, weights: Path | None, device: str, seed: int, batch_size: int, runtime: str
) -> FileEncoder:
    """The `file` encoder; weights and a runtime are looked at to refuse them."""
    refuse_network(name, weights, runtime)
    return FileEncoder()


def refuse_network(name: str, weights: Path | None, runtime: str) -> None:
    """A `ValueError` where weights or a runtime were asked for of an encoder without a network."""
    if weights is not None:
        raise ValueError(
            f"--reid {name} has no network to load {weights} into; name a backbone, such as --reid {DEFAULT_ENCODER}"
        )
    if runtime != AUTO:
        raise ValueError(
            f"--reid {name} has no network to run in {runtime}; name a backbone, such as --reid {DEFAULT_ENCODER}"
        )
