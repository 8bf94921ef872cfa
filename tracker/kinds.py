"""A tracker by the name of its kind."""

from __future__ import annotations

from .config import TrackerConfig
from .deepsort import DeepSort
from .types import Tracker

__all__ = ["KINDS", "create_tracker"]

KINDS = ("deepsort", "reference")
"""`DeepSort`, and `ReferenceDeepSort`: the paper's tracker, slow and to be read."""


def create_tracker(config: TrackerConfig, kind: str = KINDS[0]) -> Tracker:
    """A fresh tracker of one of `KINDS`.

    Raises:
        ValueError: settings that go beyond the paper, of the reference tracker.
    """
    if kind == "reference":
        from .reference import ReferenceDeepSort

        return ReferenceDeepSort(config)
    return DeepSort(config)
