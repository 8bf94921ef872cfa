"""Boxes, labels and trails on a picture, drawn by supervision's annotators; here is what feeds them."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import supervision as sv

from app.sinks.rows import FrameTracks, RowState

__all__ = ["Drawer", "to_supervision"]

Image = npt.NDArray[np.uint8]

TRAIL_S = 2.0
NUM_COLORS = 48
GOLDEN_RATIO = 0.618034
"""Hues at multiples of it (mod 1) are spread evenly for any number of ids, and never close for neighbouring ids."""
EQUAL_CONTRAST_LUMINANCE = 0.179
"""Relative luminance on which black and white text have the same contrast (WCAG 2: sqrt(1.05 * 0.05) - 0.05)."""
MIN_TEXT_SCALE = 0.45
"""Below it OpenCV's stroke font is not legible."""


def to_supervision(tracks: FrameTracks) -> sv.Detections:
    """`FrameTracks` as `supervision.Detections` with `tracker_id`; a score that is not known becomes 0."""
    return sv.Detections(
        xyxy=tracks.xyxy.astype(np.float32),
        confidence=np.nan_to_num(tracks.scores, nan=0.0).astype(np.float32),
        class_id=tracks.class_ids.astype(int),
        tracker_id=tracks.ids.astype(int),
    )


class Drawer:
    """Draws the tracks of one video: a stable colour for each id, `person 7` on the box, the way of the last seconds.

    Boxes without a detection (predicted, interpolated) show their corners only. Strokes and text follow the height of
    the picture. Memory is bounded: trails hold `trail_s` of frames, also of ids that have left.

    Args:
        width, height: px of the source.
        fps: frames drawn per second.
        class_names: name of each class id; an unknown one is shown as its number.
        trail_s: length of the trails, s.
    """

    def __init__(
        self, width: int, height: int, fps: float, class_names: Mapping[int, str], *, trail_s: float = TRAIL_S
    ) -> None:
        self._class_names = dict(class_names)
        short_side = min(width, height)
        thickness = max(2, round(short_side / 360))
        self._text_scale = max(MIN_TEXT_SCALE, short_side * 6e-4)
        self._text_thickness = max(1, round(short_side / 720))
        self._text_padding = max(2, round(short_side / 270))
        fill, ink = palettes()
        look: dict[str, Any] = {"color": fill, "color_lookup": sv.ColorLookup.TRACK}
        self._boxes = sv.BoxAnnotator(thickness=thickness, **look)
        self._corners = sv.BoxCornerAnnotator(thickness=thickness, corner_length=max(4, round(short_side / 72)), **look)
        self._labels = sv.LabelAnnotator(
            text_color=ink,
            text_scale=self._text_scale,
            text_thickness=self._text_thickness,
            text_padding=self._text_padding,
            **look,
        )
        self._trails = sv.TraceAnnotator(
            position=sv.Position.BOTTOM_CENTER,
            trace_length=max(2, round(trail_s * fps)),
            thickness=thickness,
            **look,
        )

    def draw(self, image: Image, tracks: FrameTracks) -> Image:
        """A copy of `image` (BGR `(H, W, 3)`) with the tracks of its frame."""
        scene = image.copy()  # the annotators draw in place
        detections = to_supervision(tracks)
        self._trails.annotate(scene, detections)
        if len(tracks) == 0:
            return scene
        unseen = np.isin(tracks.states, (RowState.PREDICTED, RowState.INTERPOLATED))
        if not unseen.all():
            self._boxes.annotate(scene, detections[~unseen])
        if unseen.any():
            self._corners.annotate(scene, detections[unseen])
        labels = self._label_texts(tracks)
        self._labels.annotate(scene, self._label_anchors(detections, labels, scene.shape), labels=labels)
        return scene

    def _label_texts(self, tracks: FrameTracks) -> list[str]:
        names = (self._class_names.get(int(class_id), str(class_id)) for class_id in tracks.class_ids)
        return [f"{name} {track_id}" for name, track_id in zip(names, tracks.ids, strict=True)]

    def _label_anchors(self, detections: sv.Detections, labels: list[str], shape: tuple[int, ...]) -> sv.Detections:
        """The boxes moved so that labels on their top-left corners stay inside the picture.

        supervision's `smart_position` does that too, but takes twice the time, and lets labels hop between frames to
        keep them apart.
        """
        sizes = np.array([self._label_size(label) for label in labels])
        corner = detections.xyxy[:, :2].copy()
        corner[:, 0] = np.clip(corner[:, 0], 0, np.maximum(0, shape[1] - sizes[:, 0]))
        corner[:, 1] = np.clip(corner[:, 1], sizes[:, 1], shape[0])
        return sv.Detections(
            xyxy=np.concatenate([corner, corner], axis=1),
            class_id=detections.class_id,
            tracker_id=detections.tracker_id,
        )

    def _label_size(self, label: str) -> tuple[int, int]:
        """Width and height of a label with its background, px."""
        (width, height), _ = cv2.getTextSize(label, cv2.FONT_HERSHEY_SIMPLEX, self._text_scale, self._text_thickness)
        return width + 2 * self._text_padding, height + 2 * self._text_padding


def palettes() -> tuple[sv.ColorPalette, sv.ColorPalette]:
    """`NUM_COLORS` fills, and for each the ink (black or white) that is legible on it."""
    fills, inks = [], []
    for number in range(NUM_COLORS):
        hue = (number * GOLDEN_RATIO) % 1.0
        saturation, value = ((0.85, 0.95), (0.55, 1.0), (0.9, 0.7))[number % 3]
        rgb = colorsys.hsv_to_rgb(hue, saturation, value)
        red, green, blue = (round(255 * part) for part in rgb)
        fills.append(sv.Color(r=red, g=green, b=blue))
        luminance = float(np.dot((0.2126, 0.7152, 0.0722), np.power(rgb, 2.2)))
        inks.append(sv.Color.BLACK if luminance > EQUAL_CONTRAST_LUMINANCE else sv.Color.WHITE)
    return sv.ColorPalette(fills), sv.ColorPalette(inks)
