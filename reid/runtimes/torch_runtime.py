"""PyTorch itself: the reference that the other runtimes are held against, on CPU, CUDA and MPS."""

from __future__ import annotations

import contextlib

import torch

from reid.runtimes.graph import CropsToEmbeddings
from reid.runtimes.types import Crops, Rows

__all__ = ["AUTOCAST", "TorchRuntime"]

AUTOCAST = {"fp16": torch.float16, "bf16": torch.bfloat16}


class TorchRuntime:
    """Runs a graph in PyTorch, eagerly.

    Args:
        graph: taken over and moved to the device.
        device: processor.
        precision: `fp32`, or `fp16` or `bf16` by autocast, which keeps what needs range (softmax, norms) in float32.
    """

    name = "torch"
    batch_step = 4
    """Its libraries choose other summation orders for batches of 1 to 3."""

    def __init__(self, graph: CropsToEmbeddings, device: torch.device, precision: str = "fp32") -> None:
        self.precision = precision
        self.device = str(device)
        self._device = device
        self._graph = graph.to(device)

    def run(self, crops: Crops) -> Rows:
        """See `Runtime.run`."""
        with torch.inference_mode():
            batch = torch.from_numpy(crops).to(self._device)
            with self._casting():
                rows = self._graph.embed(batch)
            embeddings: Rows = self._graph.spread(rows).cpu().numpy()
        return embeddings

    def _casting(self) -> contextlib.AbstractContextManager[object]:
        if self.precision == "fp32":
            return contextlib.nullcontext()
        return torch.autocast(self._device.type, AUTOCAST[self.precision])
