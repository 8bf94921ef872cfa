"""A local camera by its index.

OpenCV opens it rather than PyAV: a camera has an index on every platform there, where FFmpeg asks for the name of a
driver and of a device.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import cv2
import numpy as np

from track.sources.lateness import Lateness
from track.sources.types import BaseSource, Frame, Image, TimeSpan

__all__ = ["Webcam"]

DEFAULT_FPS = 30.0
_NO_IMAGE: Image = np.empty((0, 0, 3), np.uint8)


class Webcam(BaseSource):
    """Frames of camera `camera_index`, timed by the clock as they arrive; ends when the camera gives no more.

    Raises:
        ValueError: there is no such camera, or it gives no picture.
    """

    def __init__(self, camera_index: int, span: TimeSpan) -> None:
        super().__init__(f"webcam-{camera_index}", span)
        self.is_live = True
        self._capture = _open_quietly(camera_index)
        found, image = self._read() if self._capture.isOpened() else (False, _NO_IMAGE)
        if not found:
            self._capture.release()
            raise ValueError(
                f"camera {camera_index} cannot be opened: check that it is plugged in and not in use, or type another "
                f"index (a folder called {camera_index} is ./{camera_index})"
            )
        self._first = image
        self._opened_at = time.monotonic()
        self.height, self.width = image.shape[:2]
        rate = float(self._capture.get(cv2.CAP_PROP_FPS))
        self.fps = rate if 1.0 <= rate <= 1000.0 else DEFAULT_FPS

    def read_frames(self) -> Iterator[Frame]:
        """Pictures as they come."""
        index, time_s, found, image, unread_s = 0, 0.0, True, self._first, 0.0
        lateness = Lateness("the camera", "it was not read for that long, and gave pictures that are lost", self.report)
        try:
            while found and not self.span.is_after(time_s):
                handed_at = time.monotonic()
                if not self.span.is_before(time_s):
                    yield Frame(index, time_s, image)
                unread_s += max(0.0, time.monotonic() - handed_at - 1.0 / self.fps)
                lateness.measure(unread_s)
                found, image = self._read()
                index, time_s = index + 1, time.monotonic() - self._opened_at
        finally:
            lateness.note()
        if not found:
            self.report.note_once("the camera gave no more pictures")

    def _read(self) -> tuple[bool, Image]:
        found, image = self._capture.read()
        return (True, np.asarray(image, np.uint8)) if found and image is not None else (False, _NO_IMAGE)

    def release(self) -> None:
        """Give the camera back."""
        self._capture.release()


def _open_quietly(camera_index: int) -> cv2.VideoCapture:
    """Open a camera without OpenCV's own lines on the terminal when there is none."""
    log = getattr(getattr(cv2, "utils", None), "logging", None)
    if log is None:
        return cv2.VideoCapture(camera_index)
    level = log.getLogLevel()
    log.setLogLevel(log.LOG_LEVEL_SILENT)
    try:
        return cv2.VideoCapture(camera_index)
    finally:
        log.setLogLevel(level)
