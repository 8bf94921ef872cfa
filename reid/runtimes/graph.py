"""Bytes in, embeddings out, as one module: what every runtime runs and every export holds."""

from __future__ import annotations

import copy

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from reid.backbones.base import Backbone
from reid.preprocess import normalisation, normalised

__all__ = ["Affine", "CropsToEmbeddings", "example_crops", "half_precision"]

EXAMPLE_BATCH = 4  # not 1: tracing would take a batch of 1 for a constant
Affine = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


class CropsToEmbeddings(nn.Module):
    """Normalisation, backbone and, for an untrained network, whitening.

    Args:
        backbone: taken over and put into `eval()` mode.
        whitening: mean `(D,)` and projection `(D, D)` that an untrained network's embeddings are spread with.
    """

    scale: Tensor
    shift: Tensor
    centre: Tensor
    projection: Tensor

    def __init__(self, backbone: Backbone, whitening: Affine | None = None) -> None:
        super().__init__()
        self.backbone = backbone.channels_last()
        scale, shift = normalisation(backbone.mean, backbone.std)
        self.register_buffer("scale", scale)
        self.register_buffer("shift", shift)
        self.whitens = whitening is not None
        if whitening is not None:
            centre, projection = (torch.from_numpy(part).to(torch.float32) for part in whitening)
            self.register_buffer("centre", centre)
            self.register_buffer("projection", projection)
        self.dtype = torch.float32
        self.eval()

    def embed(self, crops: Tensor) -> Tensor:
        """`(N, D)` of the backbone alone, from `(N, H, W, 3)` uint8 BGR."""
        return self.backbone.embed(normalised(crops, self.scale, self.shift).to(self.dtype))

    def spread(self, rows: Tensor) -> Tensor:
        """The whitening, `(N, D)` -> `(N, D)` in float32: it magnifies what half precision would round away."""
        rows = rows.to(torch.float32)
        return (rows - self.centre) @ self.projection if self.whitens else rows

    def forward(self, crops: Tensor) -> Tensor:
        """`(N, D)` float32 embeddings, not of unit length, of `(N, H, W, 3)` uint8 BGR crops."""
        return self.spread(self.embed(crops))


def half_precision(graph: CropsToEmbeddings) -> CropsToEmbeddings:
    """A copy whose backbone holds and computes float16; normalisation and whitening stay float32."""
    half = copy.deepcopy(graph)
    half.backbone.half()
    half.dtype = torch.float16
    return half


def example_crops(graph: CropsToEmbeddings, count: int = EXAMPLE_BATCH) -> Tensor:
    """`(count, H, W, 3)` uint8 noise of the right size."""
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, *graph.backbone.input_size, 3), dtype=torch.uint8, generator=generator)
