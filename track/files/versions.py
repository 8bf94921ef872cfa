"""The versions of what a result depends on."""

from __future__ import annotations

import contextlib
import platform
from importlib import metadata

__all__ = ["versions"]


_PACKAGES = (
    "track-reid", "numpy", "scipy", "opencv-python", "torch", "torchvision", "ultralytics", "openvino",
    "onnxruntime", "av", "supervision", "timm", "safetensors",
)  # fmt: skip


def versions() -> dict[str, str]:
    """Versions of what took part, `python` included; packages that are not installed are left out."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found
