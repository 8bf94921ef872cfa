"""Which processor a network runs on: one rule for detectors, encoders and training."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

__all__ = ["available_devices", "check_device_name", "resolve_device"]

_NAME = re.compile(r"auto|cpu|mps|cuda(:\d{1,4})?")


def check_device_name(name: str) -> None:
    """Raise `ValueError` where `--device` is no name of a device; whether it is there is known once torch is loaded."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"--device is {name!r}, expected auto, cpu, cuda:0 (or another number) or mps")


def available_devices() -> tuple[str, ...]:
    """Names that `resolve_device` takes on this machine, the fastest kind first."""
    import torch

    names = [f"cuda:{index}" for index in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    if torch.backends.mps.is_available():
        names.append("mps")
    return (*names, "cpu")


def resolve_device(name: str) -> torch.device:
    """The device called `name`: `auto` (the fastest there is), `cpu`, `cuda`, `cuda:0`, `mps`.

    Raises:
        ValueError: not a device, or not one of this machine; lists those that are.
    """
    import torch

    available = available_devices()
    wanted = {"auto": available[0], "cuda": "cuda:0"}.get(name, name)
    if wanted not in available:
        raise ValueError(f"device {name!r} is not available here; use one of: auto, {', '.join(available)}")
    return torch.device(wanted)
