"""The door: what a caller gives is checked once, and boxes that can't be tracked are turned away."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from .boxes import xyxy_to_xyah
from .measured import Measured
from .steps import Steps

__all__ = ["REJECT_REASONS", "admit", "check_motion", "check_time", "reject_reasons"]

Array = npt.NDArray[np.float64]

REJECT_REASONS = ("", "not finite", "no area", "far outside the frame", "at one place with 100 others")
"""What each code of `reject_reasons` means; 0 is a usable box."""
MAX_AT_ONE_PLACE = 100
"""Boxes of a frame that are the same to the last bit. No detector gives many; each of N is a candidate for each of N
tracks there, so that an update with 1,000 took 20 s and 1.6 GB, with this limit a tenth of a second."""

_MAX_COORDINATE = 1e6
"""px; far beyond any picture, and small enough that no later arithmetic overflows."""


def admit(
    xyxy: npt.ArrayLike,
    scores: npt.ArrayLike,
    class_ids: npt.ArrayLike | None,
    embeddings: npt.ArrayLike | None,
    frame_size: tuple[int, int] | None,
    known: npt.ArrayLike | None = None,
    *,
    steps: Steps,
) -> Measured:
    """Check shapes once, at the door, and keep the usable detections.

    Args:
        steps: of NumPy, or compiled; their quick look sees that all boxes are usable, as in almost every frame.
    """
    _check_size(frame_size)
    boxes = np.array(xyxy, np.float64, order="C")
    boxes = boxes.reshape(0, 4) if boxes.size == 0 else boxes
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"xyxy must have shape (N, 4), but got {boxes.shape}")
    count = len(boxes)
    if scores is None:
        raise ValueError(f"scores must be {count} numbers, but got None; give 1.0 for each box where nothing is known")
    confidences = np.array(scores, np.float32, order="C").reshape(-1)
    classes = np.zeros(count, np.int64) if class_ids is None else np.array(class_ids, np.int64, order="C").reshape(-1)
    vectors = np.zeros((count, 0), np.float32) if embeddings is None else np.array(embeddings, np.float32, order="C")
    vectors = vectors.reshape(0, 0) if vectors.shape == (0,) and count == 0 else vectors
    looks = None if known is None else np.asarray(known, np.bool_).reshape(-1)
    for name, array in (("scores", confidences), ("class_ids", classes), ("embeddings", vectors), ("known", looks)):
        if array is None:
            continue
        if len(array) != count:
            raise ValueError(f"{name} must have one row a box ({count}), but got {len(array)}")
    if vectors.ndim != 2:
        raise ValueError(f"embeddings must have shape (N, D), but got {vectors.shape}")
    source, xyah = np.arange(count, dtype=np.intp), steps.admit(boxes, confidences, *_bounds(frame_size))
    if xyah is None or _at_one_place(boxes, confidences).any():
        source = np.flatnonzero(reject_reasons(boxes, confidences.astype(np.float64), frame_size) == 0)
        boxes, confidences, classes, vectors = boxes[source], confidences[source], classes[source], vectors[source]
        xyah = xyxy_to_xyah(boxes)
    return Measured(
        boxes,
        xyah,
        confidences,
        classes,
        steps.normalised(vectors),
        source,
        count - len(source),
        None if looks is None else looks[source],
    )


def _bounds(frame_size: tuple[int, int] | None) -> tuple[float, float]:
    """Coordinates between which `reject_reasons` finds nothing too far away."""
    far = 2 * min(frame_size) if frame_size else _MAX_COORDINATE
    return -min(far / 2, _MAX_COORDINATE), min(far, _MAX_COORDINATE)


def check_time(time_s: float) -> float:
    """The time of a frame; `ValueError` where it is no time."""
    seconds = float(time_s)
    if not math.isfinite(seconds):
        raise ValueError(f"time_s is {time_s}, expected seconds from the start of the video; or leave it out")
    return seconds


def _check_size(frame_size: tuple[int, int] | None) -> None:
    if frame_size is not None and (len(frame_size) != 2 or min(frame_size) <= 0):
        raise ValueError(
            f"frame_size is {tuple(frame_size)}, expected (width, height) in px; of an image: image.shape[1::-1]"
        )


def check_motion(motion: npt.ArrayLike | None) -> Array | None:
    """The camera's motion as `(2, 3)` float64, or `None` where nothing moved; `ValueError` where it is neither."""
    if motion is None:
        return None
    affine = np.asarray(motion, np.float64)
    if affine.shape != (2, 3) or not np.isfinite(affine).all():
        raise ValueError(f"motion must be a finite affine map of shape (2, 3), but got {affine.tolist()}")
    return None if np.array_equal(affine, np.eye(2, 3)) else affine


def reject_reasons(xyxy: Array, scores: Array, frame_size: tuple[int, int] | None = None) -> npt.NDArray[np.int64]:
    """Why each box can't be tracked, as `(N,)` indices into `REJECT_REASONS` (0: it can).

    A box that reaches over the border is fine; one that lies more than a whole frame away from it can only be an error.

    Args:
        xyxy: `(N, 4)` px.
        scores: `(N,)`.
        frame_size: width and height of the frame in px; without it only absurd coordinates are far outside.
    """
    reasons = np.zeros(len(xyxy), np.int64)
    finite = np.isfinite(xyxy).all(axis=1) & np.isfinite(scores)
    with np.errstate(invalid="ignore", over="ignore"):
        width, height = xyxy[:, 2] - xyxy[:, 0], xyxy[:, 3] - xyxy[:, 1]
        area = width * height
    reasons[~((width > 0) & (height > 0) & np.isfinite(area) & (area > 0))] = 2
    if frame_size is not None:
        frame_width, frame_height = frame_size
        near_x = (xyxy[:, 2] >= -frame_width) & (xyxy[:, 0] <= 2 * frame_width)
        near_y = (xyxy[:, 3] >= -frame_height) & (xyxy[:, 1] <= 2 * frame_height)
        reasons[(reasons == 0) & ~(near_x & near_y)] = 3
    with np.errstate(invalid="ignore"):
        reasons[(reasons == 0) & (np.abs(xyxy) > _MAX_COORDINATE).any(axis=1)] = 3
    reasons[~finite] = 1
    reasons[(reasons == 0) & _at_one_place(xyxy, scores)] = 4
    return reasons


def _at_one_place(xyxy: Array, scores: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.bool_]:
    """Which boxes have `MAX_AT_ONE_PLACE` others of a higher score, or of the same and before them, at their place."""
    beyond = np.zeros(len(xyxy), np.bool_)
    if len(xyxy) <= MAX_AT_ONE_PLACE:
        return beyond
    _, place = np.unique(xyxy, axis=0, return_inverse=True)
    place = place.reshape(-1)  # of shape (N, 1) in NumPy 2.0
    order = np.lexsort((-scores, place))
    first = np.searchsorted(place[order], np.arange(int(place.max()) + 1))
    beyond[order] = np.arange(len(order)) - first[place[order]] >= MAX_AT_ONE_PLACE
    return beyond
