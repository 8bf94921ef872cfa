"""TorchScript: a traced network in one file that C++ and PyTorch run without this project."""

from __future__ import annotations

import io
import json
from pathlib import Path

import torch

from registry.json_texts import parse_json
from reid.runtimes.facts import EncoderFacts
from reid.runtimes.graph import CropsToEmbeddings, example_crops
from reid.runtimes.quiet import quiet
from reid.runtimes.types import Crops, Rows

__all__ = ["TorchScriptRuntime", "load_torchscript", "save_torchscript", "trace"]

FACTS_FILE = "track.json"
SOURCE_LINES = ".debug_pkl"
OF_THE_WRITER = ("version", "byteorder", ".data/serialization_id")
"""Records that every writer adds by itself."""


class TorchScriptRuntime:
    """Runs a traced network in PyTorch."""

    name = "torchscript"
    batch_step = 4

    def __init__(self, module: torch.jit.ScriptModule, device: torch.device, precision: str = "fp32") -> None:
        self.precision = precision
        self.device = str(device)
        self._device = device
        self._module = module

    def run(self, crops: Crops) -> Rows:
        """See `Runtime.run`."""
        with torch.inference_mode():
            rows: Rows = self._module(torch.from_numpy(crops).to(self._device)).cpu().numpy()
        return rows


def trace(graph: CropsToEmbeddings) -> torch.jit.ScriptModule:
    """The graph as the operations of one pass; whoever uses it checks other batch sizes than that of the pass."""
    with torch.no_grad(), quiet():
        traced: torch.jit.ScriptModule = torch.jit.trace(graph, example_crops(graph), check_trace=False)  # type: ignore[no-untyped-call]
    return traced


def save_torchscript(graph: CropsToEmbeddings, facts: EncoderFacts, path: Path) -> None:
    """Write the traced graph with its facts as an extra file inside.

    Raises:
        OSError: it cannot be written, such as to a full disk; PyTorch's own writer ends the whole process then.
    """
    buffer = io.BytesIO()
    with quiet():
        torch.jit.save(trace(graph), buffer, _extra_files={FACTS_FILE: json.dumps(facts.to_strings())})
    buffer.seek(0)
    path.write_bytes(_without_paths(buffer))


def _without_paths(file: io.BytesIO) -> memoryview:
    """The same file without its tables of source lines, which name folders of the machine that exported it."""
    reader, smaller = torch._C.PyTorchFileReader(file), io.BytesIO()
    writer = torch._C.PyTorchFileWriter(smaller)
    for name in reader.get_all_records():
        if not name.endswith(SOURCE_LINES) and name not in OF_THE_WRITER:
            record = reader.get_record(name)
            writer.write_record(name, record, len(record))
    writer.write_end_of_file()
    return smaller.getbuffer()


def load_torchscript(path: Path, device: torch.device) -> tuple[TorchScriptRuntime, EncoderFacts]:
    """The runtime of a file and its facts.

    Raises:
        ValueError: no TorchScript, or not of this project.
    """
    extra = {FACTS_FILE: ""}
    try:
        with quiet():
            module = torch.jit.load(str(path), map_location=device, _extra_files=extra)  # type: ignore[no-untyped-call]
        facts = EncoderFacts.from_strings(path.name, _texts(path, extra[FACTS_FILE] or "{}"))
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"{path} is no TorchScript file, or is cut short or damaged ({reason}); export it again"
        ) from error
    return TorchScriptRuntime(module, device, facts.precision), facts


def _texts(path: Path, written: str | bytes) -> dict[str, str]:
    """The table in the extra file, by key."""
    try:
        return dict(parse_json(written))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path} has metadata that cannot be understood: {error}; export it again") from error
