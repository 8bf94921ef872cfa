"""Which processor a network runs on."""

from __future__ import annotations

import torch

__all__ = ["available_devices", "resolve_device"]


def available_devices() -> tuple[str, ...]:
    """Names that `resolve_device` takes on this machine, the fastest kind first."""
    names = [f"cuda:{index}" for index in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    if torch.backends.mps.is_available():
        names.append("mps")
    return (*names, "cpu")


def resolve_device(name: str) -> torch.device:
    """The device called `name`: `auto` (the fastest there is), `cpu`, `cuda`, `cuda:0`, `mps`.

    Raises:
        ValueError: not a device, or not one of this machine; lists those that are.
    """
    available = available_devices()
    wanted = {"auto": available[0], "cuda": "cuda:0"}.get(name, name)
    if wanted not in available:
        raise ValueError(f"device {name!r} is not available here; use one of: auto, {', '.join(available)}")
    return torch.device(wanted)
