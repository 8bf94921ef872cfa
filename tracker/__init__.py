"""Boxes and embeddings in, identities out: the DeepSORT tracker, useful without torch, OpenCV or a video.

from tracker import DeepSort
tracks = DeepSort().update(xyxy, scores, embeddings=embeddings)
"""

from .ambiguity import AppearanceOnDemand
from .config import TrackerConfig
from .deepsort import DeepSort
from .kinds import KINDS, create_tracker
from .types import Evidence, Tracker, Tracks
from .validation import REJECT_REASONS, reject_reasons

__all__ = [
    "KINDS",
    "REJECT_REASONS",
    "AppearanceOnDemand",
    "DeepSort",
    "Evidence",
    "Tracker",
    "TrackerConfig",
    "Tracks",
    "create_tracker",
    "reject_reasons",
]
