"""Boxes as a caller may have them: an array, a list, a tensor on any device."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Boxes", "as_boxes", "with_an_area"]

NUMBERS = "fiu"
"""Kinds of arrays: floats and whole numbers."""

Boxes = npt.NDArray[np.floating[Any]]


def as_boxes(xyxy: Any) -> Boxes:
    """`(N, 4)` px, as `DeepSort.update` takes them; `[]` is `(0, 4)`. An array of floats is handed on as it is.

    Raises:
        ValueError: no numbers, or of another shape.
    """
    if hasattr(xyxy, "xyxy"):
        kind = type(xyxy).__name__
        raise ValueError(f"xyxy is a {kind}, expected boxes of shape (N, 4): give its .xyxy")
    if hasattr(xyxy, "detach"):  # a tensor, which may be on a GPU and in a type that NumPy does not have
        xyxy = xyxy.detach().cpu().double().numpy()
    try:
        boxes = np.asarray(xyxy)
    except (TypeError, ValueError) as error:  # rows of several lengths
        raise _no_numbers(xyxy) from error
    if boxes.dtype.kind not in NUMBERS:
        raise _no_numbers(xyxy)
    boxes = boxes if boxes.dtype.kind == "f" else boxes.astype(np.float64)
    boxes = boxes.reshape(0, 4) if boxes.size == 0 else boxes
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(f"xyxy must have shape (N, 4), but got {boxes.shape}{_way_out(boxes)}")
    return boxes


def with_an_area(boxes: Boxes) -> npt.NDArray[np.bool_]:
    """Which of `(N, 4)` boxes are finite and have an area; `(N,)`. `DeepSort.update` rejects the others."""
    finite = np.isfinite(boxes).all(axis=1)
    return np.asarray(finite & (boxes[:, 2:] > boxes[:, :2]).all(axis=1))


def _no_numbers(xyxy: object) -> ValueError:
    return ValueError(f"xyxy must be numbers of shape (N, 4), such as [[x1, y1, x2, y2]], but got {_short(xyxy)}")


def _way_out(boxes: npt.NDArray[Any]) -> str:
    if boxes.shape == (4,):
        return "; one box is [[x1, y1, x2, y2]]"
    return "; give the first four columns, xyxy[:, :4]" if boxes.ndim == 2 and boxes.shape[1] > 4 else ""


def _short(value: object) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."
