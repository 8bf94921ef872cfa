"""How far two runtimes are apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle

import numpy as np

from reid.runtimes.types import Crops, Rows, Runtime

__all__ = ["LIMITS", "Agreement", "Limit", "compare", "embed_in_batches"]

BATCHES = (1, 7, 32)
"""Sizes that a check takes in turns, so that a size which tracing froze shows."""


@dataclass(frozen=True)
class Limit:
    """Largest relative difference and smallest cosine that a precision may show."""

    difference: float
    cosine: float


LIMITS = {"fp32": Limit(1e-4, 0.999999), "fp16": Limit(0.05, 0.999), "int8": Limit(0.5, 0.98)}


@dataclass(frozen=True)
class Agreement:
    """Embeddings against those of PyTorch in float32.

    Attributes:
        difference: largest difference of a component, relative to the largest component of that embedding.
        cosine: smallest cosine between an embedding and its reference.
        num_crops: compared.
    """

    difference: float
    cosine: float
    num_crops: int

    def within(self, limit: Limit) -> bool:
        """Whether both figures keep to the limit; NaN does not."""
        return self.difference <= limit.difference and self.cosine >= limit.cosine


def compare(expected: Rows, got: Rows) -> Agreement:
    """`(N, D)` against `(N, D)`; anything that is not finite counts as infinitely far.

    Raises:
        ValueError: shapes that differ.
    """
    if expected.shape != got.shape:
        raise ValueError(f"embeddings must have shape {expected.shape}, but got {got.shape}")
    one, other = expected.astype(np.float64), got.astype(np.float64)
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        return Agreement(float("inf"), -1.0, len(one))
    scale = np.abs(one).max(axis=1)
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        differences = np.abs(one - other).max(axis=1) / scale
        cosines = (one * other).sum(axis=1) / lengths
    return Agreement(float(differences.max()), float(cosines.min()), len(one))


def embed_in_batches(runtime: Runtime, crops: Crops) -> Rows:
    """`(N, D)` by batches of 1, 7 and 32 in turns."""
    return np.concatenate([runtime.run(batch) for batch in _batches(crops)])


def _batches(crops: Crops) -> Iterator[Crops]:
    start = 0
    for size in cycle(BATCHES):
        if start >= len(crops):
            return
        yield crops[start : start + size]
        start += size
