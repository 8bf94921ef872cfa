"""ONNX Runtime: one portable file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from reid.runtimes.facts import KEY_PREFIX, EncoderFacts
from reid.runtimes.graph import CropsToEmbeddings, example_crops
from reid.runtimes.missing import require
from reid.runtimes.quiet import quiet
from reid.runtimes.types import Crops, Rows

__all__ = ["OnnxRuntime", "convert_to_onnx", "load_onnx"]

INPUT, OUTPUT = "crops", "embeddings"
LARGEST_BATCH = 4096  # a bound that the exporter asks for
PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
CONVERTERS = ("onnx", "onnxscript", "onnxruntime")


class OnnxRuntime:
    """Runs an ONNX network.

    Args:
        model: a path, or the serialised network.
        device: `cpu`, or a CUDA device where ONNX Runtime is built for one.
    """

    name = "onnx"
    batch_step = 1

    def __init__(self, model: Path | bytes, device: torch.device, precision: str = "fp32") -> None:
        self.precision = precision
        self.device = str(device)
        self._session = _session(model, device)

    def run(self, crops: Crops) -> Rows:
        """See `Runtime.run`."""
        rows: Rows = np.asarray(self._session.run([OUTPUT], {INPUT: crops})[0])
        return rows

    def metadata(self) -> dict[str, str]:
        """Our keys of what the file says about itself."""
        table = self._session.get_modelmeta().custom_metadata_map
        return {key.removeprefix(KEY_PREFIX): text for key, text in table.items() if key.startswith(KEY_PREFIX)}


def _session(model: Path | bytes, device: torch.device) -> Any:
    ort = require("onnxruntime")
    provider = PROVIDERS.get(device.type, "")
    if provider not in ort.get_available_providers():
        raise ValueError(
            f"ONNX Runtime as installed here does not run on {device}; use --device cpu, or --reid-runtime torch"
        )
    options = ort.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors
    # A thread that spins while it waits takes the time of the decoder and the detector, which share the cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(model if isinstance(model, bytes) else str(model), options, providers=[provider])


def convert_to_onnx(graph: CropsToEmbeddings, facts: EncoderFacts) -> bytes:
    """The serialised ONNX network, dynamic in its batch, with the facts in its metadata.

    Raises:
        ImportError: a package is missing.
        RuntimeError: the exporter does not understand the network.
    """
    require(*CONVERTERS)
    batch = torch.export.Dim("batch", min=1, max=LARGEST_BATCH)
    with torch.no_grad(), quiet():
        program: Any = torch.onnx.export(
            graph,
            (example_crops(graph),),
            dynamo=True,
            dynamic_shapes=({0: batch},),
            input_names=[INPUT],
            output_names=[OUTPUT],
            verbose=False,
        )
        model = program.model_proto
    for key, text in facts.to_strings().items():
        model.metadata_props.add(key=f"{KEY_PREFIX}{key}", value=text)
    serialised: bytes = model.SerializeToString()
    return serialised


def load_onnx(path: Path, device: torch.device) -> tuple[OnnxRuntime, EncoderFacts]:
    """The runtime of a file and its facts.

    Raises:
        ValueError: no ONNX, or not of this project.
        ImportError: ONNX Runtime is missing.
    """
    require("onnxruntime")
    try:
        runtime = OnnxRuntime(path, device)
    except (ValueError, ImportError):
        raise
    except Exception as error:  # its own exceptions share no base class
        reason = " ".join(str(error).split())
        raise ValueError(
            f"{path} is no ONNX network, or is cut short or damaged ({reason}); export it again"
        ) from error
    facts = EncoderFacts.from_strings(path.name, runtime.metadata())
    runtime.precision = facts.precision
    return runtime, facts
