"""Weights of an encoder as they were typed: there, or one sentence."""

from __future__ import annotations

from pathlib import Path

from reid.bundled import RANDOM

__all__ = ["IMAGENET", "check_given"]


IMAGENET = "imagenet"
"""In place of a path: published weights, fetched by name (see `reid.imagenet`)."""


def check_given(option: str, weights: Path | None) -> None:
    """Raise `FileNotFoundError` where an option that takes weights of an encoder names some that are not there.

    Args:
        option: such as `--reid-weights`; `--pretrained` takes neither exported nor random ones.
        weights: what was typed; `None` where the option was not given.
    """
    is_start = option == "--pretrained"
    words = (IMAGENET,) if is_start else (IMAGENET, RANDOM)
    if weights is None or str(weights) in words or weights.exists():
        return
    what = "a checkpoint" if is_start else "a checkpoint (.safetensors, .pth), what track export wrote,"
    raise FileNotFoundError(f"{option} {weights} not found, expected {what} or the word {' or '.join(words)}")
