"""Tubes become pixels: the parts of one or of many figures are projected and painted with a depth buffer, all at once.

No part has a loop of its own: every step is one array operation over the pixels of all parts of all figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from synthetic.body import Part

__all__ = ["BEHIND", "Canvas", "Strips", "paint", "project"]

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Texels = npt.NDArray[np.uint32]
Places = npt.NDArray[np.int64]
BEHIND = -1e6
"""Depth of a pixel where nothing was painted."""
_OPAQUE = 1 << 24  # a BGRA texel read as one little-endian number: any alpha at all
_FINE_PX_PER_M = 160.0
"""Below this size 64 samples along a part are enough, above it 128 are taken."""


@dataclass(frozen=True)
class Strips:
    """All P parts in px of their canvas: axes (P, 2) in the picture, and tables (P, N + 2) of samples along each.

    A table's sample i lies `(i - 0.5) / rate - cap` px along the axis; its first and last entry are zero, so that
    whatever lies beyond the ends has no width.
    """

    origin: Floats
    axis: Floats
    across: Floats
    cap: Floats
    rate: Floats
    half_width: Floats
    slope: Floats
    thickness: Floats
    depth: Floats
    offset: Floats
    turn_rad: Floats
    textures: tuple[Texels, ...]

    def bounds(self) -> Floats:
        """Return boxes (P, 4) that surely hold the parts: x1, y1, x2, y2 in px."""
        tail = (self.half_width.shape[1] - 2) / self.rate - self.cap
        first = self.origin - self.cap[:, None] * self.axis
        last = self.origin + tail[:, None] * self.axis
        reach = self.half_width.max(axis=1) + np.abs(self.offset).max(axis=1) + 1
        pad = reach[:, None] * np.abs(self.across) + 1
        return np.concatenate([np.minimum(first, last) - pad, np.maximum(first, last) + pad], axis=1)

    def moved(self, by: Floats) -> Strips:
        """Return the same parts shifted by (2,) or (P, 2) px."""
        return replace(self, origin=self.origin + by)


def _rotation(azimuth_deg: float, elevation_deg: float) -> Doubles:
    """Return the matrix (3, 3) from the body frame to image right, image up, toward the camera."""
    turn, tilt = np.radians(azimuth_deg), np.radians(elevation_deg)
    yaw = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
    pitch = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    return np.asarray(pitch @ yaw)


def project(figures: Sequence[Sequence[Part]], views: Sequence[tuple[float, float]], scale: float) -> Strips:
    """Project figures around (0, 0); orthographic, because a person is shallow against the distance.

    Args:
        figures: The parts of each figure.
        views: Azimuth and elevation (degrees) from which each figure is seen.
        scale: Canvas px per metre.
    """
    rotations = [_rotation(*view) * scale for view in views]
    starts = [np.array([part.start for part in parts]) @ turn.T for parts, turn in zip(figures, rotations, strict=True)]
    ends = [np.array([part.end for part in parts]) @ turn.T for parts, turn in zip(figures, rotations, strict=True)]
    azimuth = np.repeat([np.radians(view[0]) for view in views], [len(parts) for parts in figures])
    return _tabulate(
        [part for parts in figures for part in parts], (np.concatenate(starts), np.concatenate(ends)), azimuth, scale
    )


def _tabulate(parts: Sequence[Part], ends: tuple[Doubles, Doubles], azimuth_rad: Doubles, scale: float) -> Strips:
    """Sample the section of every part along its axis, as it is seen from the camera."""
    start, end = ends
    axis = np.stack([end[:, 0] - start[:, 0], start[:, 1] - end[:, 1]], axis=1)
    length = np.maximum(np.hypot(axis[:, 0], axis[:, 1]), 1e-4)
    axis = axis / length[:, None]
    across = np.stack([-axis[:, 1], axis[:, 0]], axis=1)
    across[across[:, 0] < 0] *= -1
    turn = azimuth_rad + np.array([part.heading_rad for part in parts])
    sine, cosine = np.sin(turn)[:, None], np.cos(turn)[:, None]
    wide = scale * np.array([part.half_width for part in parts])
    deep = scale * np.array([part.half_depth for part in parts])
    shift = scale * np.array([part.shift for part in parts])
    caps = scale * np.array([(part.round_start, part.round_end) for part in parts])
    total = length + caps.sum(axis=1)
    samples = 64 if scale < _FINE_PX_PER_M else 128
    along = (np.arange(samples) + 0.5) / samples * total[:, None] - caps[:, :1]
    station = np.clip(along / length[:, None], 0, 1)
    past = np.maximum(-along / np.maximum(caps[:, :1], 1e-6), (along - length[:, None]) / np.maximum(caps[:, 1:], 1e-6))
    shrink = np.sqrt(np.clip(1 - np.maximum(past, 0) ** 2, 0, 1))
    place = station * (wide.shape[1] - 1.001)
    low = place.astype(np.int64)
    share = place - low
    low += np.arange(len(parts))[:, None] * wide.shape[1]

    def sampled(table: Doubles) -> Doubles:
        lower = table.ravel().take(low)
        return np.asarray(lower + share * (table.ravel().take(low + 1) - lower))

    def framed(table: Doubles) -> Floats:
        out = np.zeros((table.shape[0], samples + 2), np.float32)
        out[:, 1:-1] = table
        return out

    width = sampled(np.hypot(wide * cosine, deep * sine)) * shrink
    shifted = sampled(shift)
    # A cap closes a joint: were it shaded as the ball that it is, every knee would show a seam.
    slope = np.clip(np.gradient(width, axis=1) / (total / samples)[:, None], -1.5, 1.5)
    slope = np.where(past > 0, 0.25 * slope, slope)
    return Strips(
        origin=np.stack([start[:, 0], -start[:, 1]], axis=1).astype(np.float32),
        axis=axis.astype(np.float32),
        across=across.astype(np.float32),
        cap=caps[:, 0].astype(np.float32),
        rate=(samples / total).astype(np.float32),
        half_width=framed(width),
        slope=framed(slope),
        thickness=framed(sampled(np.hypot(wide * sine, deep * cosine)) * shrink),
        depth=framed(start[:, 2:] + station * (end - start)[:, 2:] + shifted * cosine),
        offset=framed(shifted * sine),
        turn_rad=turn.astype(np.float32),
        textures=tuple(part.texture.view(np.uint32)[..., 0] for part in parts),
    )


@dataclass(frozen=True)
class Canvas:
    """The buffers of the figures, one after another in flat arrays: depth toward the camera (px), BGRA texel, the
    normal's right and up component. Figure k has `sizes[k]` = (height, width) px from place `starts[k]` on.
    """

    sizes: Places
    starts: Places
    depth: Floats
    texel: Texels
    right: Floats
    up: Floats

    @classmethod
    def blank(cls, sizes: Sequence[tuple[int, int]]) -> Canvas:
        """Return empty buffers for figures of these heights and widths."""
        shapes = np.array(sizes, np.int64).reshape(-1, 2)
        ends = shapes.prod(axis=1).cumsum()
        total = int(ends[-1])
        return cls(
            shapes,
            ends - shapes.prod(axis=1),
            np.full(total, BEHIND, np.float32),
            np.zeros(total, np.uint32),
            np.zeros(total, np.float32),
            np.zeros(total, np.float32),
        )


def _atlas(textures: Sequence[Texels]) -> tuple[Texels, Places, Places, Places]:
    """Lay all different textures in one row; return it with each part's start, rows and columns."""
    starts: dict[int, int] = {}
    flat, size = [], 0
    for texture in textures:
        # Parts hold their textures, so one identity number is one array for as long as this runs.
        key = texture.__array_interface__["data"][0]
        if key not in starts:
            starts[key] = size
            flat.append(texture.ravel())
            size += texture.size
    places = np.array([starts[texture.__array_interface__["data"][0]] for texture in textures])
    shapes = np.array([texture.shape for texture in textures])
    return np.concatenate(flat), places, shapes[:, 0], shapes[:, 1]


def _spans(strips: Strips, part: Places, y: Floats) -> tuple[Floats, Floats]:
    """Return where along each line (of a part, at y px) the part surely ends: first and last x, px."""
    tail = (strips.half_width.shape[1] - 2) / strips.rate - strips.cap
    reach = strips.half_width.max(axis=1) + np.abs(strips.offset).max(axis=1)
    dy = y + (np.float32(0.5) - strips.origin[:, 1])[part]
    first, last = np.full(part.size, -np.inf, np.float32), np.full(part.size, np.inf, np.float32)
    for direction, low, high in ((strips.across, -reach, reach), (strips.axis, -strips.cap, tail)):
        slope = direction[:, 0][part]
        steady = np.where(np.abs(slope) < 0.02, np.float32(np.nan), slope)
        shift = dy * direction[:, 1][part]
        ends = (low[part] - shift) / steady, (high[part] - shift) / steady
        # A line along the part has no ends (nan), and fmax and fmin pass it over.
        first = np.fmax(first, np.fmin(*ends))
        last = np.fmin(last, np.fmax(*ends))
    centre = strips.origin[:, 0][part] - np.float32(0.5)
    return np.clip(first + centre - 1, -1e6, 1e6), np.clip(last + centre + 1, -1e6, 1e6)


def _pixels(canvas: Canvas, strips: Strips, figure: Places) -> tuple[Places, Floats, Places, Places, Floats]:
    """Return the lines of all parts (part, y px) and their pixels (line, place on the canvas, x px)."""
    size = canvas.sizes[figure]
    whole = strips.bounds().astype(np.int64)
    top = np.maximum(whole[:, 1], 0)
    tall = np.maximum(np.minimum(whole[:, 3] + 1, size[:, 0]) - top, 0)
    part = np.repeat(np.arange(len(whole)), tall)
    row = np.arange(part.size) - np.repeat(tall.cumsum() - tall - top, tall)
    y = row.astype(np.float32)
    first, last = _spans(strips, part, y)
    left = np.maximum(np.maximum(whole[:, 0], 0)[part], np.floor(first).astype(np.int64))
    right = np.minimum(np.minimum(whole[:, 2] + 1, size[:, 1])[part], np.ceil(last).astype(np.int64) + 1)
    length = np.maximum(right - left, 0)
    line = np.repeat(np.arange(part.size), length)
    x = np.arange(line.size) - np.repeat(length.cumsum() - length - left, length)
    start = canvas.starts[figure][part] + row * size[part, 1]
    return part, y, line, start[line] + x, x.astype(np.float32)


def paint(canvas: Canvas, strips: Strips, figure: Places) -> None:
    """Paint every part where it is the nearest of its figure, in place; of equal depths the first part stays.

    Args:
        canvas: The buffers.
        strips: P parts in px of the canvas of their figure.
        figure: The figure (P,) that each part belongs to.
    """
    part, y, line, target, x = _pixels(canvas, strips, figure)
    half = np.float32(0.5)
    row = part[line]
    dx = x + (half - strips.origin[:, 0])[row]
    dy = y + (half - strips.origin[:, 1])[part]
    along = dx * strips.axis[:, 0][row] + (dy * strips.axis[part, 1])[line]
    samples = strips.half_width.shape[1]
    sample = ((along + strips.cap[row]) * strips.rate[row] + 1).astype(np.int32)
    np.clip(sample, 0, samples - 1, out=sample)
    index = sample + row * samples
    lateral = dx * strips.across[:, 0][row] + (dy * strips.across[part, 1])[line] - strips.offset.ravel().take(index)
    inside = np.flatnonzero(np.abs(lateral) < strips.half_width.ravel().take(index))
    index, row, target, sample = index.take(inside), row.take(inside), target.take(inside), sample.take(inside)
    ratio = lateral.take(inside) / strips.half_width.ravel().take(index)
    facing = np.sqrt(1 - ratio * ratio)
    depth = strips.depth.ravel().take(index) + strips.thickness.ravel().take(index) * facing
    texel = _texels(strips, row, ratio, sample, samples - 2)
    depth[texel < _OPAQUE] = BEHIND
    np.maximum.at(canvas.depth, target, depth)
    keep = np.flatnonzero((depth == canvas.depth.take(target)) & (texel >= _OPAQUE))[::-1]
    target, ratio, facing, index, row = (values.take(keep) for values in (target, ratio, facing, index, row))
    slope = strips.slope.ravel().take(index)
    steep = 1 / np.sqrt(1 + slope * slope)
    tilt = -slope * facing
    canvas.texel[target] = texel.take(keep)
    canvas.right[target] = (ratio * strips.across[:, 0][row] + tilt * strips.axis[:, 0][row]) * steep
    canvas.up[target] = -(ratio * strips.across[:, 1][row] + tilt * strips.axis[:, 1][row]) * steep


def _texels(strips: Strips, row: Places, ratio: Floats, sample: npt.NDArray[np.int32], samples: int) -> Texels:
    """Return the texel of each pixel: `ratio` says how far around, `sample` how far along its part `row` it lies."""
    atlas, start, rows, cols = _atlas(strips.textures)
    per_rad = cols / (2 * np.pi)
    front = (cols / 2 - strips.turn_rad.astype(np.float64) * cols / (2 * np.pi)) % cols
    around = np.arcsin(ratio) * per_rad.astype(np.float32)[row]
    wide = cols.astype(np.int32)[row]
    column = (around + front.astype(np.float32)[row]).astype(np.int32) % wide
    texture_row = (sample - 1) * rows.astype(np.int32)[row] // samples
    return np.asarray(atlas.take(start[row] + texture_row * wide + column))
