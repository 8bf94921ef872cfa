"""Processor, number format and processes of a training, through `accelerate`."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

from registry.devices import resolve_device

if TYPE_CHECKING:
    from accelerate import Accelerator

__all__ = ["AMP", "cpu_threads", "is_main_process", "keep_freed_memory", "open_accelerator"]

AMP = ("no", "bf16", "fp16")
DEVICE_VARIABLE = "ACCELERATE_TORCH_DEVICE"
"""The one way to name a device to accelerate."""
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Parameters of mallopt(3)."""
LARGEST_KEPT = 32 << 20
"""Bytes; glibc allows no more, larger blocks go back as before."""


def is_main_process() -> bool:
    """Whether this is the process that writes and prints; known before any process group exists."""
    return os.environ.get("RANK", "0") == "0"


def open_accelerator(device: str = "auto", amp: str = "no") -> Accelerator:
    """The accelerator of this process; under `torchrun` it joins the others (gloo on CPUs, NCCL on CUDA).

    Args:
        device: as for `registry.devices.resolve_device`; `auto` under torchrun gives each process a GPU of its own.
        amp: `no`, `bf16` or `fp16` (CUDA only) for the network's pass; losses and weights stay float32.

    Raises:
        ValueError: unknown number format, fp16 on a CPU, or a device that is not there.
    """
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState

    if amp not in AMP:
        raise ValueError(f"--amp is {amp!r}, expected one of {', '.join(AMP)}")
    chosen = resolve_device(device)
    if amp == "fp16" and chosen.type != "cuda":
        raise ValueError(f"--amp fp16 needs a CUDA device, but this one is {chosen.type}; use --amp bf16 or --amp no")
    several = int(os.environ.get("WORLD_SIZE", "1")) > 1
    if device != "auto" and chosen.type != "cpu" and not several:
        os.environ[DEVICE_VARIABLE] = str(chosen)
    AcceleratorState._reset_state()  # it would refuse a second training of this process with other settings
    # TensorFloat-32 is left as PyTorch has it: off for products, so that a GPU run rounds as a CPU run does.
    accelerator = Accelerator(cpu=chosen.type == "cpu", mixed_precision=amp)
    if accelerator.device.type == "cpu":
        # As `use_deterministic_algorithms(True, warn_only=True)`, which takes seconds to import an unused compiler.
        torch.set_deterministic_debug_mode("warn")
        # A guard for debugging that fills each new tensor: a fifth of a small step.
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
        keep_freed_memory()
    return accelerator


def keep_freed_memory() -> bool:
    """Let the process keep the memory that a step frees, for the next step; whether the C library can be told so.

    glibc gives large blocks back to the system at once, and every step then takes thousands of page faults for the
    same blocks again (7,000 in a step of DogeNet-26 with 32 crops of 64x32, a seventh of its time).
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # not glibc
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGEST_KEPT)) and bool(mallopt(M_TRIM_THRESHOLD, 2**31 - 1))


@contextlib.contextmanager
def cpu_threads(count: int) -> Iterator[None]:
    """Let torch use `count` threads on the CPU for a while; 0 leaves as many as it takes."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
