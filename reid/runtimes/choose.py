"""From a network in memory, or an exported file, to the runtime that runs it."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from registry.devices import resolve_device
from reid.runtimes import AUTO, FASTEST_IN_TORCH, RUNTIMES, cache, check_runtime
from reid.runtimes.compare import LIMITS, compare, embed_in_batches
from reid.runtimes.facts import EncoderFacts
from reid.runtimes.missing import installed, require
from reid.runtimes.network import Network
from reid.runtimes.onnx_runtime import CONVERTERS, OnnxRuntime, convert_to_onnx, load_onnx
from reid.runtimes.openvino_runtime import OpenVinoRuntime, convert_to_openvino, load_openvino, save_openvino
from reid.runtimes.torch_runtime import TorchRuntime
from reid.runtimes.torchscript import load_torchscript
from reid.runtimes.types import Runtime
from reid.seeded import drawn_people

__all__ = ["fastest_runtime", "is_exported", "open_exported", "open_runtime", "runtime_device"]

logger = logging.getLogger(__name__)

NEEDS = {"openvino": ("openvino",), "onnx": CONVERTERS}
TITLES = {"openvino": "OpenVINO", "onnx": "ONNX Runtime"}
CHECKED_CROPS = 8
NOTE = {"note": True}
"""Marks what a person who waits should see, though nothing is wrong (see `track.terminal.console`)."""
EXPORTED = {".onnx": "onnx", ".xml": "openvino", ".torchscript": "torchscript"}
"""Suffix of an exported file -> what runs it; a folder is OpenVINO's."""


def fastest_runtime(device: torch.device, backbone: str) -> str:
    """What `auto` stands for on this device, as far as installed, for that backbone."""
    if device.type != "cpu" or backbone.startswith(FASTEST_IN_TORCH):
        return "torch"
    return next((name for name, packages in NEEDS.items() if installed(*packages)), "torch")


def runtime_device(runtime: str, device: str) -> torch.device:
    """The device that `runtime` runs on when `device` was asked for.

    Raises:
        ValueError: no such device here, or the runtime does not run on it.
    """
    if runtime == "openvino":
        if device not in (AUTO, "cpu"):
            raise ValueError(
                f"OpenVINO runs on the CPU, but --device is {device}; use --device cpu, or another runtime"
            )
        return torch.device("cpu")
    if runtime == "onnx" and device == AUTO:
        has_cuda = "CUDAExecutionProvider" in require("onnxruntime").get_available_providers()
        return resolve_device(AUTO if has_cuda else "cpu")
    return resolve_device(device)


def open_runtime(network: Network, runtime: str = AUTO, device: str = AUTO) -> Runtime:
    """A network in a runtime.

    Args:
        network: taken over.
        runtime: one of `RUNTIMES`; `auto` falls back to PyTorch, with a warning, where a conversion fails.
        device: as for `registry.devices.resolve_device`.

    Raises:
        ValueError: unknown runtime or device, or a runtime that cannot run this network.
        ImportError: a package that the runtime needs is missing.
    """
    check_runtime(runtime)
    name = network.backbone.name
    chosen = fastest_runtime(resolve_device(device), name) if runtime == AUTO else runtime
    place = runtime_device(chosen, device)
    if chosen in NEEDS:
        try:
            return _converted(network, chosen, place)
        except Exception as error:  # converters raise whatever they like
            reason = " ".join(str(error).split())[:200]
            if runtime != AUTO:
                if isinstance(error, ImportError):
                    raise
                raise ValueError(
                    f"{name} does not run in {TITLES[chosen]}: {reason}; use --reid-runtime torch"
                ) from error
            logger.warning("%s runs in PyTorch, since %s failed: %s", name, TITLES[chosen], reason)
            place = resolve_device(device)
            chosen = "torch"
    _, _, precision = chosen.partition("-")
    if precision and place.type == "cpu":
        logger.warning("%s is slower than torch on most processors; it is meant for GPUs (--device cuda)", chosen)
    return TorchRuntime(network.graph(), place, precision or "fp32")


def _converted(network: Network, kind: str, device: torch.device) -> Runtime:
    """The network in OpenVINO or ONNX Runtime: from the cache, or converted, checked and put there."""
    require(*NEEDS[kind])
    key = cache.cache_key(network, kind)
    folder = cache.find(key)
    if folder is not None:
        try:
            return _load(kind, folder / _file_name(kind), device)[0]
        except (ValueError, OSError) as error:
            logger.info("a kept conversion is damaged and made anew: %s", error)
            cache.discard(key)
    name, before = network.backbone.name, time.perf_counter()
    logger.info("converting %s for %s, which the first run with its weights waits for", name, TITLES[kind], extra=NOTE)
    runtime = _convert(network, kind, device, key)
    kept = cache.find(key)
    place = "; it could not be kept for the next run" if kept is None else f"; later runs find it in {kept}"
    logger.info("converted %s in %.1f s%s", name, time.perf_counter() - before, place, extra=NOTE)
    return runtime


def _convert(network: Network, kind: str, device: torch.device, key: str) -> Runtime:
    """Convert, check and, where the cache can be written, keep under `key`."""
    graph, facts = network.graph(), network.facts()
    runtime: Runtime
    if kind == "openvino":
        model = convert_to_openvino(graph, facts)
        runtime = OpenVinoRuntime(model)
        _check(network, TorchRuntime(graph, torch.device("cpu")), runtime)
        cache.store(key, lambda place: save_openvino(model, place / _file_name(kind)))
        return runtime
    serialised = convert_to_onnx(graph, facts)
    runtime = OnnxRuntime(serialised, device)
    _check(network, TorchRuntime(graph, torch.device("cpu")), runtime)
    cache.store(key, lambda place: _write(place / _file_name(kind), serialised))
    return runtime


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _check(network: Network, reference: Runtime, runtime: Runtime) -> None:
    """Raise `RuntimeError` where a conversion gives other embeddings than PyTorch does."""
    crops = drawn_people(CHECKED_CROPS, network.backbone.input_size, 1)
    agreement = compare(reference.run(crops), embed_in_batches(runtime, crops))
    if not agreement.within(LIMITS["fp32"]):
        raise RuntimeError(f"its embeddings differ from PyTorch's by {agreement.difference:.1e}")


def _file_name(kind: str) -> str:
    return {"openvino": cache.OPENVINO_FILE, "onnx": "network.onnx"}[kind]


def _load(kind: str, path: Path, device: torch.device) -> tuple[Runtime, EncoderFacts]:
    if kind == "openvino":
        return load_openvino(path)
    return load_onnx(path, device) if kind == "onnx" else load_torchscript(path, device)


def is_exported(path: Path) -> bool:
    """Whether that is (the name of) what `track export` writes, rather than a checkpoint."""
    return path.suffix in EXPORTED or (path.is_dir() and any(path.glob("*.xml")))


@dataclass(frozen=True)
class Opened:
    """An exported network, ready to run."""

    runtime: Runtime
    facts: EncoderFacts


def open_exported(path: Path, runtime: str = AUTO, device: str = AUTO) -> Opened:
    """An exported network in the runtime that it was made for.

    Raises:
        FileNotFoundError: nothing there.
        ValueError: not a network of this project, or another runtime or device asked for than it runs in.
        ImportError: a package that the runtime needs is missing.
    """
    check_runtime(runtime)
    if not path.exists():
        raise FileNotFoundError(f"{path} not found, expected a network written by track export")
    kind = EXPORTED.get(path.suffix, "openvino")
    asked = "torch" if kind == "torchscript" else kind
    if runtime not in (AUTO, asked):
        known = ", ".join(name for name in RUNTIMES if name in (AUTO, asked))
        raise ValueError(f"{path.name} does not run in {runtime}; use one of: {known}")
    opened = Opened(*_load(kind, path, runtime_device(kind, device)))
    _check_described(path, opened)
    return opened


def _check_described(path: Path, opened: Opened) -> None:
    """Raise `ValueError` where a network does not take or give what its metadata says."""
    facts, step = opened.facts, opened.runtime.batch_step
    try:
        shape = opened.runtime.run(np.zeros((step, *facts.input_size, 3), np.uint8)).shape
    except Exception as error:  # every runtime has its own
        raise ValueError(
            f"{path} does not take crops of {facts.input_size[0]}x{facts.input_size[1]} px, though its metadata says"
            " so; export it again"
        ) from error
    if shape != (step, facts.embedding_dim):
        raise ValueError(
            f"{path} gives {shape[-1]} numbers a crop, but {facts.embedding_dim} by its metadata; export it again"
        )
