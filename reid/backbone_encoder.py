"""Embeddings from a network: crop, normalise, one batch, unit length."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from reid.backbones.base import Backbone
from reid.calibration import warn_of_overlap
from reid.checkpoint import check_fits, load_into, read_checkpoint
from reid.device import resolve_device
from reid.encoder import Embeddings, unit_length
from reid.preprocess import crop_batch, normalise
from reid.registry import create_backbone
from reid.seeded import Whitening, seeded_backbone, whitening_for

__all__ = ["BackboneEncoder", "create_backbone_encoder"]

logger = logging.getLogger(__name__)

BATCH_STEP = 4
"""Batches hold a multiple of so many crops, blank ones filling the last: the libraries below choose other summation
orders for batches of 1 to 3, and an embedding must not depend on how many crops went along."""


class BackboneEncoder:
    """A backbone ready to embed the boxes of a frame.

    The embedding of a box depends on the frame and the box alone: not on the other boxes, their order or `batch_size`.
    Measured on an x86 CPU that holds to the bit; elsewhere up to the rounding of the kernels, which may sum in
    another order for another batch size.

    Args:
        backbone: the network; taken over, put into `eval()` mode and moved to the device.
        device: as for `reid.device.resolve_device`.
        batch_size: most crops in one pass, rounded down to a multiple of 4 (at least 4).
        gate: suggested maximum cosine distance, from the checkpoint.
        whitening: for a backbone without trained weights (see `reid.seeded`).
    """

    needs_images = True

    def __init__(
        self,
        backbone: Backbone,
        *,
        device: str = "auto",
        batch_size: int = 32,
        gate: float | None = None,
        whitening: Whitening | None = None,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size must be 1 or more, but got {batch_size}")
        self.name = backbone.name
        self.embedding_dim = backbone.embedding_dim
        self.input_size = backbone.input_size
        self.gate = gate
        self.device = resolve_device(device)
        self._batch_size = max(BATCH_STEP, batch_size // BATCH_STEP * BATCH_STEP)
        self._backbone = backbone.eval().to(self.device).channels_last()
        self._whitening = whitening

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
        return self.embed_crops(crop_batch(image, xyxy, input_size=self.input_size, fill=self._backbone.mean))

    def embed_crops(self, crops: npt.NDArray[np.uint8]) -> Embeddings:
        """`(N, D)` float32 rows of unit length of `(N, H, W, 3)` uint8 BGR crops of the input size."""
        if len(crops) == 0:
            return np.empty((0, self.embedding_dim), np.float32)
        starts = range(0, len(crops), self._batch_size)
        rows = [self._embed_batch(crops[start : start + self._batch_size]) for start in starts]
        return unit_length(np.concatenate(rows), self.name)

    def _embed_batch(self, crops: npt.NDArray[np.uint8]) -> npt.NDArray[np.floating[Any]]:
        backbone = self._backbone
        padding = -len(crops) % BATCH_STEP
        if padding:
            crops = np.concatenate([crops, np.zeros((padding, *crops.shape[1:]), np.uint8)])
        with torch.inference_mode():
            batch = normalise(crops, mean=backbone.mean, std=backbone.std, device=self.device)
            rows: Tensor = backbone.embed(batch)
        embeddings: npt.NDArray[np.float32] = rows.float().cpu().numpy()
        spread = self._whitening(embeddings) if self._whitening else embeddings
        return spread[: len(crops) - padding]


def create_backbone_encoder(
    name: str, *, weights: Path | None, device: str, seed: int, batch_size: int
) -> BackboneEncoder:
    """The encoder of backbone `name`, with trained weights or (with a warning) a seeded initialisation."""
    resolve_device(device)  # before any model is built
    if weights is not None:
        checkpoint = read_checkpoint(weights)
        check_fits(checkpoint, name)
        backbone = create_backbone(name, input_size=checkpoint.info.input_size)
        load_into(backbone, checkpoint)
        gate = checkpoint.info.max_cosine_distance
        warn_of_overlap(name, checkpoint.info.scores)
        return BackboneEncoder(backbone, device=device, batch_size=batch_size, gate=gate)
    logger.warning(
        "%s has no trained weights: it runs on random ones (seed %d), which see colours and layout only, so identities"
        " by appearance are weak. Give trained weights with --reid-weights FILE.safetensors, or use --reid none.",
        name,
        seed,
    )
    backbone = seeded_backbone(name, seed)
    return BackboneEncoder(backbone, device=device, batch_size=batch_size, whitening=whitening_for(backbone, seed))
