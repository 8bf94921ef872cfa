"""Embeddings from a network: crop, run in batches, unit length."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reid.backbones.base import Backbone
from reid.device import resolve_device
from reid.encoder import Embeddings, unit_length
from reid.preprocess import crop_batch
from reid.pretrained import load_pretrained
from reid.runtimes import check_runtime
from reid.runtimes.choose import Opened, is_exported, open_exported, open_runtime
from reid.runtimes.facts import EncoderFacts
from reid.runtimes.network import Network, facts_of, graph_of
from reid.runtimes.torch_runtime import TorchRuntime
from reid.runtimes.types import Rows, Runtime
from reid.seeded import Whitening, seeded_backbone

__all__ = ["BackboneEncoder", "RuntimeEncoder", "create_backbone_encoder", "load_network"]

logger = logging.getLogger(__name__)


class RuntimeEncoder:
    """A network in some runtime, ready to embed the boxes of a frame.

    The embedding of a box depends on the frame and the box alone: not on the other boxes, their order or `batch_size`,
    up to the rounding of kernels that may sum in another order for another batch size (measured on an x86 CPU: no
    difference in PyTorch, and below 1e-6 in ONNX Runtime and OpenVINO).

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
        self.gate = facts.max_cosine_distance
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
        xyxy: npt.NDArray[np.floating[Any]],
        features: npt.NDArray[np.float32],
    ) -> Embeddings:
        """`(N, D)` float32 rows of unit length; `features` is not looked at.

        Raises:
            ValueError: no image.
        """
        if image is None:
            raise ValueError(
                f"--reid {self.name} looks at pixels, but this source has no images; use --reid none, or --reid file"
                " where the detections carry features"
            )
        return self.embed_crops(crop_batch(image, xyxy, input_size=self.input_size, fill=self.facts.mean))

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


class BackboneEncoder(RuntimeEncoder):
    """A backbone in memory as an encoder, in PyTorch and float32.

    Args:
        backbone: taken over, put into `eval()` mode and moved to the device.
        device: as for `reid.device.resolve_device`.
        batch_size: as for `RuntimeEncoder`.
        gate: suggested maximum cosine distance, from the checkpoint.
        whitening: for a backbone without trained weights (see `reid.seeded`).
    """

    def __init__(
        self,
        backbone: Backbone,
        *,
        device: str = "auto",
        batch_size: int = 32,
        gate: float | None = None,
        whitening: Whitening | None = None,
    ) -> None:
        runtime = TorchRuntime(graph_of(backbone, whitening), resolve_device(device))
        super().__init__(runtime, facts_of(backbone, gate), batch_size=batch_size)


def create_backbone_encoder(
    name: str, *, weights: Path | None, device: str, seed: int, batch_size: int, runtime: str
) -> RuntimeEncoder:
    """The encoder of backbone `name`: trained or exported weights, or (with a warning) a seeded initialisation."""
    check_runtime(runtime)
    resolve_device(device)  # before any model is built
    opened = (
        _exported(name, weights, runtime, device)
        if weights is not None and is_exported(weights)
        else _in_memory(load_network(name, weights, seed=seed), runtime, device)
    )
    if opened.facts.seed is not None:
        logger.warning(
            "%s has no trained weights: it runs on random ones (seed %d), which see colours and layout only, so"
            " identities by appearance are weak. Give trained weights with --reid-weights FILE.safetensors, or use"
            " --reid none.",
            name,
            opened.facts.seed,
        )
    return RuntimeEncoder(opened.runtime, opened.facts, batch_size=batch_size)


def load_network(
    name: str, weights: Path | None, *, seed: int = 0, input_size: tuple[int, int] | None = None
) -> Network:
    """Backbone `name` with the weights of a checkpoint, or seeded ones where `weights` is `None`.

    Args:
        name: one of `BACKBONES.names()`, or `timm:NAME`.
        weights: as for `reid.pretrained.load_pretrained`.
        seed: of the random weights.
        input_size: `(H, W)` px; `None` leaves the checkpoint's, or the backbone's own.
    """
    if weights is None:
        return Network(seeded_backbone(name, seed, input_size=input_size), seed=seed)
    loaded = load_pretrained(name, weights, input_size=input_size)
    gate = None if loaded.info is None else loaded.info.max_cosine_distance
    return Network(loaded.backbone.eval(), max_cosine_distance=gate)


def _in_memory(network: Network, runtime: str, device: str) -> Opened:
    facts = network.facts()
    return Opened(open_runtime(network, runtime, device), facts)


def _exported(name: str, path: Path, runtime: str, device: str) -> Opened:
    opened = open_exported(path, runtime, device)
    if opened.facts.backbone != name:
        held = opened.facts.backbone
        raise ValueError(f"{path.name} holds {held}, but --reid {name} was asked; use --reid {held}")
    return opened
