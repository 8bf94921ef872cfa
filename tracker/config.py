"""The settings of a tracker, as one frozen object; YAML presets in `configs/` fill it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from .class_groups import Groups, parse_groups
from .kalman import CHI2_GATE_4, MotionNoise

__all__ = ["TrackerConfig"]

_MOST = {"gallery_size": 10_000, "n_init": 1000, "max_age": 1_000_000, "iou_max_misses": 1_000_000}
"""Whole numbers, and bounds beyond which a number can only be a slip (and a gallery would not fit in memory)."""
_UNIT_INTERVAL = (
    "max_iou_distance",
    "birth_score",
    "low_score",
    "score_noise",
    "appearance_momentum",
    "border_share",
    "birth_iou",
    "birth_inside",
    "lost_gate",
)
_ABOVE_ZERO = (
    "motion_gate",
    "weight_position",
    "weight_velocity",
    "aspect_std",
    "measured_noise",
    "most_evidence",
)
_NOT_NEGATIVE = (
    "max_age_s",
    "recover_s",
    "confirm_evidence",
    "miss_evidence",
    "tentative_penalty",
    "doubt_penalty",
    "border_wait_s",
    "predicted_s",
    "appearance_weight",
)


@dataclass(frozen=True)
class TrackerConfig:
    """Settings of `DeepSort`. The defaults are the paper's (Wojke et al. 2017) and its published code's.

    From `measured_noise` on, each setting is an improvement that is off by default.

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
        measured_noise: see `MotionNoise.measured_factor`; above 1 boxes are calmer.
        score_noise: how far a sure detection is trusted beyond others: its measured variance shrinks by this times its
            score (NSA Kalman, Du et al. 2021).
        recover_s: seconds since its last detection up to which a track may be matched by IoU, besides `iou_max_misses`:
            the same at 10 and at 60 frames a second.
        max_age_s: seconds that a confirmed track survives without a detection, instead of `max_age`; 0 switches it off.
        motion_in_seconds: whether velocities and the noise of the motion model are those of a thirtieth of a second, by
            the times that `update` is told, instead of a frame: the same motion at 7 and at 60 frames a second.
        camera_from_boxes: whether the motion of the camera is estimated from the boxes, where no other is told.
        predicted_s: seconds for which a track that is surely there, by `confirm_evidence`, is shown where it is
            predicted; 0, or no such evidence: one frame.
        overlap_first: whether overlap chooses before appearance (`Matching`).
        appearance_weight: what a doubtful appearance costs where tracks compete in the IoU stage, in units of IoU; at
            the gate half of it, at twice the gate all.
        lost_gate: with `overlap_first`, share of `max_cosine_distance` up to which appearance recovers a track.
        calibrated_scores: whether scores are read as the probability that a detection is real, learned while the video
            runs (`ScoreCalibration`); `birth_score` and `low_score` are then such probabilities.
        confirm_evidence: log-odds of being real that confirm a track, instead of `n_init` hits (`existence`); 0
            switches it off.
        miss_evidence: what a miss takes off these log-odds.
        most_evidence: where they stop growing, so that a long life does not outweigh a present absence.
        tentative_penalty: what an unconfirmed track pays in the IoU stage, where it competes with a confirmed one.
        doubt_penalty: what a detection pays there for each unit of score that it lacks of 1.
        birth_iou, birth_inside: a detection that overlaps a confirmed track of its class that was seen in this frame
            by more than this IoU, or of which more than this share lies inside of one, starts no track; 1 switches
            either off.
        appearance_momentum: share that the past keeps in the one moving average which then is a track's appearance
            (0.9: StrongSORT, Du et al. 2023); 0 keeps a gallery instead.
        class_vote: whether a track has the class that most of its detections had, weighted by score, instead of the
            last one's.
        class_groups: which classes may be one object, such as `"2 5 7, 1 3"`: a track then meets only detections of its
            own group, and classes that are not named are groups of their own; empty, any class may meet any other.
            Ids alone: in a YAML file names work too, which the application turns into the ids of its detector.
        border_wait_s: seconds for which a track that the border of the picture has cut off since its birth must stay
            before it is confirmed (`border`); 0 switches this off.
        border_share: a track that is cut off is shown while at least this share of its area is left, as it was last
            seen whole; 0 switches this off.
        camera_motion: whether the application is to measure the motion of the camera and pass it to `update`.
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
    measured_noise: float = 1.0
    score_noise: float = 0.0
    recover_s: float = 0.0
    max_age_s: float = 0.0
    motion_in_seconds: bool = False
    camera_from_boxes: bool = False
    predicted_s: float = 0.0
    overlap_first: bool = False
    appearance_weight: float = 0.0
    lost_gate: float = 1.0
    calibrated_scores: bool = False
    confirm_evidence: float = 0.0
    miss_evidence: float = 1.0
    most_evidence: float = 8.0
    tentative_penalty: float = 0.0
    doubt_penalty: float = 0.0
    birth_iou: float = 1.0
    birth_inside: float = 1.0
    appearance_momentum: float = 0.0
    class_vote: bool = False
    class_groups: str = ""
    border_wait_s: float = 0.0
    border_share: float = 0.0
    camera_motion: bool = False

    def __post_init__(self) -> None:
        for name, most in _MOST.items():
            value = getattr(self, name)
            if not isinstance(value, int) or not 1 <= value <= most:
                raise ValueError(f"{name} is {value!r}, expected a whole number from 1 to {most}")
        for name in _ABOVE_ZERO:
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name} is {value}, expected a number above 0")
        for name in _NOT_NEGATIVE:
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} is {value}, expected 0 or a number above")
        for name in _UNIT_INTERVAL:
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}, expected a number from 0 to 1")
        if not 0 <= self.max_cosine_distance <= 2:
            raise ValueError(f"max_cosine_distance is {self.max_cosine_distance}, expected a number from 0 to 2")
        parse_groups(self.class_groups)

    @cached_property
    def groups(self) -> Groups:
        """`class_groups`, read."""
        return parse_groups(self.class_groups)

    @cached_property
    def noise(self) -> MotionNoise:
        """The noise of the Kalman filter."""
        weights = self.weight_position, self.weight_velocity
        return MotionNoise(*weights, self.aspect_std, measured_factor=self.measured_noise)
