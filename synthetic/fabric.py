"""Cloth as small pictures: colours, patterns, weave and folds, in BGR."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

Bgr: TypeAlias = tuple[int, int, int]
Image: TypeAlias = npt.NDArray[np.uint8]
Floats: TypeAlias = npt.NDArray[np.float32]

TEXELS_PER_M = 256.0
"""Resolution of every texture: 4 mm a texel, finer than a pixel of a person 250 px tall."""


def smooth_noise(rows: int, cols: int, cell: tuple[float, float], rng: np.random.Generator) -> Floats:
    """Return smooth noise (rows, cols) with unit deviation, seamless from the last column to the first.

    Args:
        rows: Height in texels.
        cols: Width in texels.
        cell: Size (height, width) of one bump in texels.
        rng: Source of the bumps.
    """
    grid_rows = max(2, round(rows / cell[0]) + 1)
    grid_cols = max(2, round(cols / cell[1]))
    grid = rng.standard_normal((grid_rows, grid_cols)).astype(np.float32)
    padded = np.concatenate([grid[:, -1:], grid, grid[:, :1]], axis=1)
    step = cols / grid_cols
    wide = cv2.resize(padded, (round((grid_cols + 2) * step), rows), interpolation=cv2.INTER_CUBIC)
    noise = wide[:, round(step) : round(step) + cols]
    deviation = float(noise.std()) or 1.0
    return np.asarray(noise / deviation, dtype=np.float32)


def plain(rows: int, cols: int, colour: Bgr, accent: Bgr, scale_m: float) -> Floats:
    """Return cloth of one colour (rows, cols, 3)."""
    return np.broadcast_to(np.array(colour, np.float32), (rows, cols, 3)).copy()


def _mix(weight: npt.NDArray[np.bool_] | Floats, colour: Bgr, accent: Bgr) -> Floats:
    """Blend from colour (weight 0) to accent (weight 1)."""
    share = np.asarray(weight, np.float32)[..., None]
    return np.asarray(np.array(colour, np.float32) * (1 - share) + np.array(accent, np.float32) * share, np.float32)


def _wave(length: int, period_texels: float) -> Floats:
    """Return a saw tooth in [0, 1) along one axis."""
    return np.asarray((np.arange(length) / max(period_texels, 2.0)) % 1.0, np.float32)


def hoops(rows: int, cols: int, colour: Bgr, accent: Bgr, scale_m: float) -> Floats:
    """Return horizontal stripes; `scale_m` is the height of a pair of stripes."""
    band = _wave(rows, scale_m * TEXELS_PER_M) < 0.42
    return _mix(np.repeat(band[:, None], cols, axis=1), colour, accent)


def pinstripes(rows: int, cols: int, colour: Bgr, accent: Bgr, scale_m: float) -> Floats:
    """Return vertical stripes, a whole number of them around the body."""
    period = cols / max(1, round(cols / (scale_m * TEXELS_PER_M)))
    band = _wave(cols, period) < 0.3
    return _mix(np.repeat(band[None, :], rows, axis=0), colour, accent)


def checks(rows: int, cols: int, colour: Bgr, accent: Bgr, scale_m: float) -> Floats:
    """Return two crossing stripes (plaid): half accent where one runs, full where they cross."""
    period = cols / max(1, round(cols / (scale_m * TEXELS_PER_M)))
    across = (_wave(cols, period) < 0.45).astype(np.float32)
    down = (_wave(rows, scale_m * TEXELS_PER_M) < 0.45).astype(np.float32)
    return _mix(np.asarray((across[None, :] + down[:, None]) * 0.5, np.float32), colour, accent)


def dots(rows: int, cols: int, colour: Bgr, accent: Bgr, scale_m: float) -> Floats:
    """Return staggered dots."""
    period = cols / max(1, round(cols / (scale_m * TEXELS_PER_M)))
    y = np.arange(rows)[:, None] / period
    x = np.arange(cols)[None, :] / period + 0.5 * (np.floor(y) % 2)
    inside = ((x % 1) - 0.5) ** 2 + ((y % 1) - 0.5) ** 2 < 0.09
    return _mix(inside, colour, accent)


def blocks(rows: int, cols: int, colour: Bgr, accent: Bgr, scale_m: float) -> Floats:
    """Return a yoke: the upper 42 % in the accent colour, the rest in the main one."""
    upper = np.arange(rows)[:, None] < 0.42 * rows
    return _mix(np.repeat(upper, cols, axis=1), colour, accent)


PATTERNS: dict[str, Callable[[int, int, Bgr, Bgr, float], Floats]] = {
    "plain": plain,
    "hoops": hoops,
    "pinstripes": pinstripes,
    "checks": checks,
    "dots": dots,
    "blocks": blocks,
}


def folds(rows: int, cols: int, depth: float, rng: np.random.Generator) -> Floats:
    """Return the shading of folds and weave (rows, cols), a factor around 1.

    Long soft folds run down the cloth, shorter ones cross them; `depth` is their contrast (0.1 is a shirt).
    """
    long_folds = smooth_noise(rows, cols, (rows / 2.5, cols / 11), rng)
    slope = long_folds - np.roll(long_folds, 3, axis=1)
    creases = smooth_noise(rows, cols, (rows / 9, cols / 5), rng)
    weave = rng.standard_normal((rows, cols)).astype(np.float32)
    shade = 1 + depth * (0.9 * slope + 0.26 * creases) + 0.012 * weave
    return np.asarray(np.clip(shade, 0.55, 1.35), np.float32)


def cloth(
    pattern: str, rows: int, cols: int, colour: Bgr, accent: Bgr, scale_m: float, depth: float, rng: np.random.Generator
) -> Floats:
    """Return a folded piece of cloth (rows, cols, 3), BGR in 0..255 as float32.

    Raises:
        ValueError: The pattern has no such name.
    """
    if pattern not in PATTERNS:
        raise ValueError(f"unknown pattern {pattern!r}: expected one of {', '.join(sorted(PATTERNS))}")
    flat = PATTERNS[pattern](rows, cols, colour, accent, scale_m)
    return np.asarray(flat * folds(rows, cols, depth, rng)[..., None], np.float32)


def as_bgra(picture: Floats, alpha: npt.NDArray[np.bool_] | None = None) -> Image:
    """Return (rows, cols, 4) uint8: the colour picture with an opacity of 0 or 255 (all opaque by default)."""
    rows, cols = picture.shape[:2]
    out = np.empty((rows, cols, 4), np.uint8)
    out[..., :3] = np.clip(np.round(picture), 0, 255)
    out[..., 3] = 255 if alpha is None else np.where(alpha, 255, 0)
    return out
