"""The settings of a tracker, as one frozen object; YAML presets in `configs/` fill it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .kalman import CHI2_GATE_4, MotionNoise

__all__ = ["TrackerConfig"]

_MOST = {"gallery_size": 10_000, "n_init": 1000, "max_age": 1_000_000, "iou_max_misses": 1_000_000}
"""Whole numbers, and bounds beyond which a number can only be a slip (and a gallery would not fit in memory)."""
_UNIT_INTERVAL = ("max_iou_distance", "birth_score", "low_score")


@dataclass(frozen=True)
class TrackerConfig:
    """Settings of `DeepSort`. The defaults are the paper's (Wojke et al. 2017) and its published code's.

    Attributes:
        max_cosine_distance: appearance gate: a track and a detection whose embeddings are further apart than this
            (cosine distance, 0 to 2) are never matched by appearance. Larger recovers more people, and confuses more.
        gallery_size: how many of its last embeddings a track remembers.
        motion_gate: gate on the squared Mahalanobis distance (4 degrees of freedom).
        max_iou_distance: gate of the second stage, 1 - IoU.
        iou_max_misses: detector frames since its last detection up to which a track may be matched by IoU; 1 allows
            only tracks that were seen in the frame before.
        max_age: frames that a confirmed track survives without a detection.
        n_init: hits in a row that confirm a track.
        weight_position, weight_velocity, aspect_std: see `MotionNoise`. A larger `aspect_std` lets the width of a box
            follow its detections sooner, for objects that turn, or enter over the border.
        birth_score: a detection below this score can extend a track but not start one.
        low_score: detections below this score are kept out of the two main stages and may only extend a track that is
            left over after them, by IoU (ByteTrack, Zhang et al. 2022); 0 switches this off.
    """

    max_cosine_distance: float = 0.2
    gallery_size: int = 100
    motion_gate: float = CHI2_GATE_4
    max_iou_distance: float = 0.7
    iou_max_misses: int = 1
    max_age: int = 30
    n_init: int = 3
    weight_position: float = 1 / 20
    weight_velocity: float = 1 / 160
    aspect_std: float = 1e-2
    birth_score: float = 0.0
    low_score: float = 0.0

    def __post_init__(self) -> None:
        for name, most in _MOST.items():
            value = getattr(self, name)
            if not isinstance(value, int) or not 1 <= value <= most:
                raise ValueError(f"{name} is {value!r}, expected a whole number from 1 to {most}")
        for name in ("motion_gate", "weight_position", "weight_velocity", "aspect_std"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name} is {value}, expected a number above 0")
        for name in _UNIT_INTERVAL:
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}, expected a number from 0 to 1")
        if not 0 <= self.max_cosine_distance <= 2:
            raise ValueError(f"max_cosine_distance is {self.max_cosine_distance}, expected a number from 0 to 2")

    @property
    def noise(self) -> MotionNoise:
        """The noise of the Kalman filter."""
        return MotionNoise(self.weight_position, self.weight_velocity, self.aspect_std)
