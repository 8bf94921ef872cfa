"""What makes an identity doubtful: the thresholds, in seconds and heights, and the words."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Doubts", "changed_in", "clock_time", "overlaps_of"]

CHANGES = "changes appearance at"
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Doubts:
    """Thresholds.

    Attributes:
        short_s: who is there for less is rarely an object; unless the start or the end of the run cut it short.
        overlap: IoU from which two boxes are of one place.
        all_life: share of the looks at an identity in which it overlaps the same other one.
        check_every_s: s from one such look to the next.
        jump_heights: factor by which the mean side of a box (the root of its area) grows or shrinks in a jump.
        jump_within_s: s in which it does so.
        change_s: appearance is compared in spans of so many s; a change must last for two of them.
        change_crops: fewest embeddings of a span.
    """

    short_s: float = 1.0
    overlap: float = 0.5
    all_life: float = 0.9
    check_every_s: float = 0.2
    jump_heights: float = 1.5
    jump_within_s: float = 0.3
    change_s: float = 1.0
    change_crops: int = 3

    def is_jump(self, before: Array, areas: Array, passed_s: Array) -> npt.NDArray[np.bool_]:
        """Whether areas (px²) differ too much from those `passed_s` ago."""
        factor = np.sqrt(np.maximum(areas, before) / np.maximum(np.minimum(areas, before), 1e-9))
        return np.asarray((factor > self.jump_heights) & (passed_s <= self.jump_within_s))

    def is_all_life(self, times: int, checked: int) -> bool:
        """Whether so many overlaps in so many looks are all a life."""
        return checked > 0 and times >= self.all_life * checked

    def in_words(
        self, *, seconds: float | None, twin: int | None, changed_s: float | None, jump_s: float | None
    ) -> tuple[str, ...]:
        """The reasons to doubt an identity, the most telling first.

        Args:
            seconds: how long it was there; `None` where the start or the end of the run cut that short.
            twin: the other id that it overlaps all its life.
            changed_s: when it changed its appearance, s.
            jump_s: when the size of its box jumped, s.
        """
        found = []
        if twin is not None:
            found.append(f"overlaps {twin} all its life")
        if changed_s is not None:
            found.append(f"{CHANGES} {clock_time(changed_s)}")
        if jump_s is not None:
            found.append(f"box size jumps at {clock_time(jump_s)}")
        if seconds is not None and seconds < self.short_s:
            found.append("short")
        return tuple(found)


def clock_time(time_s: float) -> str:
    """`0:41`, `1:02:03`: as a player of videos shows it."""
    seconds = int(time_s)
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


def changed_in(doubt: str) -> float | None:
    """When somebody changed appearance, s, in such words; `None` where they do not tell of it."""
    match = re.search(rf"{CHANGES} (?:(\d+):)?(\d+):(\d\d)", doubt)
    if match is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return float(3600 * hours + 60 * minutes + seconds)


def overlaps_of(xyxy: Array, least: float) -> npt.NDArray[np.int64]:
    """`(K, 2)` pairs of rows of `xyxy` whose IoU is `least` or more, each in both orders."""
    order = np.argsort(xyxy[:, 0], kind="stable")
    boxes = xyxy[order]
    last = np.searchsorted(boxes[:, 0], boxes[:, 2], side="left")  # beyond its right edge nothing overlaps a box
    pairs = [(i, j) for i, end in enumerate(last.tolist()) for j in range(i + 1, end)]
    if not pairs:
        return np.empty((0, 2), np.int64)
    first, second = np.array(pairs, np.int64).T
    one, other = boxes[first], boxes[second]
    sides = np.minimum(one[:, 2:], other[:, 2:]) - np.maximum(one[:, :2], other[:, :2])
    shared = np.prod(np.maximum(sides, 0), axis=1)
    areas = np.prod(one[:, 2:] - one[:, :2], axis=1) + np.prod(other[:, 2:] - other[:, :2], axis=1)
    found = shared >= least * (areas - shared)
    rows = np.stack((order[first[found]], order[second[found]]), axis=1)
    return np.concatenate((rows, rows[:, ::-1]))
