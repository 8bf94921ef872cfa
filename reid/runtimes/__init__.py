"""The runtimes of an encoder: PyTorch, ONNX Runtime and OpenVINO, with the same numbers out.

Importing this package imports none of them.
"""

from __future__ import annotations

from registry import unknown_name

__all__ = ["AUTO", "FASTEST_IN_TORCH", "RUNTIMES", "check_runtime"]

AUTO = "auto"
RUNTIMES = {
    AUTO: "the fastest that is installed, in float32: on a CPU OpenVINO, else ONNX Runtime, else PyTorch",
    "torch": "PyTorch",
    "torch-fp16": "PyTorch, float16 by autocast: for GPUs",
    "torch-bf16": "PyTorch, bfloat16 by autocast: for GPUs and CPUs with bfloat16 units",
    "onnx": "ONNX Runtime",
    "openvino": "OpenVINO, on the CPU",
}
"""Name, as in `--reid-runtime` -> what it is."""


FASTEST_IN_TORCH = ("dilateformer",)
"""Starts of the names that PyTorch runs fastest: OpenVINO has 0.83 and ONNX Runtime 0.92 times its speed there (CPU
time of 16 crops of 128x64 px on one AVX2 core), 1.1 to 1.8 times with the others."""


def check_runtime(name: str) -> None:
    """Raise `ValueError` with the known names for a runtime that is none of them."""
    if name not in RUNTIMES:
        raise unknown_name("runtime", name, RUNTIMES, hint="Choose with --reid-runtime NAME.")
