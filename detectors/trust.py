"""Weights of others are data: what would run code of theirs is refused, unless the user trusts them.

A `.pt` of ultralytics is a pickle of a whole network, which may call anything. Since version 8.4 ultralytics can read
it with PyTorch's restricted unpickler and a list of the classes of its own networks (`_SafeLoad`); that is asked of it
for every file.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from detectors.weights import DetectorUnavailableError
from registry.yaml_limits import YamlLimitError, check_yaml, read_limited

__all__ = ["METADATA", "TRUST", "check_metadata", "check_refused", "check_trusted", "load_restricted"]

logger = logging.getLogger(__name__)

TRUST = "--trust"
METADATA = "metadata.yaml"
"""In the folder of an export: what ultralytics, and `detectors.openvino_yolo`, read first."""
DATA = frozenset({".pt", ".onnx", ".xml", ".tflite", ".mnn", ".mlpackage"})
"""Files that hold numbers and layers; a `.pt` when it is read as `load_restricted` does."""
DATA_FOLDERS = ("_openvino_model", "_ncnn_model")
ADVICE = f"if you trust whoever made it, add {TRUST}"


def check_trusted(path: Path, trust: bool) -> None:
    """A model of a kind that is a program (TensorRT, TorchScript, TensorFlow) must be trusted; others pass.

    The metadata in its folder is looked at by `check_metadata`, trusted or not.

    Raises:
        DetectorUnavailableError: it is not.
    """
    if path.is_dir():
        check_metadata(path)
    is_data = path.suffix.lower() in DATA or path.resolve().name.endswith(DATA_FOLDERS)
    if is_data or trust:
        return
    kind = f"a {path.suffix} file" if path.suffix else "a model of that kind"
    raise DetectorUnavailableError(
        f"{path} may run code when it is opened, as {kind} is a program: {ADVICE}, or give an .onnx or OpenVINO export"
    )


def check_metadata(folder: Path) -> None:
    """The metadata of an export, if any, must not take the memory of the machine when it is read; other faults pass.

    Raises:
        DetectorUnavailableError: it would.
    """
    import yaml

    try:
        check_yaml(str(folder / METADATA), read_limited(folder / METADATA))
    except YamlLimitError as error:
        raise DetectorUnavailableError(f"{error} (the metadata of a model; export it again)") from error
    except (OSError, ValueError, yaml.YAMLError):
        return


@contextlib.contextmanager
def load_restricted(path: Path, trust: bool) -> Iterator[None]:
    """A context in which ultralytics reads `path` without running code from it; with `trust` as it likes.

    Raises:
        DetectorUnavailableError: this ultralytics, or this PyTorch, cannot.
    """
    tasks = importlib.import_module("ultralytics.nn.tasks")
    can = hasattr(tasks, "SAFE_LOAD") and getattr(getattr(tasks, "_SafeLoad", None), "SUPPORTED", False)
    if not can and not trust:
        raise DetectorUnavailableError(
            f"{path} cannot be read without running code from it by this version of ultralytics or PyTorch: type pip "
            f"install -U ultralytics torch, or {ADVICE}"
        )
    if trust:
        logger.warning("%s is read with %s: it may run code of whoever made it", path, TRUST)
    before: Any = getattr(tasks, "SAFE_LOAD", None)
    if can:
        tasks.SAFE_LOAD = not trust  # type: ignore[attr-defined]  # of the environment at its first import
    try:
        yield
    finally:
        if can:
            tasks.SAFE_LOAD = before  # type: ignore[attr-defined]


def check_refused(path: Path, error: Exception) -> None:
    """Raise `DetectorUnavailableError` where `error` says that the file holds more than the networks of ultralytics."""
    if isinstance(error.__cause__, pickle.UnpicklingError) or isinstance(error, pickle.UnpicklingError):
        raise DetectorUnavailableError(
            f"{path} holds more than a network of ultralytics (or is damaged), and may run code while it is read, so "
            f"it is refused: {ADVICE}"
        ) from error
