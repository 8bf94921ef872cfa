"""What a YOLO network takes and gives: a square picture in, candidate boxes out, and the way from one to the other.

The picture is scaled to fit into the network's input with its proportions kept, and centred on grey. Of the boxes that
overlap too much the surest stays (greedy non-maximum suppression, within a class).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from detectors.types import Detections, Image

__all__ = ["Letterbox", "candidates", "non_maximum_suppression", "to_detections"]

Floats = npt.NDArray[np.float32]

GREY = 114
"""Of the border; what YOLO networks are trained with."""
MAX_DETECTIONS = 300
"""Boxes of one frame, the surest; ultralytics' default."""


@dataclass(frozen=True)
class Letterbox:
    """How a frame of `width` x `height` px lies in the network's input of `input_size = (H, W)` px."""

    width: int
    height: int
    input_size: tuple[int, int]

    @property
    def gain(self) -> float:
        """px of the input for one px of the frame."""
        return min(self.input_size[0] / self.height, self.input_size[1] / self.width)

    @property
    def inner(self) -> tuple[int, int]:
        """Width and height of the scaled frame, px of the input."""
        return max(1, round(self.width * self.gain)), max(1, round(self.height * self.gain))

    @property
    def origin(self) -> tuple[int, int]:
        """Left and top of the scaled frame; half a pixel goes to the right and to the bottom."""
        (width, height), (input_height, input_width) = self.inner, self.input_size
        return (input_width - width) // 2, (input_height - height) // 2

    def put(self, image: Image, canvas: Image) -> None:
        """Draw the frame into `canvas`, `(H, W, 3)`; all of it is written."""
        (left, top), (width, height) = self.origin, self.inner
        right, bottom = left + width, top + height
        canvas[:top] = canvas[bottom:] = GREY
        canvas[:, :left] = canvas[:, right:] = GREY
        inside = canvas[top:bottom, left:right]
        if image.shape[:2] == (height, width):
            inside[:] = image
        elif left == 0 and right == canvas.shape[1]:
            cv2.resize(image, (width, height), dst=inside, interpolation=cv2.INTER_LINEAR)
        else:  # OpenCV would write into a copy of a view whose rows are apart
            inside[:] = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)

    def to_frame(self, xyxy: Floats) -> Floats:
        """`(N, 4)` boxes of the input as px of the frame, cut off at its border."""
        scale = np.array((self.inner[0] / self.width, self.inner[1] / self.height) * 2)
        moved = ((xyxy - np.array(self.origin * 2, np.float32)) / scale).astype(np.float32)
        inside: Floats = np.clip(moved, 0, np.array([self.width, self.height] * 2, np.float32))
        return inside


def candidates(
    output: Floats, confidence: float, class_ids: list[int] | None
) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    """Boxes `(K, 4)` xyxy px of the input, scores and classes of those above `confidence`, the surest first.

    Args:
        output: `(4 + C, A)`: centre, width and height, and a score for each of C classes, of A anchors.
        confidence: lowest score, not reached by those that go.
        class_ids: to keep; `None` for all.
    """
    scores = output[4:].max(axis=0)
    rows = np.flatnonzero(scores > confidence)
    classes = output[4:, rows].argmax(axis=0)
    if class_ids is not None:
        kept = np.isin(classes, class_ids)
        rows, classes = rows[kept], classes[kept]
    order = np.argsort(-scores[rows], kind="stable")
    rows, classes = rows[order], classes[order]
    centre, half = output[:2, rows].T, output[2:4, rows].T / 2
    return np.concatenate((centre - half, centre + half), axis=1), scores[rows], classes.astype(np.int64)


def non_maximum_suppression(xyxy: Floats, class_ids: npt.NDArray[np.int64], max_iou: float) -> npt.NDArray[np.intp]:
    """Which boxes stay, in their order: those that overlap no earlier one of their class, that stays, by more.

    Args:
        xyxy: `(K, 4)`, the surest first.
        class_ids: `(K,)`.
        max_iou: largest overlap, 0 to 1.
    """
    tlwh = np.column_stack((xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2])).astype(np.float64)
    ranks = np.arange(len(xyxy), 0, -1, dtype=np.float32)  # in place of scores, whose order is given
    kept = cv2.dnn.NMSBoxesBatched(tlwh, ranks, class_ids.astype(np.int32), 0.0, max_iou)  # type: ignore[arg-type]
    return np.asarray(kept, np.intp).reshape(-1)[:MAX_DETECTIONS]


def to_detections(
    output: Floats, box: Letterbox, confidence: float, max_iou: float, class_ids: list[int] | None
) -> Detections:
    """What one output of the network says of a frame: boxes `(N, 4)` in px of the frame, best score first.

    Args:
        output: `(4 + C, A)`, see `candidates`.
        box: how the frame was put into the network's input.
        confidence: lowest score to keep, 0 to 1.
        max_iou: largest overlap of two boxes of a class, 0 to 1.
        class_ids: to keep; `None` for all.
    """
    xyxy, scores, classes = candidates(output, confidence, class_ids)
    kept = non_maximum_suppression(xyxy, classes, max_iou)
    return Detections(box.to_frame(xyxy[kept]), scores[kept], classes[kept])
