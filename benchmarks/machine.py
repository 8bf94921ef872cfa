"""What figures depend on: processor, memory, system and versions; no names of hosts, people or folders."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Sequence
from pathlib import Path

__all__ = ["machine"]

PACKAGES = (
    "numpy", "scipy", "opencv-python", "opencv-python-headless", "torch", "torchvision", "timm", "openvino",
    "onnxruntime", "av", "ultralytics",
)  # fmt: skip
GIB = 1 << 30


def machine(packages: Sequence[str] = PACKAGES) -> dict[str, str]:
    """Facts by name, in the order in which they are shown; what cannot be found out is left out."""
    facts = {
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "memory": _memory(),
        "system": f"{platform.system()} {platform.release().split('-')[0]}, {platform.machine()}",
        "python": platform.python_version(),
    }
    known = {found.name.lower(): found.version for found in importlib.metadata.distributions()}
    facts |= {name: known[name] for name in packages if name in known}
    return {name: fact for name, fact in facts.items() if fact}


def _processor() -> str:
    """The model as the system tells it, Linux, else what Python knows."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _memory() -> str:
    try:
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return ""
    return f"{size / GIB:.1f} GiB"
