"""What callers hand to `update`, as plain arrays: boxes in three forms, or one `supervision.Detections`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

__all__ = ["BOX_FORMS", "EMBEDDINGS_KEY", "DetectionsLike", "MisreadBoxes", "as_arrays", "num_misread", "to_xyxy"]

logger = logging.getLogger(__name__)

Array = npt.NDArray[np.float64]
Arrays = tuple[Any, npt.ArrayLike | None, npt.ArrayLike | None, npt.ArrayLike | None]

BOX_FORMS = ("xyxy", "xywh", "cxcywh")
"""Corners; left, top, width, height; centre x, centre y, width, height. All in px."""

EMBEDDINGS_KEY = "embeddings"
"""Where the `data` of a `supervision.Detections` may hold embeddings, `(N, D)`."""

_FEWEST_MISREAD, _SHARE_MISREAD = 10, 0.5
"""Boxes that cannot be corners before anything is said, and their share of all boxes: one broken box in many is the
detector's, but of boxes given as x, y, width, height nearly all away from the top left corner are of this kind."""


class DetectionsLike(Protocol):
    """What `update` reads of a `supervision.Detections`."""

    @property
    def xyxy(self) -> npt.ArrayLike:
        """`(N, 4)` px."""

    @property
    def confidence(self) -> npt.ArrayLike | None:
        """`(N,)`."""

    @property
    def class_id(self) -> npt.ArrayLike | None:
        """`(N,)`."""

    @property
    def data(self) -> Mapping[str, Any]:
        """Columns by name."""


def as_arrays(
    boxes: npt.ArrayLike | DetectionsLike,
    scores: npt.ArrayLike | None,
    class_ids: npt.ArrayLike | None,
    embeddings: npt.ArrayLike | None,
    boxes_from: str,
) -> Arrays:
    """Boxes, scores, class ids and embeddings, also where the boxes are a `supervision.Detections` that holds them all.

    Raises:
        ValueError: an unknown form of boxes, or something given beside the `Detections` that it holds itself.
    """
    if boxes_from not in BOX_FORMS:
        raise ValueError(f"boxes_from is {boxes_from!r}, expected one of {', '.join(BOX_FORMS)}")
    if not (hasattr(boxes, "xyxy") and hasattr(boxes, "confidence") and hasattr(boxes, "class_id")):
        return boxes, scores, class_ids, embeddings
    found = cast(DetectionsLike, boxes)
    features = found.data.get(EMBEDDINGS_KEY)
    for name, value in (("scores", scores), ("class_ids", class_ids)):
        if value is not None:
            raise ValueError(f"{name} are given beside a Detections, which holds them itself; leave {name} out")
    if embeddings is not None and features is not None:
        raise ValueError(f"embeddings are given twice; leave them out, or out of data[{EMBEDDINGS_KEY!r}]")
    if boxes_from != "xyxy":
        raise ValueError(f"boxes_from is {boxes_from!r}, but a Detections holds corners; leave boxes_from out")
    count = len(np.asarray(found.xyxy))
    confidence = np.ones(count, np.float32) if found.confidence is None else found.confidence
    return found.xyxy, confidence, found.class_id, features if embeddings is None else embeddings


def to_xyxy(boxes: Array, boxes_from: str) -> Array:
    """`(N, 4)` boxes of one of `BOX_FORMS` as corners."""
    if boxes_from == "xyxy":
        return boxes
    low = boxes[:, :2] - boxes[:, 2:] / 2 if boxes_from == "cxcywh" else boxes[:, :2]
    return np.concatenate((low, low + boxes[:, 2:]), axis=1)


def num_misread(boxes: Array) -> int:
    """How many of `(N, 4)` boxes cannot be corners, but could be x, y, width, height."""
    with np.errstate(invalid="ignore"):
        turned = (boxes[:, 2] < boxes[:, 0]) | (boxes[:, 3] < boxes[:, 1])
        return int(np.count_nonzero(turned & (boxes > 0).all(axis=1) & np.isfinite(boxes).all(axis=1)))


class MisreadBoxes:
    """Says once, in the life of a tracker, that its corners look like x, y, width, height."""

    def __init__(self) -> None:
        self._num_boxes = self._num_misread = 0
        self._told = False

    def count(self, num_boxes: int, num_suspect: int) -> None:
        """Take note of the boxes of a frame, and of how many of them `num_misread`."""
        self._num_boxes += num_boxes
        self._num_misread += num_suspect
        if self._told or self._num_misread < max(_FEWEST_MISREAD, _SHARE_MISREAD * self._num_boxes):
            return
        self._told = True
        logger.warning(
            "%d of %d boxes were rejected since x2 < x1 or y2 < y1: update takes corners x1, y1, x2, y2; if yours are "
            'x, y, width, height, call update(..., boxes_from="xywh")',
            self._num_misread,
            self._num_boxes,
        )
