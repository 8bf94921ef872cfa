"""What a caller gives is checked once, and boxes that can't be tracked are rejected."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from .boxes import LEAST_SIDE, xyxy_to_xyah
from .gallery import normalise_rows
from .inputs import num_misread, to_xyxy
from .measured import Measured

__all__ = ["REJECT_REASONS", "admit", "check_motion", "check_time", "reject_reasons"]

Array = npt.NDArray[np.float64]

REJECT_REASONS = ("", "not finite", "no area", "far outside the frame", "at one place with 100 others")
"""What each code of `reject_reasons` means; 0 is a usable box."""
MAX_AT_ONE_PLACE = 100
"""Boxes of a frame that are of about one size at about one place. No detector gives many; each of N is a candidate for
each of N tracks there, so that an update with 2,000 took 24 s and 4 GB, with this limit some tenths of a second."""

_MAX_COORDINATE = 1e6
"""px; far beyond any picture, and small enough that no later arithmetic overflows."""
_CORNERS = 1 << 21
"""More than the whole numbers from -`_MAX_COORDINATE` to it."""
_MAX_TIME_S = 1e18
"""s; beyond any clock, also one in nanoseconds, and small enough that differences are finite."""
_MAX_ZOOM = 10.0
"""From one frame to the next; at more, or at less than its inverse, a picture has nothing in common with the last."""


def admit(
    xyxy: npt.ArrayLike,
    scores: npt.ArrayLike | None,
    class_ids: npt.ArrayLike | None,
    embeddings: npt.ArrayLike | None,
    frame_size: tuple[int, int] | None,
    known: npt.ArrayLike | None = None,
    boxes_from: str = "xyxy",
) -> Measured:
    """Check shapes once, and keep the usable detections.

    Args:
        boxes_from: one of `inputs.BOX_FORMS`.
    """
    _check_size(frame_size)
    boxes = np.array(xyxy, np.float64, order="C")
    boxes = boxes.reshape(0, 4) if boxes.size == 0 else boxes
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"xyxy must have shape (N, 4), but got {boxes.shape}")
    boxes = to_xyxy(boxes, boxes_from)
    count, misread = len(boxes), 0
    if scores is None:
        raise ValueError(f"scores must be {count} numbers, but got None; give 1.0 for each box where nothing is known")
    confidences = np.array(scores, np.float32, order="C").reshape(-1)
    classes = np.zeros(count, np.int64) if class_ids is None else np.array(class_ids, np.int64, order="C").reshape(-1)
    vectors = np.zeros((count, 0), np.float32) if embeddings is None else np.array(embeddings, np.float32, order="C")
    vectors = vectors.reshape(0, 0) if vectors.shape == (0,) and count == 0 else vectors
    embedded = None if known is None else np.asarray(known, np.bool_).reshape(-1)
    for name, array in (
        ("scores", confidences),
        ("class_ids", classes),
        ("embeddings", vectors),
        ("known", embedded),
    ):
        if array is None:
            continue
        if len(array) != count:
            raise ValueError(f"{name} must have one row a box ({count}), but got {len(array)}")
    if vectors.ndim != 2:
        raise ValueError(f"embeddings must have shape (N, D), but got {vectors.shape}")
    source = np.arange(count, dtype=np.intp)
    if not _all_usable(boxes, confidences, frame_size) or _at_one_place(boxes, confidences).any():
        misread = num_misread(boxes) if boxes_from == "xyxy" else 0
        source = np.flatnonzero(reject_reasons(boxes, confidences.astype(np.float64), frame_size) == 0)
        boxes, confidences, classes, vectors = boxes[source], confidences[source], classes[source], vectors[source]
    return Measured(
        boxes,
        xyxy_to_xyah(boxes),
        confidences,
        classes,
        normalise_rows(vectors),
        source,
        count - len(source),
        None if embedded is None else embedded[source],
        misread,
    )


def _all_usable(xyxy: Array, scores: npt.NDArray[np.float32], frame_size: tuple[int, int] | None) -> bool:
    """Whether a quick look sees that `reject_reasons` would find nothing, as in almost every frame."""
    if not len(xyxy):
        return True
    far = min(2 * min(frame_size), _MAX_COORDINATE) if frame_size else _MAX_COORDINATE
    near = -far / 2 if frame_size else -far
    if not (_least(xyxy) >= near and _most(xyxy) <= far):
        return False
    return _least(xyxy[:, 2:] - xyxy[:, :2]) > LEAST_SIDE and bool(abs(np.add.reduce(scores)) < np.inf)


def _least(values: Array) -> float:
    """The least number, NaN if there is one; asking for its place takes half as long as `min`, as there are so few."""
    return values.item(values.argmin())


def _most(values: Array) -> float:
    return values.item(values.argmax())


def check_time(time_s: float) -> float:
    """The time of a frame; `ValueError` where it is no time."""
    seconds = float(time_s)
    if not abs(seconds) <= _MAX_TIME_S:
        raise ValueError(f"time_s is {time_s}, expected seconds from the start of the video; or leave it out")
    return seconds


def _check_size(frame_size: tuple[int, int] | None) -> None:
    if frame_size is not None and (len(frame_size) != 2 or not all(0 < side < math.inf for side in frame_size)):
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
    if np.array_equal(affine, np.eye(2, 3)):
        return None
    zooms = np.linalg.svd(affine[:, :2], compute_uv=False)
    if not (zooms[1] >= 1 / _MAX_ZOOM and zooms[0] <= _MAX_ZOOM and np.abs(affine[:, 2]).max() <= _MAX_COORDINATE):
        raise ValueError(
            f"motion is {affine.tolist()}, expected that of a camera from one frame to the next: a zoom from "
            f"{1 / _MAX_ZOOM:g} to {_MAX_ZOOM:g} and a shift up to {_MAX_COORDINATE:g} px; leave it out where unknown"
        )
    return affine


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
    reasons[~((width > LEAST_SIDE) & (height > LEAST_SIDE) & np.isfinite(area))] = 2
    if frame_size is not None:
        frame_width, frame_height = frame_size
        near_x = (xyxy[:, 2] >= -frame_width) & (xyxy[:, 0] <= 2 * frame_width)
        near_y = (xyxy[:, 3] >= -frame_height) & (xyxy[:, 1] <= 2 * frame_height)
        reasons[(reasons == 0) & ~(near_x & near_y)] = 3
    with np.errstate(invalid="ignore"):
        reasons[(reasons == 0) & (np.abs(xyxy) > _MAX_COORDINATE).any(axis=1)] = 3
    reasons[~finite] = 1
    usable = np.flatnonzero(reasons == 0)
    reasons[usable[_at_one_place(xyxy[usable], scores[usable])]] = 4
    return reasons


def _at_one_place(xyxy: Array, scores: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.bool_]:
    """Which usable boxes have `MAX_AT_ONE_PLACE` others of a higher score, or of the same and before them, there."""
    beyond = np.zeros(len(xyxy), np.bool_)
    if len(xyxy) <= MAX_AT_ONE_PLACE:
        return beyond
    place = _places(xyxy)
    ordered = np.sort(place)
    if not (ordered[MAX_AT_ONE_PLACE:] == ordered[:-MAX_AT_ONE_PLACE]).any():  # as in almost every frame
        return beyond
    order = np.lexsort((-scores, place))
    beyond[order] = np.arange(len(order)) - np.searchsorted(ordered, ordered) >= MAX_AT_ONE_PLACE
    return beyond


def _places(xyxy: Array) -> npt.NDArray[np.int64]:
    """`(N,)`, one number for all usable boxes whose sides have the same power of two below them and whose top left
    corners lie in the same cell: a quarter to a half as wide and high as they are, and at least 1 px.
    """
    powers = np.frexp(np.maximum(xyxy[:, 2:] - xyxy[:, :2], 1.0))[1].astype(np.int64)  # 1 to 21: 5 bits each
    cells = np.ldexp(1.0, np.maximum(powers - 2, 0))
    columns = np.floor(xyxy[:, :2] / cells).astype(np.int64) + _CORNERS // 2  # 21 bits each
    bits: npt.NDArray[np.int64] = (columns[:, 0] * _CORNERS + columns[:, 1]) << 10 | powers[:, 0] << 5 | powers[:, 1]
    return bits
