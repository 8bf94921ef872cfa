"""OpenVINO: the fastest on most CPUs."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reid.runtimes.facts import KEY_PREFIX, EncoderFacts
from reid.runtimes.missing import require
from reid.runtimes.quiet import quiet
from reid.runtimes.types import Crops, Rows

if TYPE_CHECKING:
    from reid.runtimes.graph import CropsToEmbeddings

__all__ = ["OpenVinoRuntime", "convert_to_openvino", "load_openvino", "save_openvino", "xml_of"]

INPUT, OUTPUT = "crops", "embeddings"
INFO = KEY_PREFIX.rstrip(".")
MAX_STREAMS = 2
"""Parts of a batch that run side by side, with half of the threads each: a tenth less work than with all threads in
one, since nobody waits for the slowest thread of every layer, and much less where a detector wants the cores too."""


class OpenVinoRuntime:
    """Runs an OpenVINO network on the CPU.

    A new batch size costs some 20 to 40 ms once, less than padding batches would cost in every frame.

    Args:
        model: an `openvino.Model`, or the path of its `.xml`.
        precision: of the weights. What is stored as float32 or float16 is computed in float32 on processors with
            bfloat16 units too, where OpenVINO would round by itself.
    """

    name = "openvino"
    batch_step = 1
    device = "cpu"

    def __init__(self, model: Any, precision: str = "fp32") -> None:
        openvino = require("openvino")
        self.precision = precision
        threads = _num_threads()
        streams = min(MAX_STREAMS, threads)
        settings = {
            "PERFORMANCE_HINT": "THROUGHPUT" if streams > 1 else "LATENCY",
            "NUM_STREAMS": streams,
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": threads,
        }
        compiled = openvino.Core().compile_model(model, "CPU", settings)
        self._requests = [compiled.create_infer_request() for _ in range(streams)]

    def run(self, crops: Crops) -> Rows:
        """See `Runtime.run`."""
        parts = np.array_split(crops, min(len(self._requests), len(crops)))
        busy = self._requests[: len(parts)]
        for request, part in zip(busy, parts, strict=True):
            request.start_async([part], share_inputs=True)
        for request in busy:
            request.wait()
        rows: Rows = np.concatenate([request.get_output_tensor(0).data for request in busy])  # a copy, not their memory
        return rows


def _num_threads() -> int:
    """What PyTorch was told where it is in use, else the cores of this process, or fewer by `OMP_NUM_THREADS`."""
    if "torch" in sys.modules:
        return int(sys.modules["torch"].get_num_threads())
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return min(cores, int(limit)) if limit.isdigit() and int(limit) else cores


def convert_to_openvino(graph: CropsToEmbeddings, facts: EncoderFacts) -> Any:
    """The graph as `openvino.Model`, dynamic in its batch, with the facts in its `rt_info`.

    By way of a trace, which takes 1 to 5 s where `torch.export` takes 6 to 30 s for the same speed and numbers.

    Raises:
        ImportError: OpenVINO is missing.
        RuntimeError: OpenVINO does not understand the network.
    """
    import torch

    from reid.runtimes.graph import example_crops
    from reid.runtimes.torchscript import trace

    openvino = require("openvino")
    with torch.no_grad(), quiet():
        model = openvino.convert_model(trace(graph), example_input=example_crops(graph))
    model.reshape([-1, *facts.input_size, 3])
    model.input(0).get_tensor().set_names({INPUT})
    model.output(0).get_tensor().set_names({OUTPUT})
    describe(model, facts)
    return model


def describe(model: Any, facts: EncoderFacts) -> None:
    """Write the facts into a model."""
    for key, text in facts.to_strings().items():
        model.set_rt_info(text, [INFO, key])


def save_openvino(model: Any, xml: Path, *, half: bool = False) -> None:
    """Write `xml` and, beside it, the `.bin` of its weights; with `half` as float16."""
    require("openvino").save_model(model, str(xml), compress_to_fp16=half)


def xml_of(path: Path) -> Path:
    """The `.xml` that a path to it or to its folder names.

    Raises:
        ValueError: no, or more than one such file in the folder.
    """
    if not path.is_dir():
        return path
    found = sorted(path.glob("*.xml"))
    if len(found) != 1:
        names = ", ".join(file.name for file in found) or "none"
        raise ValueError(f"{path} is a folder with {names}, expected one OpenVINO .xml file; name the file")
    return found[0]


def load_openvino(path: Path) -> tuple[OpenVinoRuntime, EncoderFacts]:
    """The runtime of an `.xml` or its folder, and its facts.

    Raises:
        ValueError: no OpenVINO network, or not of this project.
        ImportError: OpenVINO is missing.
    """
    openvino, xml = require("openvino"), xml_of(path)
    if not xml.with_suffix(".bin").is_file():
        raise FileNotFoundError(f"{xml.with_suffix('.bin')} not found: the weights of {xml.name} belong beside it")
    try:
        model = openvino.Core().read_model(str(xml))
        facts = EncoderFacts.from_strings(xml.name, _texts(model))
        return OpenVinoRuntime(model, facts.precision), facts
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(
            f"{xml} is no OpenVINO network, or is cut short or damaged ({reason}); export it again"
        ) from error


def _texts(model: Any) -> Mapping[str, str]:
    if not model.has_rt_info([INFO]):
        return {}
    table: dict[str, str] = model.get_rt_info([INFO]).value
    return table
