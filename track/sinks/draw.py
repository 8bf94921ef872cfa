"""Boxes, labels and trails on a picture, drawn in place: what is not covered by a stroke is not touched."""

from __future__ import annotations

import colorsys
from collections import deque
from collections.abc import Mapping

import cv2
import numpy as np
import numpy.typing as npt

from track.rows.types import FrameTracks, RowState
from track.sinks.labels import Colour, Label, Labels

__all__ = ["Drawer", "palette"]

Image = npt.NDArray[np.uint8]

TRAIL_S = 2.0
NUM_COLORS = 48
GOLDEN_RATIO = 0.618034
"""Hues at multiples of it (mod 1) are spread evenly for any number of ids, and never close for neighbouring ids."""
EQUAL_CONTRAST_LUMINANCE = 0.179
"""Relative luminance on which black and white text have the same contrast (WCAG 2: sqrt(1.05 * 0.05) - 0.05)."""
MAX_PX = 1 << 14
"""Boxes may reach far beyond the picture, and OpenCV draws in 32-bit fixed point."""


class Drawer:
    """Draws the tracks of one video: a stable colour for each id, `person 7` at its mark, the way of the last seconds.

    A mark is the box, an ellipse at the feet, or a dot there.

    Boxes whose object was not found (predicted, interpolated) show their corners only; where nobody looked, boxes are
    as they were in the frame before, since all would flicker else. Strokes and text follow the height of the picture.
    Memory is bounded: trails hold `trail_s` of frames, also of ids that have left.

    Args:
        width, height: px of the source.
        fps: frames drawn per second.
        class_names: name of each class id; an unknown one is shown as its number.
        names: given by people, by id; shown in place of the class.
        mark: `boxes`, `ellipse` or `dots`.
        trail_s: length of the trails, s; 0 for none.
        every: the detector looked at each so many-th frame, from the first on.
    """

    def __init__(
        self,
        width: int,
        height: int,
        fps: float,
        class_names: Mapping[int, str],
        *,
        names: Mapping[int, str] | None = None,
        mark: str = "boxes",
        trail_s: float = TRAIL_S,
        every: int = 1,
    ) -> None:
        self._class_names, self._names, self._mark = dict(class_names), dict(names or {}), mark
        short_side = min(width, height)
        self._thickness = max(2, round(short_side / 360))
        self._corner = max(4, round(short_side / 72))
        self._labels = Labels(short_side)
        self._colours = palette()
        self._every, self._num_drawn = every, 0
        self._not_found: set[int] = set()
        self._feet: deque[dict[int, tuple[int, int]]] = deque(maxlen=max(2, round(trail_s * fps)) if trail_s else 1)

    def draw(self, image: Image, tracks: FrameTracks) -> Image:
        """A copy of `image` (BGR `(H, W, 3)`) with the tracks of its frame."""
        return self.draw_on(image.copy(), tracks)

    def draw_on(self, image: Image, tracks: FrameTracks) -> Image:
        """`image` itself, with the tracks of its frame drawn on it."""
        boxes = np.clip(tracks.xyxy, -MAX_PX, MAX_PX).astype(int).tolist()
        ids = tracks.ids.tolist()
        self._feet.append(
            {i: ((left + right) // 2, bottom) for i, (left, _, right, bottom) in zip(ids, boxes, strict=True)}
        )
        for track_id in ids:
            self._draw_trail(image, track_id)
        if self._num_drawn % self._every == 0:
            unseen = np.isin(tracks.states, (RowState.PREDICTED, RowState.INTERPOLATED))
            self._not_found = set(tracks.ids[unseen].tolist())
        self._num_drawn += 1
        places = [self._draw_mark(image, i, box) for i, box in zip(ids, boxes, strict=True)]
        classes = [self._class_names.get(class_id, str(class_id)) for class_id in tracks.class_ids.tolist()]
        names = [self._names.get(i, name) for i, name in zip(ids, classes, strict=True)]
        self._labels.draw(
            image, [Label(i, name, place, *self._colour(i)) for i, name, place in zip(ids, names, places, strict=True)]
        )
        return image

    def _draw_mark(self, image: Image, track_id: int, box: list[int]) -> list[int]:
        """Draw the mark of an identity; returns the box that its label belongs to."""
        colour, is_found = self._colour(track_id)[0], track_id not in self._not_found
        if self._mark == "ellipse":
            return self._draw_ellipse(image, box, colour, is_found=is_found)
        if self._mark == "dots":
            return self._draw_dot(image, box, colour, is_found=is_found)
        if is_found:
            cv2.rectangle(image, box[:2], box[2:], colour, self._thickness)
        else:
            self._draw_corners(image, box, colour)
        return box

    def _draw_ellipse(self, image: Image, box: list[int], colour: Colour, *, is_found: bool) -> list[int]:
        """Around the feet, open at the back where somebody stands on it; only its ends where nobody was found."""
        left, _, right, bottom = box
        axes = max((right - left) // 2, 2), max((right - left) // 6, 1)
        arcs = ((-45, 235),) if is_found else ((-45, 15), (165, 235))
        for start, end in arcs:
            cv2.ellipse(image, ((left + right) // 2, bottom), axes, 0, start, end, colour, self._thickness, cv2.LINE_AA)
        return [left, bottom - axes[1], right, bottom + axes[1]]

    def _draw_dot(self, image: Image, box: list[int], colour: Colour, *, is_found: bool) -> list[int]:
        """At the feet; hollow where nobody was found."""
        x, y, radius = (box[0] + box[2]) // 2, box[3], 2 * self._thickness + 1
        if is_found:
            cv2.circle(image, (x, y), radius, colour, cv2.FILLED, cv2.LINE_AA)
        else:
            cv2.circle(image, (x, y), radius - 1, colour, max(self._thickness // 2, 1), cv2.LINE_AA)
        return [x - radius, y - radius, x + radius, y + radius]

    def _colour(self, track_id: int) -> tuple[Colour, Colour]:
        """Fill and ink of an id."""
        return self._colours[track_id % NUM_COLORS]

    def _draw_trail(self, image: Image, track_id: int) -> None:
        """The middle of the lower edge, through the frames that showed this id."""
        way = [feet[track_id] for feet in self._feet if track_id in feet]
        if len(way) > 1:
            cv2.polylines(image, [np.array(way, np.int32)], False, self._colour(track_id)[0], self._thickness)

    def _draw_corners(self, image: Image, box: list[int], colour: Colour) -> None:
        left, top, right, bottom = box
        for x, inward_x in ((left, self._corner), (right, -self._corner)):
            for y, inward_y in ((top, self._corner), (bottom, -self._corner)):
                cv2.line(image, (x, y), (x + inward_x, y), colour, self._thickness)
                cv2.line(image, (x, y), (x, y + inward_y), colour, self._thickness)


def palette() -> list[tuple[Colour, Colour]]:
    """`NUM_COLORS` fills, and for each the ink (black or white) that is legible on it."""
    colours: list[tuple[Colour, Colour]] = []
    for number in range(NUM_COLORS):
        hue = (number * GOLDEN_RATIO) % 1.0
        saturation, value = ((0.85, 0.95), (0.55, 1.0), (0.9, 0.7))[number % 3]
        rgb = colorsys.hsv_to_rgb(hue, saturation, value)
        red, green, blue = (round(255 * part) for part in rgb)
        luminance = float(np.dot((0.2126, 0.7152, 0.0722), np.power(rgb, 2.2)))
        ink = (0, 0, 0) if luminance > EQUAL_CONTRAST_LUMINANCE else (255, 255, 255)
        colours.append(((blue, green, red), ink))
    return colours
