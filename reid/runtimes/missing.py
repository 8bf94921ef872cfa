"""Packages that a runtime needs and a plain installation lacks."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from typing import Any

__all__ = ["EXTRAS", "installed", "require"]

EXTRAS = {"onnx": "onnx", "onnxscript": "onnx", "onnxruntime": "onnx", "openvino": "openvino", "nncf": "openvino"}
"""Package -> the extra of this project that installs it."""


def installed(*packages: str) -> bool:
    """Whether all of them can be imported, as far as can be told without importing."""
    return all(
        sys.modules.get(name, ...) is not None and importlib.util.find_spec(name) is not None for name in packages
    )


def require(*packages: str) -> Any:
    """The last of the packages, imported; OpenVINO and NNCF without the usage statistics that they would send.

    Raises:
        ImportError: one is missing; says what to install.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    for name in packages:
        if not installed(name):
            raise ImportError(f"{name} is not installed; type: pip install 'track-reid[{EXTRAS[name]}]'")
    modules = [importlib.import_module(name) for name in packages]
    return modules[-1] if modules else None
