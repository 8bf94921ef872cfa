"""The time of a tracker, which never goes back."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from .validation import check_time

__all__ = ["ROUNDING_S", "FrameClock"]

logger = logging.getLogger(__name__)

ROUNDING_S = 1e-3
"""Time stamps that were rounded."""
_FRAME_S = 1 / 30
"""Seconds from one frame to the next where the caller tells no time, and the unit of time of a track's motion."""
_MOST_STEPS = 1800.0
"""Nobody can say where somebody is a minute later; squares of more would only overflow."""


@dataclass
class FrameClock:
    """Seconds from frame to frame.

    Where the caller's time goes back, as when a stream starts again, no time passes: tracks that were seen "later"
    would else never be too old.

    Attributes:
        now_s: time of the last frame.
        offset_s: what is added to the caller's time.
    """

    now_s: float = 0.0
    offset_s: float = 0.0

    def time_of(self, time_s: float | None) -> float:
        """The time of the next frame, as `advance` would go on."""
        return self.now_s + _FRAME_S if time_s is None else max(check_time(time_s) + self.offset_s, self.now_s)

    def steps_to(self, time_s: float | None) -> float:
        """Thirtieths of a second to the next frame, at most those of a minute."""
        return 1.0 if time_s is None else min((self.time_of(time_s) - self.now_s) / _FRAME_S, _MOST_STEPS)

    def advance(self, time_s: float | None) -> float:
        """Go on to the next frame, at the caller's `time_s`, or without one by the length of a frame."""
        if time_s is None:
            self.now_s += _FRAME_S
            return self.now_s
        told = check_time(time_s) + self.offset_s
        if told < self.now_s:
            if self.offset_s == 0.0:
                logger.warning("time_s went back to %g s; the tracker's time goes on from %g s", time_s, self.now_s)
            self.offset_s += self.now_s - told
        self.now_s = max(told, self.now_s)
        return self.now_s
