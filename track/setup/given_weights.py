"""Weights of an encoder as they were typed: there, or one sentence."""

from __future__ import annotations

import logging
from pathlib import Path

from detectors.trust import TRUST
from reid.bundled import RANDOM
from reid.programs import check_program, is_program

__all__ = ["IMAGENET", "check_given"]

logger = logging.getLogger(__name__)

IMAGENET = "imagenet"
"""In place of a path: published weights, fetched by name (see `reid.imagenet`)."""


def check_given(option: str, weights: Path | None, trust: bool = False) -> None:
    """Look at what an option that takes weights of an encoder names, before anything is loaded.

    Args:
        option: such as `--reid-weights`; `--pretrained` takes neither exported nor random ones.
        weights: what was typed; `None` where the option was not given.
        trust: whether they may run code of whoever made them.

    Raises:
        FileNotFoundError: they are not there.
        ValueError: they are a program, and not trusted.
    """
    if option != "--pretrained":
        check_program(option, weights, trust, TRUST)
        if is_program(weights):
            logger.warning("%s is read with %s: it may run code of whoever made it", weights, TRUST)
    is_start = option == "--pretrained"
    words = (IMAGENET,) if is_start else (IMAGENET, RANDOM)
    if weights is None or str(weights) in words or weights.exists():
        return
    what = "a checkpoint" if is_start else "a checkpoint (.safetensors, .pth), what track export wrote,"
    raise FileNotFoundError(f"{option} {weights} not found, expected {what} or the word {' or '.join(words)}")
