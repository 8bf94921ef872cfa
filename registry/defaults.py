"""Names that stand for what nobody chose; here, where `--help` can tell them without loading a library."""

from __future__ import annotations

__all__ = ["DEFAULT_ENCODER"]

DEFAULT_ENCODER = "dogenet50"
"""The encoder that runs, and is trained, where nobody names one: one of `reid.ENCODERS`, with bundled weights."""
