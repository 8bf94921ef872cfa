"""Moving objects of a static camera, without weights: background subtraction, blobs, and persistence over frames."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from detectors.background import Background
from detectors.blobs import Blob, Corners, find_blobs, share_inside
from detectors.size_prior import SizePrior
from detectors.types import Detections, DetectorOptions, Image, required

__all__ = ["MotionDetector", "create_motion"]

logger = logging.getLogger(__name__)

WORKING_WIDTH = 480  # px; blobs need no more, and time grows with the area
MIN_LIFE_S = 0.1  # an object must have been seen for as long
MIN_TRAVEL = 0.1  # of its height: what never moved is a ghost, a reflection or a door
MIN_TRAVEL_PX = 3.0  # of the working picture; edges of blobs tremble by one or two
COME_IN = 0.07  # of the picture: growth at its border that counts as nothing
COME_IN_KNOWN = 0.02  # the same for what is as tall as objects there are known to be
MATCH_IOU = 0.2
FORGET_S = 0.3
WELL_SEEN = 8  # frames alone, after which the velocity is known
TOGETHER_S = 1.2  # a crossing is over by then


@dataclass
class _Presence:
    """A blob followed from frame to frame, to tell objects from flicker.

    `alone` counts the frames in which it was a component of its own, `together` those since it has been in a group.
    """

    blob: Blob
    start: Blob
    hits: int = 1
    misses: int = 0
    moved: bool = False
    height: float = 0.0
    velocity: tuple[float, float] = (0.0, 0.0)
    alone: int = 0
    together: int = 0

    def forecast(self) -> Corners:
        """Where its box should be in this frame."""
        frames = self.misses + 1
        across, down = self.velocity[0] * frames, self.velocity[1] * frames
        x1, y1, x2, y2 = self.blob.xyxy
        return (x1 + across, y1 + down, x2 + across, y2 + down)


class MotionDetector:
    """Boxes around whatever moves in front of a static camera.

    Args:
        options: `confidence` filters on the score; `frame_rate` turns the memories from seconds into frames.
    """

    name = "motion"
    needs_images = True
    parallel = 1

    def __init__(self, options: DetectorOptions | None = None) -> None:
        options = options or DetectorOptions()
        self.class_names: Mapping[int, str] = {0: _label(options.classes)}
        self._confidence = options.confidence or 0.0
        self._rate = options.frame_rate
        self._shape: tuple[int, ...] = ()
        self._restart((0, 0))

    def _restart(self, shape: tuple[int, ...]) -> None:
        self._shape = shape
        self._background: Background | None = None
        self._present: list[_Presence] = []

    def detect(self, image: Image | None, frame_index: int) -> Detections:
        """Moving objects of a frame; frames must come in order, and the first one only shows the scene.

        Raises:
            ValueError: no image.
        """
        image = required(image, "the motion detector")
        if image.shape != self._shape:
            self._restart(image.shape)
        picture, scale = _shrink(image)
        if self._background is None:
            self._background = Background(picture, self._rate)
            self._prior = SizePrior(picture.shape[0])
            self._size = (float(picture.shape[1]), float(picture.shape[0]))
            return Detections.empty()
        blobs = find_blobs(self._background.apply(picture), self._prior, self._forecasts())
        self._follow(blobs)
        return self._report(scale, image.shape)

    def _forecasts(self) -> list[Corners]:
        """Where those should be who were seen well before they may have met somebody."""
        limit = TOGETHER_S * self._rate
        seen_well = [p for p in self._present if p.moved and p.alone >= WELL_SEEN]
        return [p.forecast() for p in seen_well if p.together < limit and p.misses < 3]

    def _follow(self, blobs: list[Blob]) -> None:
        overlap = _iou([presence.forecast() for presence in self._present], [blob.xyxy for blob in blobs])
        free = set(range(len(blobs)))
        for presence in self._present:
            presence.misses += 1
        for flat in np.argsort(-overlap, axis=None, kind="stable"):
            row, column = np.unravel_index(flat, overlap.shape)
            if overlap[row, column] < MATCH_IOU:
                break
            presence = self._present[row]
            if presence.misses and int(column) in free:
                free.discard(int(column))
                self._update(presence, blobs[column])
        born = [self._born(blobs[i]) for i in sorted(free)]
        limit = FORGET_S * self._rate
        self._present = [p for p in self._present if p.misses <= limit]
        self._present += born

    def _born(self, blob: Blob) -> _Presence:
        """A new presence; one that comes out of a known object (a group that parts) is trusted like that object."""
        presence = _Presence(blob, blob, height=blob.height)
        for known in self._present:
            if known.moved and blob.height > 0.5 * known.blob.height and share_inside(blob.xyxy, known.blob.xyxy) > 0.6:
                presence.moved = True
                presence.hits = max(presence.hits, known.hits)
        return presence

    def _update(self, presence: _Presence, blob: Blob) -> None:
        frames, presence.misses = presence.misses, 0
        self._learn_velocity(presence, blob, frames)
        presence.blob = blob
        presence.hits += 1
        come_in = COME_IN_KNOWN if self._is_usual(blob) else COME_IN
        way = _travel(presence.start, blob, self._size, come_in)
        presence.moved |= way > max(MIN_TRAVEL * blob.height, MIN_TRAVEL_PX)
        steady = abs(blob.height - presence.height) < 0.1 * blob.height
        presence.height += 0.3 * (blob.height - presence.height)
        aspect = blob.width / blob.height
        if blob.single and steady and presence.moved and presence.hits > 5 and 0.2 < aspect < 0.7:
            self._prior.add(blob.xyxy[3], blob.height, blob.width)

    def _is_usual(self, blob: Blob) -> bool:
        return self._prior.known and 0.75 < blob.height / self._prior.height(blob.xyxy[3]) < 1.25

    def _learn_velocity(self, presence: _Presence, blob: Blob, frames: int) -> None:
        """Mean velocity of the middle of the feet; in a group, where boxes are guesses, it changes slowly."""
        free = blob.single or _cut_by_border(blob, self._size)
        presence.alone, presence.together = (presence.alone + 1, 0) if free else (presence.alone, presence.together + 1)
        old, new = presence.blob.xyxy, blob.xyxy
        step = ((new[0] + new[2] - old[0] - old[2]) / 2 / frames, (new[3] - old[3] + new[1] - old[1]) / 2 / frames)
        rate = max(0.15, 1.0 / presence.hits) if free else 0.03
        (vx, vy), (sx, sy) = presence.velocity, step
        presence.velocity = (vx + rate * (sx - vx), vy + rate * (sy - vy))

    def _report(self, scale: tuple[float, float], shape: tuple[int, ...]) -> Detections:
        life = max(2, round(MIN_LIFE_S * self._rate))
        seen = [p for p in self._present if not p.misses and p.hits >= life and p.moved]
        if not seen:
            return Detections.empty()
        xyxy = np.array([p.blob.xyxy for p in seen], np.float32) * np.array([*scale, *scale], np.float32)
        xyxy = np.clip(xyxy, 0, np.array([shape[1], shape[0], shape[1], shape[0]], np.float32))
        scores = np.array([_score(p) for p in seen], np.float32)
        keep = scores >= self._confidence
        return Detections(xyxy, scores, np.zeros(len(seen), np.int64))[keep]


def create_motion(options: DetectorOptions) -> MotionDetector:
    """The motion detector; for the registry."""
    return MotionDetector(options)


def _label(classes: tuple[str, ...]) -> str:
    if len(classes) > 1:
        raise ValueError(
            f"the motion detector cannot tell classes apart, but {', '.join(classes)} were asked for. "
            "Name one, which then labels every object, or use --detector yolo."
        )
    if classes:
        logger.warning("the motion detector cannot tell classes: every moving object is labelled %r", classes[0])
    return classes[0] if classes else "object"


def _shrink(image: Image) -> tuple[Image, tuple[float, float]]:
    """The picture at working width, and the factors back to the image. Halving first averages, and is fast."""
    picture: npt.NDArray[Any] = image
    while picture.shape[1] >= 2 * WORKING_WIDTH:
        size = (picture.shape[1] // 2, max(1, picture.shape[0] // 2))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
    if picture.shape[1] > WORKING_WIDTH:
        rows = max(1, round(picture.shape[0] * WORKING_WIDTH / picture.shape[1]))
        picture = cv2.resize(picture, (WORKING_WIDTH, rows), interpolation=cv2.INTER_LINEAR)
    return np.asarray(picture, np.uint8), (image.shape[1] / picture.shape[1], image.shape[0] / picture.shape[0])


def _travel(start: Blob, now: Blob, size: tuple[float, float], come_in: float) -> float:
    """Distance by which the box moved as a whole, in a picture of that width and height.

    Opposite sides that move apart or alone are growth, not motion; but a side that lies on the picture's border hides
    the motion of an object that comes in, which shows by how much of it has come in, beyond `come_in` of the picture.
    """
    ways = []
    for axis, limit in enumerate(size):
        low = now.xyxy[axis] - start.xyxy[axis]
        high = now.xyxy[axis + 2] - start.xyxy[axis + 2]
        if low * high > 0:
            ways.append(min(abs(low), abs(high)))
        elif now.xyxy[axis] <= 0 or now.xyxy[axis + 2] >= limit:
            ways.append(max(abs(low), abs(high), come_in * limit) - come_in * limit)
    return float(np.hypot.reduce(ways)) if ways else 0.0


def _cut_by_border(blob: Blob, size: tuple[float, float]) -> bool:
    x1, y1, x2, y2 = blob.xyxy
    return not blob.single and (x1 <= 0 or y1 <= 0 or x2 >= size[0] or y2 >= size[1])


def _score(presence: _Presence) -> float:
    return min(0.99, 0.3 + 0.4 * min(presence.hits / 15.0, 1.0) + 0.4 * min(presence.blob.fill, 0.7))


def _iou(a: list[Corners], b: list[Corners]) -> npt.NDArray[np.float64]:
    if not a or not b:
        return np.zeros((len(a), len(b)))
    p, q = np.array(a)[:, None], np.array(b)[None]
    side = np.minimum(p[..., 2:], q[..., 2:]) - np.maximum(p[..., :2], q[..., :2])
    common = np.prod(np.maximum(side, 0), axis=2)
    area = np.prod(p[..., 2:] - p[..., :2], axis=2) + np.prod(q[..., 2:] - q[..., :2], axis=2)
    overlap: npt.NDArray[np.float64] = common / (area - common)
    return overlap
