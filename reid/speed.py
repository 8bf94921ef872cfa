"""How fast a backbone is on this machine, in each runtime that is installed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

import torch

from reid.runtimes.choose import NEEDS
from reid.runtimes.missing import installed
from reid.runtimes.network import Network
from reid.runtimes.onnx_runtime import OnnxRuntime, convert_to_onnx
from reid.runtimes.openvino_runtime import OpenVinoRuntime, convert_to_openvino
from reid.runtimes.torch_runtime import TorchRuntime
from reid.runtimes.types import Runtime
from reid.seeded import drawn_people, seeded_backbone

__all__ = ["installed_runtimes", "speeds"]

BATCH = 16
BUDGET_S = 1.0
"""Time for the passes of one network in one runtime; at least `MIN_PASSES` are timed."""
MIN_PASSES = 3


def installed_runtimes() -> tuple[str, ...]:
    """Runtimes of a CPU that can be used here: `torch`, and `openvino` and `onnx` where installed."""
    return ("torch", *(name for name, packages in NEEDS.items() if installed(*packages)))


def speeds(
    name: str, input_size: tuple[int, int] | None = None, budget_s: float = BUDGET_S
) -> Iterator[tuple[str, float | None]]:
    """Crops per second of a backbone, one installed runtime after the other.

    Random weights, the CPU, float32, batches of `BATCH` crops, normalisation included: the median pass after one that
    does not count. Nothing is kept of a conversion.

    Args:
        name: one of `BACKBONES.names()`, or `timm:NAME`.
        input_size: `(H, W)` px; `None` for the network's own.
        budget_s: time for each runtime, apart from building and converting.

    Yields:
        Runtime and crops/s; `None` instead of a number where the network cannot be converted.

    Raises:
        ValueError: unknown name, or a size that the network cannot take.
    """
    for kind in installed_runtimes():
        network = Network(seeded_backbone(name, 0, input_size=input_size))
        try:
            runtime = _open(network, kind)
        except Exception:  # converters raise whatever they like
            yield kind, None
            continue
        yield kind, _crops_per_s(runtime, network.backbone.input_size, budget_s)


def _open(network: Network, kind: str) -> Runtime:
    """The network in a runtime, past the cache: conversions of random weights would push out those that serve runs."""
    graph, cpu = network.graph(), torch.device("cpu")
    if kind == "openvino":
        return OpenVinoRuntime(convert_to_openvino(graph, network.facts()), pieces_after=0)  # as in a long run
    if kind == "onnx":
        return OnnxRuntime(convert_to_onnx(graph, network.facts()), cpu)
    return TorchRuntime(graph, cpu)


def _crops_per_s(runtime: Runtime, input_size: tuple[int, int], budget_s: float) -> float:
    crops = drawn_people(BATCH, input_size, 0)
    runtime.run(crops)
    passes: list[float] = []
    while len(passes) < MIN_PASSES or sum(passes) < budget_s:
        start = time.perf_counter()
        runtime.run(crops)
        passes.append(time.perf_counter() - start)
    return BATCH / statistics.median(passes)
