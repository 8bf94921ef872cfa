"""Index and time of frames, from time stamps that may be missing, run backwards or point far ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from track.sources.types import SourceReport

__all__ = ["FrameClock", "stamp_s", "without_wild_stamps"]

LENGTH_TOLERANCE_S = 1.0
"""How far time stamps may lie beyond the length that the container tells; those further out are damaged."""
GAP_S, GAP_FRAMES = 0.5, 4.0
"""A longer step than both is either a gap or a damaged time stamp; which, the frames after it tell."""
LOOK_AHEAD = 8
"""Frames that are looked at after such a step: so many damaged time stamps in a row are found out."""


def stamp_s(frame: Any) -> float | None:
    """Presentation time of a decoded frame as its container counts, s; `None` without one."""
    return None if frame.pts is None or frame.time_base is None else float(frame.pts * frame.time_base)


def without_wild_stamps(frames: Iterable[Any], fps: float, report: SourceReport) -> Iterator[Any]:
    """`frames` in their order, the time stamps of those taken away that jump ahead while later ones do not follow.

    After a gap in a recording all later time stamps are beyond it; a damaged one stands alone, or with a few others.

    Args:
        frames: decoded.
        fps: frames per second.
        report: counts the damaged time stamps.
    """
    gap_s = max(GAP_S, GAP_FRAMES / fps)
    waiting: deque[Any] = deque()
    last_s: float | None = None
    source = iter(frames)
    for frame in source:
        waiting.append(frame)
        while waiting:
            now_s = stamp_s(waiting[0])
            if last_s is not None and now_s is not None and now_s > last_s + gap_s:
                while len(waiting) <= LOOK_AHEAD and (later := next(source, None)) is not None:
                    waiting.append(later)
                if _fall_back(waiting, last_s, now_s):
                    waiting[0].pts, now_s = None, None
                    report.wild_stamps += 1
            if now_s is not None:
                last_s = now_s
            yield waiting.popleft()


def _fall_back(waiting: Iterable[Any], last_s: float, now_s: float) -> bool:
    """Whether one of the frames goes on between the last time and that of the first of them."""
    return any(last_s < later_s < now_s for later_s in map(stamp_s, waiting) if later_s is not None)


class FrameClock:
    """Index and time of each frame, whatever its time stamp says.

    Args:
        fps: frames per second where time stamps do not help.
        length_s: length of the source, where it is known.
    """

    def __init__(self, fps: float, length_s: float | None = None) -> None:
        self.fps = fps
        self._latest_s = float("inf") if length_s is None else length_s + LENGTH_TOLERANCE_S
        self.index = -1
        self.time_s = 0.0
        self._origin_s: float | None = None
        self._started = False

    def tick(self, frame: Any, *, frames_may_be_lost: bool = False) -> tuple[int, float]:
        """Index and time of the next frame.

        A time stamp that is missing, not after the one before, or far beyond the length of the source becomes the
        previous time + 1 / fps. Frames count up by one, except where frames may have been lost: there the index follows
        the time, so that it stays the place in the source.
        """
        now_s = stamp_s(frame)
        if not self._started:
            self._started = True
            self._origin_s = now_s
            self.index = 0
            return 0, 0.0
        previous_s = self.time_s
        self.time_s += 1.0 / self.fps
        if now_s is not None and self._origin_s is not None:
            now_s -= self._origin_s
            if previous_s < now_s <= self._latest_s:
                self.time_s = now_s
        step = round((self.time_s - previous_s) * self.fps) if frames_may_be_lost else 1
        self.index += max(1, step)
        return self.index, self.time_s

    def jump_before(self, frame: Any) -> None:
        """After a seek: set the clock so that `frame` gets its own time and the index `round(time * fps)`.

        Exact for a constant frame rate; for a variable one the index is the nearest of a constant rate.
        """
        now_s = stamp_s(frame)
        if now_s is None or self._origin_s is None:
            return
        time_s = max(0.0, now_s - self._origin_s)
        self.index = max(0, round(time_s * self.fps)) - 1
        self.time_s = time_s - 1.0 / self.fps
