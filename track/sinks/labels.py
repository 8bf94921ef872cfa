"""The labels of a picture: each beside its box, where it hides no other label and, if that can be, nobody's head."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["Colour", "Label", "Labels", "Plates"]

Image = npt.NDArray[np.uint8]
Cells = npt.NDArray[np.uint8]
_Place = tuple[int, tuple[int, int], Image, tuple[slice, slice]]
"""Number in `_PLACES`, left and top px, the plate, the cells under it."""
Colour = tuple[int, int, int]
"""Blue, green, red, 0 to 255."""

MIN_TEXT_SCALE = 0.45
"""Below it OpenCV's stroke font is not legible."""
FONT = cv2.FONT_HERSHEY_SIMPLEX
MAX_PLATES = 512
"""Texts that stay written, of some 10 kB each and up to two for a box: more than are ever seen at once."""
HEAD_SHARE = 0.18
"""Of a person's height from the crown down to the shoulders: an eighth is the head, and boxes leave some air above."""
MARGIN = 4
"""Cells of room that a better place must have before a label moves there, so that it does not waver."""
HEAD, LABEL = 1, 2
"""What a cell shows that a label should not (`HEAD`) or must not (`LABEL`) hide."""
_SIDES = ((0, 0), (1, 0), (0, 1), (1, 1))
"""Flush with the left or the right edge of the box; on top of it or below it."""
_PLACES = (*((*side, False) for side in _SIDES), *((*side, True) for side in (*_SIDES, (0, 2), (1, 2))))
"""In the order in which they are tried. Last the number alone, in the end inside the box at its lower edge."""
_FIRST_SHORT = len(_SIDES)
_NO_PLATE: Image = np.zeros((0, 0, 3), np.uint8)


@dataclass(frozen=True)
class Label:
    """What belongs to one box.

    Attributes:
        track_id: its number, which alone is shown where there is no room for more.
        name: of its class.
        box: left, top, right, bottom, px; may reach beyond the picture.
        fill, ink: colours.
    """

    track_id: int
    name: str
    box: Sequence[int]
    fill: Colour
    ink: Colour


class Labels:
    """Writes the labels of one video, frame after frame.

    The older track chooses first, so that a label does not jump when two people swap depth, and a label stays where it
    was until a better place has some room to spare. The number of places tried for a box is fixed. A label for which
    all of them are taken is left out: the colour of the box tells whose it is.

    Args:
        short_side: px, of the picture; the size of the text follows it.
    """

    def __init__(self, short_side: int) -> None:
        self._plates = Plates(short_side)
        self._cell = max(2, round(short_side / 270))
        self._chosen: dict[int, int] = {}

    def draw(self, image: Image, labels: Sequence[Label]) -> None:
        """Write the labels of one frame on its picture, BGR `(H, W, 3)`."""
        size = image.shape[1], image.shape[0]
        taken = self._heads(size, labels)
        chosen = {}
        for label in sorted(labels, key=lambda one: one.track_id):
            place = self._place(taken, size, label)
            if place is not None:
                chosen[label.track_id], (left, top), plate, cells = place
                taken[cells] = LABEL
                part = image[top : top + plate.shape[0], left : left + plate.shape[1]]
                part[:] = plate[: part.shape[0], : part.shape[1]]
        self._chosen = chosen

    def _heads(self, size: tuple[int, int], labels: Sequence[Label]) -> Cells:
        """The picture in cells, with the heads of all: whole cells only, so that a label may stand right above one."""
        cell = self._cell
        taken = np.zeros((size[1] // cell + 1, size[0] // cell + 1), np.uint8)
        for label in labels:
            left, top, right, bottom = label.box
            end = top + int(HEAD_SHARE * (bottom - top))
            taken[max(-(-top // cell), 0) : max(end // cell, 0), max(left // cell, 0) : max(right // cell, 0)] = HEAD
        return taken

    def _place(self, taken: Cells, size: tuple[int, int], label: Label) -> _Place | None:
        """The best place for a label; `None` where other labels are everywhere."""
        before = self._chosen.get(label.track_id, 0)
        second = None
        text, plate = "", _NO_PLATE
        for number, (side, level, is_short) in enumerate(_PLACES):
            if number in (0, _FIRST_SHORT):
                text = str(label.track_id) if is_short else f"{label.name} {label.track_id}"
                plate = self._plates.written(text, label.fill, label.ink)
            corner = _corner(label.box, plate.shape, size, side, level)
            cells = self._cells(corner, plate.shape, 0, level)
            room = self._cells(corner, plate.shape, MARGIN, level) if number < before else cells
            hidden = taken[room].tobytes()  # searched several times faster than an array is
            if LABEL in hidden:
                continue
            if HEAD not in hidden:
                return number, corner, plate, cells
            second = second or (number, corner, plate, cells)
        return second

    def _cells(self, corner: tuple[int, int], plate: tuple[int, ...], margin: int, level: int) -> tuple[slice, slice]:
        """All cells that a plate touches, and `margin` more on each side but that of its own box."""
        left, top, cell = *corner, self._cell
        above, below = (margin, 0) if level == 0 else (0, margin)
        rows = slice(max(top // cell - above, 0), -(-(top + plate[0]) // cell) + below)
        return rows, slice(max(left // cell - margin, 0), -(-(left + plate[1]) // cell) + margin)


def _corner(
    box: Sequence[int], plate: tuple[int, ...], size: tuple[int, int], side: int, level: int
) -> tuple[int, int]:
    """Left and top px of a plate at a place of the box, moved where it would leave the picture."""
    height, width = plate[:2]
    left = box[2] - width if side else box[0]
    top = (box[1] - height, box[3], box[3] - height)[level]
    return min(max(left, 0), max(0, size[0] - width)), min(max(top, 0), max(0, size[1] - height))


class Plates:
    """Texts on filled plates. They are kept, since OpenCV takes a millisecond to write one.

    Args:
        short_side: px, of the picture; the size of the text follows it.
    """

    def __init__(self, short_side: int) -> None:
        self._scale = max(MIN_TEXT_SCALE, short_side * 6e-4)
        self._thickness = max(1, round(short_side / 720))
        self._padding = max(2, round(short_side / 270))
        self.written = functools.lru_cache(MAX_PLATES)(self._written)

    def _written(self, text: str, fill: Colour, ink: Colour) -> Image:
        (width, height), _ = cv2.getTextSize(text, FONT, self._scale, self._thickness)
        plate = np.full((height + 2 * self._padding, width + 2 * self._padding, 3), fill, np.uint8)
        origin = self._padding, height + self._padding
        cv2.putText(plate, text, origin, FONT, self._scale, ink, self._thickness, cv2.LINE_AA)
        return plate
