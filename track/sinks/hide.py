"""People made unrecognisable: where somebody is, was a moment ago or will be soon, the picture is a coarse mosaic.

It hides what was detected, for as long as tracks and detections tell of it. It is no guarantee: who was never detected
is not hidden, and clothes keep their colours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from track.rows.types import FrameTracks
from track.sinks.styles import FrameDrawer

__all__ = ["Hider", "HidingDrawer", "Presence", "hide_regions", "presences_of"]

Image = npt.NDArray[np.uint8]
Array = npt.NDArray[np.float64]

AROUND_S = 0.5
"""s that somebody is hidden before the first box and after the last one."""
MAX_GAP_S = 2.0
"""Longest gap in which somebody is taken to go straight on; as `track link` does."""
MARGIN = 0.08
"""Of width and height, on each side: arms and hair stick out of boxes."""
CELLS, CELLS_OF_A_HEAD = 8, 3
"""Cells of the mosaic in the height of a region."""
SAME_S = 1e-3
"""Times of rows are rounded where they are written."""
HEAD_SHARE = 0.3
"""Of a box, from the top: the head and some air, also of somebody who bows."""
FASTEST_HEIGHTS_PER_S = 2.0
"""Nobody is taken to move faster on from a box: a velocity is measured from boxes that tremble."""


@dataclass(frozen=True)
class Presence:
    """Where one identity was.

    Attributes:
        times_s: `(K,)` increasing, s.
        boxes: `(K, 4)` px.
    """

    times_s: Array
    boxes: Array

    def at(self, time_s: float) -> list[Array]:
        """The boxes to hide at a time: its own; between two of them, the one on the way; else those around it."""
        after = int(np.searchsorted(self.times_s, time_s - SAME_S))
        if after < len(self.times_s) and abs(self.times_s[after] - time_s) <= SAME_S:
            return [self.boxes[after]]
        before = after - 1
        if before >= 0 and after < len(self.times_s):
            gap_s = self.times_s[after] - self.times_s[before]
            if gap_s <= MAX_GAP_S:
                share = (time_s - self.times_s[before]) / gap_s
                return [
                    self.boxes[before] * (1 - share) + self.boxes[after] * share,
                    *self._around(before, after, time_s),
                ]
        return self._around(before, after, time_s)

    def _around(self, before: int, after: int, time_s: float) -> list[Array]:
        found = []
        if before >= 0 and time_s - self.times_s[before] <= AROUND_S:
            found.append(self._reach(before, max(before - 5, 0), time_s))
        if after < len(self.times_s) and self.times_s[after] - time_s <= AROUND_S:
            found.append(self._reach(after, min(after + 5, len(self.times_s) - 1), time_s))
        return found

    def _reach(self, row: int, other: int, time_s: float) -> Array:
        """All between a box and where it would be if it went on as it did from or to the box `other`."""
        box, passed_s = self.boxes[row], self.times_s[row] - self.times_s[other]
        if not passed_s:
            return np.asarray(box, np.float64)
        centres = (self.boxes[[row, other], :2] + self.boxes[[row, other], 2:]) / 2
        velocity = (centres[0] - centres[1]) / passed_s
        speed, most = float(np.hypot(*velocity)), FASTEST_HEIGHTS_PER_S * float(box[3] - box[1])
        way = np.tile(velocity * min(1.0, most / max(speed, 1e-9)) * (time_s - self.times_s[row]), 2)
        return np.concatenate((np.minimum(box, box + way)[:2], np.maximum(box, box + way)[2:]))


class Hider:
    """Finds what to hide at each time, asked in order of times.

    Args:
        presences: of identities.
        unnamed: `(K,)` times (s) and `(K, 4)` boxes of detections that belong to nobody.
        faces: hide heads only.
    """

    def __init__(
        self,
        presences: Iterable[Presence],
        unnamed: tuple[Array, Array] | None = None,
        *,
        faces: bool = False,
    ) -> None:
        self._coming = sorted(presences, key=lambda one: float(one.times_s[0]), reverse=True)
        self._present: list[Presence] = []
        times, boxes = unnamed or (np.empty(0), np.empty((0, 4)))
        order = np.argsort(times, kind="stable")
        self._times, self._boxes, self._faces = times[order], boxes[order], faces

    def hide_on(self, image: Image, time_s: float) -> Image:
        """`image` itself, with everybody hidden who is there at that time."""
        return hide_regions(image, self.regions(time_s), CELLS_OF_A_HEAD if self._faces else CELLS)

    def regions(self, time_s: float) -> Array:
        """`(R, 4)` px, what to hide."""
        while self._coming and self._coming[-1].times_s[0] <= time_s + AROUND_S:
            self._present.append(self._coming.pop())
        self._present = [one for one in self._present if one.times_s[-1] >= time_s - AROUND_S]
        found = [box for one in self._present for box in one.at(time_s)]
        start, stop = np.searchsorted(self._times, (time_s - AROUND_S - SAME_S, time_s + AROUND_S + SAME_S))
        boxes = np.concatenate((np.array(found, np.float64).reshape(-1, 4), self._boxes[start:stop]))
        return _grown(boxes, faces=self._faces)


def _grown(boxes: Array, *, faces: bool) -> Array:
    sides = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    grown = boxes + sides * np.array([-MARGIN, -MARGIN, MARGIN, MARGIN])
    if faces:
        grown[:, 3] = boxes[:, 1] + HEAD_SHARE * sides[:, 1]
    return np.asarray(grown, np.float64)


class HidingDrawer:
    """Hides people, then draws."""

    def __init__(self, hider: Hider, drawer: FrameDrawer) -> None:
        self._hider, self._drawer = hider, drawer

    def draw_on(self, image: Image, tracks: FrameTracks) -> Image:
        """`image` itself, hidden and drawn on."""
        return self._drawer.draw_on(self._hider.hide_on(image, tracks.time_s), tracks)


def hide_regions(image: Image, regions: Array, cells_high: int = CELLS) -> Image:
    """`image` itself, each of the `(R, 4)` regions a mosaic; no pixel outside of them changes."""
    height, width = image.shape[:2]
    limits = np.array([width, height] * 2)
    outward = np.concatenate((np.floor(regions[:, :2]), np.ceil(regions[:, 2:])), axis=1)
    for x1, y1, x2, y2 in np.clip(outward, 0, limits).astype(np.int64).tolist():
        if x2 > x1 and y2 > y1:
            part = image[y1:y2, x1:x2]
            cell = max((y2 - y1) / cells_high, 1.0)
            cells = max(round((x2 - x1) / cell), 1), max(round((y2 - y1) / cell), 1)
            small = cv2.resize(part, cells, interpolation=cv2.INTER_AREA)
            part[:] = cv2.resize(small, (x2 - x1, y2 - y1), interpolation=cv2.INTER_LINEAR).reshape(part.shape)
    return image


def presences_of(rows: Sequence[FrameTracks]) -> list[Presence]:
    """The presences of the identities in rows, which come in order of frames."""
    times: dict[int, list[float]] = {}
    boxes: dict[int, list[Array]] = {}
    for tracks in rows:
        known = np.isfinite(tracks.xyxy).all(axis=1)
        for track_id, box in zip(tracks.ids[known].tolist(), np.asarray(tracks.xyxy[known], np.float64), strict=True):
            times.setdefault(track_id, []).append(tracks.time_s)
            boxes.setdefault(track_id, []).append(box)
    return [Presence(np.array(times[track_id]), np.array(boxes[track_id])) for track_id in times]
