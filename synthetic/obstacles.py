"""What stands between a camera and a person: poles, bins, cars, railings, bicycles, leaves and luggage."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

__all__ = ["OBSTACLES", "add_obstacle"]

Floats = npt.NDArray[np.float32]


def _shade(rng: np.random.Generator, low: float = 20, high: float = 200, spread: float = 0.06) -> list[float]:
    colour: list[float] = np.clip(rng.uniform(low, high) * np.exp(rng.normal(0, spread, 3)), 5, 250).tolist()
    return colour


def _pole(patch: Floats, rng: np.random.Generator) -> None:
    width = patch.shape[1]
    wide, x = int(rng.uniform(0.07, 0.2) * width), float(rng.uniform(0.05, 0.95)) * width
    across = np.linspace(-1, 1, max(wide, 2), dtype=np.float32)
    column = np.array(_shade(rng), np.float32) * (1.1 - 0.5 * across**2)[:, None]
    left = int(np.clip(x - wide / 2, 0, width - 2))
    right = min(left + wide, width)
    patch[:, left:right] = column[None, : right - left]


def _box(patch: Floats, rng: np.random.Generator) -> None:
    """A bin, a planter, a suitcase or the corner of a stall."""
    height, width = patch.shape[:2]
    tall, wide = int(rng.uniform(0.15, 0.5) * height), int(rng.uniform(0.25, 0.8) * width)
    x = int(rng.uniform(-0.3, 0.9) * width)
    colour = np.array(_shade(rng, spread=0.3), np.float32)
    cv2.rectangle(patch, (x, height - tall), (x + wide, height), colour.tolist(), -1)
    cv2.rectangle(patch, (x + wide - wide // 4, height - tall), (x + wide, height), (colour * 0.7).tolist(), -1)
    cv2.line(patch, (x, height - tall), (x + wide, height - tall), np.clip(colour * 1.4, 0, 250).tolist(), 2)


def _car(patch: Floats, rng: np.random.Generator) -> None:
    height, width = patch.shape[:2]
    top = height - int(rng.uniform(0.22, 0.5) * height)
    slant = int(rng.uniform(-0.15, 0.15) * height)
    outline = np.array([(-5, top), (width + 5, top + slant), (width + 5, height + 5), (-5, height + 5)], np.int32)
    colour = np.array(_shade(rng, spread=0.3 if rng.random() < 0.4 else 0.03), np.float32)
    cv2.fillPoly(patch, [outline], colour.tolist(), cv2.LINE_AA)
    band = int(0.35 * (height - top))
    glass = np.array([(-5, top + 3), (width + 5, top + slant + 3), (width + 5, top + slant + band), (-5, top + band)])
    cv2.fillPoly(patch, [glass.astype(np.int32)], _shade(rng, 25, 90), cv2.LINE_AA)


def _railing(patch: Floats, rng: np.random.Generator) -> None:
    height, width = patch.shape[:2]
    colour, top = _shade(rng), int(rng.uniform(0.45, 0.75) * height)
    for y in (top, top + int(0.18 * height)):
        cv2.line(patch, (0, y), (width, y + int(rng.integers(-6, 7))), colour, int(rng.integers(2, 5)), cv2.LINE_AA)
    step = int(rng.integers(8, 26))
    for x in range(int(rng.integers(step)), width, step):
        cv2.line(patch, (x, top), (x, height), colour, 1, cv2.LINE_AA)


def _bicycle(patch: Floats, rng: np.random.Generator) -> None:
    height, width = patch.shape[:2]
    radius = int(0.17 * height)
    x, y = int(rng.uniform(-0.2, 0.6) * width), height - radius - int(rng.uniform(0, 0.06) * height)
    dark, frame = _shade(rng, 15, 60), _shade(rng, 30, 200, 0.4)
    reach = int(radius * rng.uniform(1.2, 2.2))
    for centre in (x, x + reach):
        cv2.ellipse(patch, (centre, y), (max(3, int(0.8 * radius)), radius), 0, 0, 360, dark, 2, cv2.LINE_AA)
    saddle, bar = (x + reach // 4, y - int(1.3 * radius)), (x + reach, y - int(1.6 * radius))
    for ends in ((saddle, (x + reach // 2, y)), (saddle, bar), (bar, (x + reach, y)), ((x, y), saddle)):
        cv2.line(patch, *ends, frame, 2, cv2.LINE_AA)


def _leaves(patch: Floats, rng: np.random.Generator) -> None:
    height, width = patch.shape[:2]
    side = float(rng.choice([0.0, 1.0])) * width
    for _ in range(int(rng.integers(12, 40))):
        centre = (int(side + rng.normal(0, 0.22) * width), int(rng.uniform(0, 1) * height))
        colour = (np.array([45, 85, 62]) * rng.uniform(0.35, 1.4)).tolist()
        axes = (int(rng.integers(3, 11)), int(rng.integers(3, 9)))
        cv2.ellipse(patch, centre, axes, float(rng.uniform(0, 180)), 0, 360, colour, -1, cv2.LINE_AA)


OBSTACLES: dict[str, Callable[[Floats, np.random.Generator], None]] = {
    "pole": _pole,
    "box": _box,
    "car": _car,
    "railing": _railing,
    "bicycle": _bicycle,
    "leaves": _leaves,
}


def add_obstacle(patch: Floats, rng: np.random.Generator) -> str:
    """Paint one obstacle in front of a person who fills the patch (H, W, 3), in place; return its name."""
    name = list(OBSTACLES)[int(rng.integers(len(OBSTACLES)))]
    OBSTACLES[name](patch, rng)
    return name
