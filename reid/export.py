"""A network as a file that runs without this project, checked before it is kept."""

from __future__ import annotations

import dataclasses
import glob
import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from reid.runtimes.choose import open_exported
from reid.runtimes.compare import LIMITS, Agreement, Limit, compare, embed_in_batches
from reid.runtimes.facts import EncoderFacts
from reid.runtimes.graph import CropsToEmbeddings, half_precision
from reid.runtimes.missing import require
from reid.runtimes.network import Network
from reid.runtimes.onnx_runtime import CONVERTERS, convert_to_onnx
from reid.runtimes.openvino_runtime import convert_to_openvino, save_openvino
from reid.runtimes.quantise import quantised
from reid.runtimes.torch_runtime import TorchRuntime
from reid.runtimes.torchscript import save_torchscript

__all__ = ["TARGETS", "ExportResult", "Target", "check_export", "default_path", "export_network", "remove_killed"]

logger = logging.getLogger(__name__)

UNFINISHED = ".exporting"
"""Ends the name of the folder in which an export is made."""

Crops = npt.NDArray[np.uint8]
Writer = Callable[[CropsToEmbeddings, EncoderFacts, Path], None]


@dataclass(frozen=True)
class Target:
    """A format to export to.

    Attributes:
        suffix: of the file; empty for a folder.
        packages: that it needs.
        precisions: that it can be written in.
    """

    suffix: str
    packages: tuple[str, ...]
    precisions: tuple[str, ...]


TARGETS = {
    "onnx": Target(".onnx", CONVERTERS, ("fp32", "fp16")),
    "openvino": Target("", ("openvino",), ("fp32", "fp16", "int8")),
    "torchscript": Target(".torchscript", (), ("fp32", "fp16")),
}


@dataclass(frozen=True)
class ExportResult:
    """What was written.

    Attributes:
        path: file or folder.
        num_bytes: of all its files.
        facts: as they stand in it.
        agreement: with PyTorch in float32, of the network as read back from the disk.
        limit: that it keeps to.
    """

    path: Path
    num_bytes: int
    facts: EncoderFacts
    agreement: Agreement
    limit: Limit


def default_path(name: str, to: str, precision: str) -> Path:
    """Where an export goes when nobody says: `dogenet50-fp16.onnx`, `dogenet50-int8-openvino/`."""
    plain = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in name)
    suffix = TARGETS[to].suffix or f"-{to}"
    return Path(plain + ("" if precision == "fp32" else f"-{precision}") + suffix)


def check_export(path: Path, *, to: str, precision: str, overwrite: bool) -> None:
    """Find what cannot be before anything is loaded.

    Raises:
        ValueError: a precision that the format has not, a name that does not fit it, or a folder of other things.
        FileExistsError: something is there already.
        FileNotFoundError: the folder to write in is not there.
        ImportError: a package is missing.
    """
    target = TARGETS[to]
    if precision not in target.precisions:
        able = ", ".join(name for name, other in TARGETS.items() if precision in other.precisions)
        raise ValueError(f"{precision} is not possible with --to {to}; use --to {able}")
    require(*target.packages, *(("nncf",) if precision == "int8" else ()))
    if target.suffix and path.suffix != target.suffix:
        raise ValueError(f"--out {path} does not end in {target.suffix}, by which --reid-weights knows the format")
    if not target.suffix and path.suffix in (".xml", ".bin", ".onnx", ".torchscript"):
        raise ValueError(f"--out {path} names a file, but --to {to} writes a folder of two; name a folder")
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"folder {path.parent} not found, so {path.name} cannot be written there; make it first"
        )
    if not path.exists():
        return
    if not overwrite:
        raise FileExistsError(f"{path} is there already; choose another --out, or replace it with --overwrite")
    foreign = path.is_dir() and [item.name for item in path.iterdir() if item.suffix not in (".xml", ".bin")]
    if path.is_dir() != (not target.suffix) or foreign:
        raise ValueError(f"{path} is not an earlier export with --to {to}, and is left alone; choose another --out")


def export_network(
    network: Network,
    path: Path,
    *,
    to: str,
    crops: Crops,
    precision: str = "fp32",
    calibration: Crops | None = None,
    overwrite: bool = False,
) -> ExportResult:
    """Write a network in another format, read it back and compare it with PyTorch; only then it gets its name.

    Args:
        network: taken over.
        path: file, or folder for OpenVINO.
        to: one of `TARGETS`.
        crops: `(N, H, W, 3)` uint8 BGR of the network's input size, that the check compares on.
        precision: `fp32`, `fp16` or `int8`.
        calibration: crops that `int8` takes its ranges from; not those of the check.
        overwrite: whether an earlier export there may go.

    Raises:
        ValueError: the result is farther from PyTorch than the precision's limit, or cannot be made; nothing stays.
        FileExistsError, FileNotFoundError, ImportError: see `check_export`.
    """
    check_export(path, to=to, precision=precision, overwrite=overwrite)
    graph, facts = network.graph(), dataclasses.replace(network.facts(), precision=precision)
    expected = TorchRuntime(graph, torch.device("cpu")).run(crops)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{path.name}-", suffix=UNFINISHED, dir=path.parent))
    try:
        written = unfinished / path.name
        _write(graph, facts, written, to=to, calibration=calibration)
        opened = open_exported(written, device="cpu")
        agreement = compare(expected, embed_in_batches(opened.runtime, crops))
        _check_agreement(facts, agreement, to)
        del opened  # Windows keeps a file that is open
        num_bytes = sum(file.stat().st_size for file in [written, *written.glob("*")] if file.is_file())
        _put(written, path, unfinished / "replaced")
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return ExportResult(path, num_bytes, facts, agreement, LIMITS[precision])


def remove_killed(path: Path) -> None:
    """Remove what exports to `path` left that were killed; only while nobody else exports to it."""
    for folder in path.parent.glob(f".{glob.escape(path.name)}-*{UNFINISHED}"):
        shutil.rmtree(folder, ignore_errors=True)


def _write(graph: CropsToEmbeddings, facts: EncoderFacts, path: Path, *, to: str, calibration: Crops | None) -> None:
    """The graph in a format and in the precision that its facts name.

    Raises:
        ValueError: the converter does not understand the network.
    """
    try:
        if to == "openvino":
            _write_openvino(graph, facts, path, calibration)
            return
        stored = half_precision(graph) if facts.precision == "fp16" else graph
        if to == "onnx":
            path.write_bytes(convert_to_onnx(stored, facts))
        else:
            save_torchscript(stored, facts, path)
    except (OSError, ImportError, ValueError):
        raise
    except Exception as error:  # converters raise whatever they like
        reason = " ".join(str(error).split())[:300]
        raise ValueError(f"{facts.backbone} cannot be exported to {to}: {reason}; try another --to") from error


def _write_openvino(graph: CropsToEmbeddings, facts: EncoderFacts, folder: Path, calibration: Crops | None) -> None:
    model = convert_to_openvino(graph, facts)
    if facts.precision == "int8":
        if calibration is None:
            raise ValueError("int8 needs crops to take its ranges from; give --calibrate VIDEO")
        has_layer_norm = any(isinstance(module, torch.nn.LayerNorm) for module in graph.modules())
        model = quantised(model, facts, calibration, has_layer_norm=has_layer_norm)
    folder.mkdir()
    save_openvino(model, folder / f"{folder.name}.xml", half=facts.precision == "fp16")


def _check_agreement(facts: EncoderFacts, agreement: Agreement, to: str) -> None:
    limit = LIMITS[facts.precision]
    if not agreement.within(limit):
        raise ValueError(
            f"{facts.backbone} in {facts.precision} by --to {to} is too far from PyTorch: largest difference"
            f" {agreement.difference:.1e} (limit {limit.difference:g}), smallest cosine {agreement.cosine:.6f} (limit"
            f" {limit.cosine:g}) on {agreement.num_crops} crops; nothing was written; use a higher precision"
        )


def _put(written: Path, path: Path, replaced: Path) -> None:
    """Give the finished export its name; a folder cannot be replaced in one step, so the old one steps aside."""
    if not path.is_dir():
        os.replace(written, path)  # noqa: PTH105
        return
    path.rename(replaced)
    try:
        written.rename(path)
    except OSError:
        replaced.rename(path)
        raise
