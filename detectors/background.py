"""The empty scene behind a static camera, learned while watching: frame -> mask of what does not belong to it.

Two memories work together. A running mean follows slow changes of light wherever nothing moves. Where something is in
the way, the mean waits and is corrected by the median of a few samples spread over the recent past. So a person who
stands still is not absorbed within seconds, and one who was there in the first frame does not leave a ghost for long.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from detectors.types import Image

__all__ = ["Background", "Mask", "temporal_median"]

Mask = npt.NDArray[np.uint8]
"""`(H, W)`, 255 where the frame differs from the empty scene, else 0."""

Plane = npt.NDArray[Any]
"""An array on its way through OpenCV, whose type hints tell no element type."""

NUM_SAMPLES = 15
FIRST_INTERVAL_S = 0.08
LAST_INTERVAL_S = 8.0  # 15 samples 8 s apart: who stands still for a minute becomes part of the scene
LEARN_EVERY = 2  # frames, after the first second: the light changes slowly, and learning takes time
MEAN_MEMORY_S = 2.0
MIN_DIFFERENCE = 20.0  # grey levels of 255; sensor noise and compression stay below
NOISE_FACTOR = 3.5
SHADOW_DARKEST = 0.55  # a cast shadow keeps at least this share of the light (sky light remains)
SHADOW_CHROMA = 14.0  # and its colour: grey levels off the darkened background, at most
SURROUNDINGS = 0.08  # of the picture's width
FILL_SPAN = 0.03  # of the picture's height: a grey coat between a face and dark trousers
SETTLING_S = 6.0  # the first frames are full of who happened to be there: ghosts are looked for often
CHECK_EVERY_S = 0.5
TRUST_S = 3.0  # a pixel seen empty for as long is only replaced after minutes
GHOST_MARGIN = 12.0  # grey levels by which the picture must be more like its surroundings than the scene is
GAIN_STEP = 12  # the exposure is estimated on every 12th pixel of every 12th row


class Background:
    """Model of the empty scene at one picture size.

    It keeps copies only: a picture belongs to its source, and is drawn on once the frame was tracked.

    Args:
        first: the first picture, BGR uint8 `(H, W, 3)`.
        frame_rate: frames per second, from which all memories are derived.
    """

    def __init__(self, first: Image, frame_rate: float) -> None:
        self._rate = frame_rate
        self._mean = first.astype(np.float32)
        self._noise = np.full(first.shape[:2], MIN_DIFFERENCE / NOISE_FACTOR, np.float32)
        self._samples: list[Plane] = [first.copy()]
        self._interval = max(1, round(FIRST_INTERVAL_S * frame_rate))
        self._last_interval = max(self._interval, round(LAST_INTERVAL_S * frame_rate))
        self._checked: list[Plane] = [self._samples[0].copy()] * 2
        self._next_check = self._next_sample = 1
        self._seen_empty: Plane = np.zeros(first.shape[:2], np.uint16)
        self._age = 0

    def apply(self, image: Image) -> Mask:
        """What differs from the empty scene, shadows left out; then learns from the picture."""
        self._age += 1
        picture = self._same_exposure(image)
        scene = cv2.convertScaleAbs(self._mean)
        difference = _distance(picture, scene)
        threshold = np.maximum(cv2.convertScaleAbs(self._noise, alpha=NOISE_FACTOR), np.uint8(MIN_DIFFERENCE))
        foreground = cv2.compare(difference, threshold, cv2.CMP_GT)
        _remove_shadow(foreground, picture, scene)
        self._learn(picture, difference, foreground)
        doubtful = cv2.compare(difference, threshold // 2, cv2.CMP_GT)
        return np.asarray(_fill(foreground, doubtful), np.uint8)

    def _same_exposure(self, picture: Plane) -> Plane:
        """The picture with the scene's exposure: a camera that adjusts its gain must not make everything move."""
        now = picture[::GAIN_STEP, ::GAIN_STEP].astype(np.float32)
        scene = self._mean[::GAIN_STEP, ::GAIN_STEP]
        gain = np.median((now + 1.0) / (scene + 1.0), axis=(0, 1))
        if np.abs(gain - 1.0).max() < 0.02:
            return picture
        factors: Any = (*(1.0 / np.clip(gain, 0.3, 3.0)).tolist(), 0.0)  # OpenCV's scalar; its hints know arrays only
        return np.asarray(cv2.multiply(picture, factors))

    def _learn(self, picture: Plane, difference: Plane, foreground: Plane) -> None:
        """Update mean and noise where nothing is in the way; every few frames, correct the rest by the median."""
        step = 1 if self._age < self._rate else LEARN_EVERY
        if self._age % step:
            return
        empty = cv2.bitwise_not(cv2.dilate(foreground, np.ones((5, 5), np.uint8)))
        rate = step / min(self._age + 1.0, MEAN_MEMORY_S * self._rate)
        cv2.accumulateWeighted(picture, self._mean, rate, empty)
        cv2.accumulateWeighted(difference, self._noise, rate, empty)
        self._seen_empty = cv2.add(self._seen_empty, (empty > 0).astype(np.uint16) * np.uint16(step))
        if self._age >= self._next_check:
            self._lay_ghosts(picture, foreground, empty)
        if self._age >= self._next_sample:
            self._next_sample = self._age + self._interval
            self._remember(picture, foreground)

    def _remember(self, picture: Plane, foreground: Plane) -> None:
        """Add a sample, and where the scene is covered, replace what is not well known by the samples' median."""
        self._samples.append(picture.copy())
        if len(self._samples) > NUM_SAMPLES:
            self._thin_out()
        doubted = foreground
        if self._interval * 2 <= self._last_interval:
            unknown = (self._seen_empty < TRUST_S * self._rate).view(np.uint8)
            doubted = cv2.multiply(foreground, unknown)
        pixels = np.flatnonzero(doubted)  # sorting a few per cent of the picture instead of all of it
        if len(pixels):
            known = [np.take(sample.reshape(-1, 3), pixels, axis=0) for sample in self._samples]
            self._mean.reshape(-1, 3)[pixels] = temporal_median(known)

    def _lay_ghosts(self, picture: Plane, foreground: Plane, empty: Plane) -> None:
        """Correct, in place, what the scene remembers of an object that has left.

        Where a pixel differs from the scene, one of the two shows an object. If the picture there stays as it is and
        looks like the empty surroundings while the scene does not, the object is in the scene.
        """
        pause_s = FIRST_INTERVAL_S if self._age < SETTLING_S * self._rate else CHECK_EVERY_S
        self._next_check = self._age + max(1, round(pause_s * self._rate))
        scene = cv2.convertScaleAbs(self._mean)
        around = _surroundings(scene, empty)
        changes = cv2.max(_distance(picture, self._checked[0]), _distance(picture, self._checked[1]))
        self._checked = [self._checked[1], picture.copy()]
        calm = _mask(changes < MIN_DIFFERENCE)
        ghost = cv2.bitwise_and(foreground, calm)
        object_in_scene = cv2.subtract(_distance(scene, around), _distance(picture, around))
        ghost = cv2.bitwise_and(ghost, _mask(object_in_scene > GHOST_MARGIN))
        ghost = cv2.morphologyEx(ghost, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        cv2.copyTo(picture.astype(np.float32), ghost, self._mean)
        for sample in self._samples:
            cv2.copyTo(picture, ghost, sample)
        foreground[ghost > 0] = 0

    def _thin_out(self) -> None:
        """Make room: half as many samples over the same past while it is short, afterwards drop the oldest."""
        if self._interval * 2 <= self._last_interval:
            self._interval *= 2
            self._samples = self._samples[::-1][::2][::-1]
        else:
            self._samples = self._samples[1:]


def _mask(chosen: npt.NDArray[np.bool_]) -> Plane:
    return np.asarray(chosen, np.uint8) * np.uint8(255)


def _distance(a: Plane, b: Plane) -> Plane:
    """Greatest difference of the three channels, `(H, W)`."""
    blue, green, red = cv2.split(cv2.absdiff(a, b))
    return np.asarray(cv2.max(cv2.max(blue, green), red))


def _surroundings(scene: Plane, empty: Plane) -> Plane:
    """Mean colour of the empty pixels around each pixel, computed at a quarter of the size."""
    columns, rows = scene.shape[1], scene.shape[0]
    small = (max(1, columns // 4), max(1, rows // 4))
    weight = cv2.resize(empty, small, interpolation=cv2.INTER_NEAREST)
    colour = cv2.copyTo(cv2.resize(scene, small, interpolation=cv2.INTER_NEAREST), weight)
    side = max(3, round(SURROUNDINGS * small[0])) | 1
    total = cv2.boxFilter(colour, cv2.CV_32F, (side, side))
    count = cv2.boxFilter(weight, cv2.CV_32F, (side, side)) / 255.0
    mean: Plane = cv2.convertScaleAbs(total / np.maximum(count, 1e-3)[:, :, None])
    return np.asarray(cv2.resize(mean, (columns, rows), interpolation=cv2.INTER_LINEAR))


def _remove_shadow(foreground: Plane, picture: Plane, scene: Plane) -> None:
    """Clear, in place, pixels that are the scene with less light: darker by a limited factor and of the same colour.

    After Cucchiara et al. 2003, "Detecting moving objects, ghosts, and shadows in video streams", with the colour
    compared in BGR after scaling instead of in HSV.
    """
    pixels = np.flatnonzero(foreground)  # a few per cent of the picture: cheaper than whole planes
    now = np.take(picture.reshape(-1, 3), pixels, axis=0).T.astype(np.float32) + np.float32(1.0)
    before = np.take(scene.reshape(-1, 3), pixels, axis=0).T.astype(np.float32) + np.float32(1.0)
    light = (now[0] + now[1] + now[2]) / (before[0] + before[1] + before[2])
    off_colour = np.abs(now - before * light)
    off_colour = np.maximum(np.maximum(off_colour[0], off_colour[1]), off_colour[2])
    shadow = (light < 1.0) & (light > SHADOW_DARKEST) & (off_colour < SHADOW_CHROMA)
    foreground.reshape(-1)[pixels[shadow]] = 0


def _fill(foreground: Plane, doubtful: Plane) -> Plane:
    """The foreground with those doubtful pixels (weak, or shadow by colour) that lie between parts of it."""
    span = max(3, round(FILL_SPAN * foreground.shape[0]))
    between = cv2.morphologyEx(foreground, cv2.MORPH_CLOSE, np.ones((span, 1), np.uint8))
    return cv2.bitwise_or(foreground, cv2.bitwise_and(doubtful, between))


def temporal_median(samples: Sequence[Plane]) -> Plane:
    """Median over time of pictures of one shape (the lower one of the two middle values for an even number).

    Odd-even transposition sort over whole pictures: `n` rounds of element-wise minimum and maximum, which is many
    times faster than sorting along an axis.
    """
    ranks = list(samples)
    for round_ in range(len(ranks)):
        for low in range(round_ % 2, len(ranks) - 1, 2):
            first, second = ranks[low], ranks[low + 1]
            ranks[low], ranks[low + 1] = cv2.min(first, second), cv2.max(first, second)
    return ranks[(len(ranks) - 1) // 2]
