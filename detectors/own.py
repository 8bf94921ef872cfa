"""A detector of the user's own: any object with `detect(image, frame_index=...)`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from detectors.types import Detections, Detector, DetectorOptions, Image
from detectors.weights import class_ids_of
from registry.own_code import OwnCode

__all__ = ["OwnDetector", "create_own"]

ONE_CLASS = {0: "object"}


def create_own(code: OwnCode, options: DetectorOptions) -> Detector:
    """The detector of a user's class or function, which is called with the options if it takes any.

    Raises:
        FileNotFoundError: no such file or module.
        ValueError: not such a class or function, or an error in the user's code (with its line).
    """
    factory = code.load()
    if not callable(factory):
        raise ValueError(f"{code.name} is of type {type(factory).__name__}, expected a class or function of a detector")
    with code.telling_lines():
        made = factory(options) if _takes_options(factory) else factory()
    if not callable(getattr(made, "detect", None)):
        kind = type(made).__name__
        raise ValueError(f"{code.name}() gave an object of type {kind} without detect(image, frame_index=...)")
    if not _takes_a_frame(made.detect):
        given = inspect.signature(made.detect)
        raise ValueError(f"{code.name}: detect takes {given}, expected def detect(self, image, frame_index)")
    return OwnDetector(code, made, options)


def _takes_options(factory: Any) -> bool:
    """Whether its first parameter must be given, or is called `options`."""
    try:
        parameters = list(inspect.signature(factory).parameters.values())
    except (TypeError, ValueError):  # some built in C tell nothing
        return False
    if not parameters or parameters[0].kind in (parameters[0].VAR_POSITIONAL, parameters[0].VAR_KEYWORD):
        return False
    return parameters[0].default is parameters[0].empty or parameters[0].name == "options"


def _takes_a_frame(detect: Callable[..., Any]) -> bool:
    """Whether it can be called as `detect(image, frame_index=...)`."""
    try:
        inspect.signature(detect).bind(None, frame_index=0)
    except ValueError:  # some built in C tell nothing
        return True
    except TypeError:
        return False
    return True


class OwnDetector:
    """The user's object, with defaults for what it does not say and its results checked.

    `classes` and `confidence` filter what it finds, whether or not it looked at them itself.

    Attributes:
        name: its own, or as typed.
        class_names: its own, or one class `object`.
        needs_images: its own, or true.
        parallel: calls of `detect` that may run at once: its own, or 1.
    """

    def __init__(self, code: OwnCode, detector: Any, options: DetectorOptions) -> None:
        self.name = str(getattr(detector, "name", code.name))
        self.class_names: Mapping[int, str] = _class_names(code, getattr(detector, "class_names", ONE_CLASS))
        self.needs_images = bool(getattr(detector, "needs_images", True))
        self.parallel = int(getattr(detector, "parallel", 1))
        self._code, self._detector = code, detector
        self._class_ids = class_ids_of(options.classes, self.class_names)
        self._confidence = options.confidence

    def detect(self, image: Image | None, frame_index: int) -> Detections:
        """The boxes of one frame.

        Raises:
            ValueError: an error in the user's code (with its line), or something else than boxes.
        """
        with self._code.telling_lines():
            found = self._detector.detect(image, frame_index=frame_index)
        detections = _detections(self._code.name, found)
        kept = np.ones(len(detections), np.bool_)
        if self._class_ids is not None:
            kept &= np.isin(detections.class_ids, self._class_ids)
        if self._confidence is not None:
            kept &= detections.scores >= self._confidence
        return detections if kept.all() else detections[kept]


def _class_names(code: OwnCode, given: Any) -> dict[int, str]:
    """Names by id, also of a plain list."""
    try:
        pairs = given.items() if isinstance(given, Mapping) else enumerate(given)
        return {int(key): str(name) for key, name in pairs}
    except (TypeError, ValueError) as error:
        raise ValueError(f"{code.name}: class_names is {given!r}, expected names by id: {{0: 'person'}}") from error


def _detections(name: str, found: Any) -> Detections:
    """What a user's `detect` returned, as `Detections`."""
    if isinstance(found, Detections):
        return found
    table = found.detach().cpu().double().numpy() if hasattr(found, "detach") else found
    try:
        rows = np.asarray(table, np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(_unexpected(name, f"a {type(found).__name__}")) from error
    if rows.size == 0:
        return Detections.empty()
    if rows.ndim != 2 or not 4 <= rows.shape[1] <= 6:
        raise ValueError(_unexpected(name, f"an array of shape {rows.shape}" if rows.ndim else f"{found!r}"))
    scores = rows[:, 4] if rows.shape[1] > 4 else np.ones(len(rows))
    class_ids = rows[:, 5] if rows.shape[1] > 5 else np.zeros(len(rows))
    return Detections(rows[:, :4], scores.astype(np.float32), class_ids.astype(np.int64))


def _unexpected(name: str, given: str) -> str:
    return (
        f"{name}: detect returned {given}, expected Detections, or an array with rows x1, y1, x2, y2 and, if there are"
        " any, score and class id"
    )
