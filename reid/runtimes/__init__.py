"""The runtimes of an encoder: PyTorch, ONNX Runtime and OpenVINO, with the same numbers out.

Importing this package imports none of them.
"""

from __future__ import annotations

from registry import unknown_name

__all__ = ["AUTO", "RUNTIMES", "check_runtime"]

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


def check_runtime(name: str) -> None:
    """Raise `ValueError` with the known names for a runtime that is none of them."""
    if name not in RUNTIMES:
        raise unknown_name("runtime", name, RUNTIMES, hint="Choose with --reid-runtime NAME.")
