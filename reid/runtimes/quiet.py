"""Converters talk a lot: their progress bars, notes and warnings say nothing to someone who tracks a video."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator

__all__ = ["quiet"]

TALKERS = (
    "torch.onnx",
    "torch.export",
    "torch._dynamo",
    "onnxscript",
    "onnx_ir",
    "nncf",
    "openvino",
    "torch.utils.cpp_extension",
)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Nothing below an error from the converting libraries, and nothing of what they print."""
    loggers = [logging.getLogger(name) for name in TALKERS]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
