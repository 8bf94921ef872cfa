"""OpenVINO: the fastest on most CPUs."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from registry.signal_stack import keeping_signal_stack
from reid.runtimes.compare import LIMITS, compare
from reid.runtimes.facts import KEY_PREFIX, EncoderFacts
from reid.runtimes.missing import require
from reid.runtimes.quiet import quiet
from reid.runtimes.types import Crops, Rows

if TYPE_CHECKING:
    from reid.runtimes.graph import CropsToEmbeddings

__all__ = ["OpenVinoRuntime", "convert_to_openvino", "load_openvino", "save_openvino", "xml_of"]

logger = logging.getLogger(__name__)

INPUT, OUTPUT = "crops", "embeddings"
INFO = KEY_PREFIX.rstrip(".")
INT8 = "int8"
MAX_STREAMS = 2
"""Parts of a batch that run side by side, with half of the threads each: a tenth less work than with all threads in
one, since nobody waits for the slowest thread of every layer, and much less where a detector wants the cores too."""
PIECE = 4
"""Crops of a pass through a network that was compiled for just so many: dogenet50 then needs a fifth less CPU time than
compiled for any number, small-cnn a twentieth (x86, one thread a stream). Of 2, 3, 6, 8 and 16 none was better."""
PIECES_AFTER = 500
"""Crops until that pays for the half second of compiling once more, of which a run of a few frames must not see any."""
LARGEST_MIB = 32
"""Weights of the largest network that is compiled twice. swin-t (106 MiB) would take 265 MiB more, and gain 2 %."""


class OpenVinoRuntime:
    """Runs an OpenVINO network on the CPU.

    A batch goes through a network that was compiled for any number of crops, of which a new one costs some 20 to 40 ms
    once. A small network, not of int8 and with one thread a stream, is compiled once more after `pieces_after` crops,
    for pieces of `PIECE`; the first network then takes what is left of a batch. Both gave the same bytes on the x86 CPU
    where that was measured; elsewhere rounding may differ, at the same crop in each run. Only the first network was
    compared with PyTorch, so the second is compared with it, on the first piece that it could take, and is let go
    where they differ.

    Args:
        model: an `openvino.Model`, dynamic in its batch.
        precision: of the weights. What is stored as float32 or float16 is computed in float32 on processors with
            bfloat16 units too, where OpenVINO would round by itself.
        pieces_after: crops.
    """

    name = "openvino"
    batch_step = 1
    device = "cpu"

    def __init__(self, model: Any, precision: str = "fp32", *, pieces_after: int = PIECES_AFTER) -> None:
        self.precision = precision
        threads = _num_threads()
        self._streams = min(MAX_STREAMS, threads)
        self._settings = {
            "PERFORMANCE_HINT": "THROUGHPUT" if self._streams > 1 else "LATENCY",
            "NUM_STREAMS": self._streams,
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": threads,
        }
        compiled = self._compile(model)
        self._requests = [compiled.create_infer_request() for _ in range(self._streams)]
        is_exact = precision != INT8  # there, other kernels round embeddings by a hundredth
        is_worth_it = threads == self._streams and _weights_mib(model) <= LARGEST_MIB
        self._later = model if is_exact and is_worth_it else None
        self._crops_to_go = pieces_after
        self._in_use = threading.Lock()  # a request that runs takes no second batch
        self._for_pieces: Any = None
        self._piece_requests: list[Any] = []

    def run(self, crops: Crops) -> Rows:
        """See `Runtime.run`."""
        with self._in_use:
            return self._run(crops)

    def _run(self, crops: Crops) -> Rows:
        pieces = self._requests_of_pieces(crops)
        whole = len(pieces) * PIECE
        parts = [crops[start : start + PIECE] for start in range(0, whole, PIECE)]
        if rest := len(crops) - whole:
            parts += np.array_split(crops[whole:], min(self._streams, rest))
        busy = [*pieces, *self._requests][: len(parts)]
        for request, part in zip(busy, parts, strict=True):
            request.start_async([part], share_inputs=True)
        for request in busy:
            request.wait()
        rows: Rows = np.concatenate([request.get_output_tensor(0).data for request in busy])  # a copy, not their memory
        return rows

    def _compile(self, model: Any) -> Any:
        with keeping_signal_stack():
            return require("openvino").Core().compile_model(model, "CPU", self._settings)

    def _requests_of_pieces(self, crops: Crops) -> list[Any]:
        """One for each whole piece of a batch; none as long as there is no network for pieces."""
        if self._later is not None and self._crops_to_go <= 0 and len(crops) >= PIECE:
            model, self._later = self._later, None
            self._for_pieces = self._compile_for_pieces(model, crops[:PIECE])
        self._crops_to_go -= len(crops)
        if self._for_pieces is None:
            return []
        num_pieces = len(crops) // PIECE
        while len(self._piece_requests) < num_pieces:
            self._piece_requests.append(self._for_pieces.create_infer_request())
        return self._piece_requests[:num_pieces]

    def _compile_for_pieces(self, model: Any, piece: Crops) -> Any:
        """`None` where the network cannot be reshaped, as a traced one may hold the batch of its example somewhere, or
        gives other embeddings of `piece` then."""
        try:
            of_pieces = model.clone()
            of_pieces.reshape([PIECE, *list(model.input(0).partial_shape)[1:]])
            compiled = self._compile(of_pieces)
            agreement = compare(_rows(self._requests[0], piece), _rows(compiled.create_infer_request(), piece))
        except RuntimeError as error:
            logger.info("the network stays as it is, since it cannot be compiled for pieces: %s", error)
            return None
        if agreement.within(LIMITS["fp32"]):
            return compiled
        logger.info(
            "the network stays as it is, since compiled for pieces it gives embeddings that differ by %.2g of their "
            "largest component, expected at most %g",
            agreement.difference,
            LIMITS["fp32"].difference,
        )
        return None


def _rows(request: Any, crops: Crops) -> Rows:
    """Embeddings by one request, as a copy."""
    request.infer([crops], share_inputs=True)
    rows: Rows = request.get_output_tensor(0).data.copy()
    return rows


def _weights_mib(model: Any) -> float:
    sizes = [node.get_byte_size() for node in model.get_ops() if node.get_type_name() == "Constant"]
    return float(sum(sizes)) / (1 << 20)


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
    """Write `xml` and, beside it, the `.bin` of its weights; with `half` as float16.

    Raises:
        OSError: they cannot be written.
    """
    try:
        require("openvino").save_model(model, str(xml), compress_to_fp16=half)
    except RuntimeError as error:
        if "iostream" not in str(error):
            raise
        raise OSError(f"{xml} could not be written to its end ({error}): is the disk full?") from error


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
