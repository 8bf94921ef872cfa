"""Weights that are programs: opened only for who trusts them."""

from __future__ import annotations

from pathlib import Path

__all__ = ["check_program", "is_program"]

PROGRAM = ".torchscript"
"""TorchScript can write files when it is opened; other exports are numbers and layers."""


def is_program(weights: Path | None) -> bool:
    """Whether to open them may run code of whoever made them."""
    return weights is not None and weights.suffix.lower() == PROGRAM and weights.exists()


def check_program(option: str, weights: Path | None, trust: bool, to_trust: str) -> None:
    """Refuse weights that may run code of whoever made them, unless the user trusts them.

    Args:
        option: what named them, for the message.
        weights: a file, or `None`.
        trust: whether the user trusts it.
        to_trust: how the user says so, such as `--trust`.

    Raises:
        ValueError: they are a program, and not trusted.
    """
    if is_program(weights) and not trust:
        raise ValueError(
            f"{option} {weights} may run code when it is opened, as TorchScript is a program: if you trust whoever "
            f"made it, add {to_trust}, or give an ONNX or OpenVINO export"
        )
