"""What all runtimes have in common."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Crops", "Rows", "Runtime"]

Crops = npt.NDArray[np.uint8]
"""`(N, H, W, 3)` uint8 BGR."""
Rows = npt.NDArray[np.float32]
"""`(N, D)` float32, not yet of unit length."""


class Runtime(Protocol):
    """Runs a network, normalisation included; several threads may call `run` at once.

    Attributes:
        name: `torch`, `onnx`, `openvino` or `torchscript`.
        precision: what it computes in, or (`int8`) what its file was quantised to.
        device: processor that it runs on.
        batch_step: batches should hold a multiple of so many crops, for an embedding not to depend on the batch.
    """

    @property
    def name(self) -> str: ...  # noqa: D102 (see Attributes)

    @property
    def precision(self) -> str: ...  # noqa: D102

    @property
    def device(self) -> str: ...  # noqa: D102

    @property
    def batch_step(self) -> int: ...  # noqa: D102

    def run(self, crops: Crops) -> Rows:
        """`(N, D)` float32 embeddings of one batch, N at least 1; the same input gives the same bytes."""
        ...
