"""Draw a person: project the parts, resolve depth per pixel, shade, and shrink to a soft-edged sprite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from synthetic.appearance import Identity
from synthetic.body import Part, body_parts
from synthetic.skeleton import Pose

Floats = npt.NDArray[np.float32]
Texels = npt.NDArray[np.uint32]
Places = npt.NDArray[np.intp]
_BEHIND = -1e6
_OPAQUE = 1 << 24  # a BGRA texel read as one little-endian number: any alpha at all
_FINE_PX_PER_M = 160.0
"""Below this size 64 samples along a part are enough, above it 128 are taken."""


@dataclass(frozen=True)
class View:
    """Where the camera stands: `azimuth_deg` 0 sees the front, 90 a person who walks to the image's right, 180 the
    back, 270 one who walks to the left; `elevation_deg` is how far it looks down.
    """

    azimuth_deg: float = 0.0
    elevation_deg: float = 6.0


@dataclass(frozen=True)
class Light:
    """Sun and sky: `azimuth_deg` 0 comes from behind the camera, 90 from the image's right; strengths are linear."""

    azimuth_deg: float = -50.0
    elevation_deg: float = 50.0
    sun: float = 0.86
    sky: float = 0.48
    tint: tuple[float, float, float] = (0.96, 1.0, 1.04)

    def direction(self) -> tuple[float, float, float]:
        """Return the unit vector toward the sun: image right, up, toward the camera."""
        azimuth, elevation = np.radians(self.azimuth_deg), np.radians(self.elevation_deg)
        level = np.cos(elevation)
        return float(level * np.sin(azimuth)), float(np.sin(elevation)), float(level * np.cos(azimuth))


@dataclass(frozen=True)
class Sprite:
    """A picture with soft edges that belongs at `left`, `top` of a frame (px, may be negative).

    `bgr` (H, W, 3) float32 in 0..255 is premultiplied by `alpha` (H, W) float32 in 0..1.
    """

    left: int
    top: int
    bgr: Floats
    alpha: Floats

    def xyxy(self, threshold: float = 0.35) -> tuple[float, float, float, float] | None:
        """Return the extents of the silhouette in frame px, `None` where nothing reaches the threshold."""
        solid = self.alpha >= threshold
        rows, cols = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
        if rows.size == 0:
            return None
        x, y = self.left, self.top
        return float(x + cols[0]), float(y + rows[0]), float(x + cols[-1] + 1), float(y + rows[-1] + 1)


@dataclass(frozen=True)
class _Strips:
    """All P parts in px of the canvas: axes (P, 2) in the picture, and tables (P, N + 2) of samples along each.

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


def _rotation(view: View) -> npt.NDArray[np.float64]:
    """Return the matrix (3, 3) from the body frame to image right, image up, toward the camera."""
    turn, tilt = np.radians(view.azimuth_deg), np.radians(view.elevation_deg)
    yaw = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
    pitch = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    return np.asarray(pitch @ yaw)


def _project(parts: Sequence[Part], view: View, scale: float) -> _Strips:
    """Project the parts around (0, 0); orthographic, because a person is shallow against the distance."""
    rotation = _rotation(view) * scale
    start = np.array([part.start for part in parts]) @ rotation.T
    end = np.array([part.end for part in parts]) @ rotation.T
    axis = np.stack([end[:, 0] - start[:, 0], start[:, 1] - end[:, 1]], axis=1)
    length = np.maximum(np.hypot(axis[:, 0], axis[:, 1]), 1e-4)
    axis = axis / length[:, None]
    across = np.stack([-axis[:, 1], axis[:, 0]], axis=1)
    across[across[:, 0] < 0] *= -1
    turn = np.radians(view.azimuth_deg) + np.array([part.heading_rad for part in parts])
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

    def sampled(table: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        lower, upper = np.take_along_axis(table, low, 1), np.take_along_axis(table, low + 1, 1)
        return np.asarray(lower + share * (upper - lower))

    def framed(table: npt.NDArray[np.float64]) -> Floats:
        return np.pad(table, ((0, 0), (1, 1))).astype(np.float32)

    width = sampled(np.hypot(wide * cosine, deep * sine)) * shrink
    shifted = sampled(shift)
    # A cap closes a joint: were it shaded as the ball that it is, every knee would show a seam.
    slope = np.clip(np.gradient(width, axis=1) / (total / samples)[:, None], -1.5, 1.5)
    slope = np.where(past > 0, 0.25 * slope, slope)
    return _Strips(
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


@dataclass
class _Canvas:
    """The buffers of one drawing: depth toward the camera (px), BGRA texel, the normal's right and up component, and
    each pixel's place in the flattened buffers.
    """

    depth: Floats
    texel: Texels
    right: Floats
    up: Floats
    place: npt.NDArray[np.int32]

    @classmethod
    def blank(cls, height: int, width: int) -> _Canvas:
        shape = (height, width)
        return cls(
            np.full(shape, _BEHIND, np.float32),
            np.zeros(shape, np.uint32),
            np.zeros(shape, np.float32),
            np.zeros(shape, np.float32),
            np.arange(height * width, dtype=np.int32).reshape(shape),
        )


def _paint(canvas: _Canvas, strips: _Strips, row: int, box: Floats) -> None:
    """Draw one part where it is nearer than what is there; `box` holds it."""
    height, width = canvas.depth.shape
    x1, y1 = max(int(box[0]), 0), max(int(box[1]), 0)
    x2, y2 = min(int(box[2]) + 1, width), min(int(box[3]) + 1, height)
    if x1 >= x2 or y1 >= y2:
        return
    axis, across, half_width = strips.axis[row], strips.across[row], strips.half_width[row]
    dx = np.arange(x1, x2, dtype=np.float32) + (np.float32(0.5) - strips.origin[row, 0])
    dy = (np.arange(y1, y2, dtype=np.float32) + (np.float32(0.5) - strips.origin[row, 1]))[:, None]
    along = dx * axis[0] + dy * axis[1]
    index = ((along + strips.cap[row]) * strips.rate[row] + 1).astype(np.int32)
    np.clip(index, 0, half_width.size - 1, out=index)
    lateral = dx * across[0] + dy * across[1] - strips.offset[row].take(index)
    inside = np.flatnonzero(np.abs(lateral) < half_width.take(index))
    if inside.size == 0:
        return
    index = index.ravel().take(inside)
    ratio = lateral.ravel().take(inside) / half_width.take(index)
    facing = np.sqrt(1 - ratio * ratio)
    depth = strips.depth[row].take(index) + strips.thickness[row].take(index) * facing
    target = canvas.place[y1:y2, x1:x2].ravel().take(inside)
    texture = strips.textures[row]
    texture_rows, texture_cols = texture.shape
    around = np.arcsin(ratio) * np.float32(texture_cols / (2 * np.pi))
    start = texture_cols / 2 - float(strips.turn_rad[row]) * texture_cols / (2 * np.pi)
    column = (around + np.float32(start % texture_cols)).astype(np.int32) % texture_cols
    texture_row = (index - 1) * texture_rows // (half_width.size - 2)
    texel = texture.ravel().take(texture_row * texture_cols + column)
    keep = np.flatnonzero((depth > canvas.depth.ravel().take(target)) & (texel >= _OPAQUE))
    target, ratio, facing = target.take(keep), ratio.take(keep), facing.take(keep)
    slope = strips.slope[row].take(index.take(keep))
    steep = 1 / np.sqrt(1 + slope * slope)
    tilt = -slope * facing
    canvas.depth.ravel()[target] = depth.take(keep)
    canvas.texel.ravel()[target] = texel.take(keep)
    canvas.right.ravel()[target] = (ratio * across[0] + tilt * axis[0]) * steep
    canvas.up.ravel()[target] = -(ratio * across[1] + tilt * axis[1]) * steep


def _occlusion(canvas: _Canvas, cover: Floats, solid: Places, pixels_per_m: float) -> Floats:
    """Return how much of the sky each solid pixel's surroundings hide: creases between parts lie deeper than those."""
    depth = np.where(cover > 0, canvas.depth, np.float32(0))
    own = depth.ravel().take(solid)
    hidden = np.zeros_like(own)
    for radius_m in (0.03, 0.09):
        size = max(3, int(2 * radius_m * pixels_per_m) | 1)
        near = cv2.blur(cover, (size, size)).ravel().take(solid) + np.float32(1e-3)
        around = cv2.blur(depth, (size, size)).ravel().take(solid) / near
        hidden += np.clip((around - own) * np.float32(1 / (radius_m * 1.6 * pixels_per_m)), 0, 0.5) * near
    return hidden


def _shade(canvas: _Canvas, light: Light, pixels_per_m: float) -> tuple[Floats, Floats]:
    """Return colour (H, W, 3), premultiplied, and coverage (H, W), both float32."""
    height, width = canvas.depth.shape
    cover = (canvas.depth > _BEHIND / 2).astype(np.float32)
    solid = np.flatnonzero(cover)
    right, up = canvas.right.ravel().take(solid), canvas.up.ravel().take(solid)
    toward = np.sqrt(np.clip(1 - right * right - up * up, 0, 1))
    sun = light.direction()
    diffuse = np.clip((right * sun[0] + up * sun[1] + toward * sun[2] + 0.12) / 1.12, 0, None)
    hidden = _occlusion(canvas, cover, solid, pixels_per_m)
    strength = light.sun * diffuse * (1 - 0.5 * hidden) + light.sky * (0.75 + 0.3 * up) * (1 - 0.8 * hidden)
    # Textures are display values: (c^2.2 * s)^(1/2.2) = c * s^(1/2.2).
    factor = np.power(np.clip(strength, 0.02, 1.6), np.float32(1 / 2.2))
    texel = canvas.texel.ravel().take(solid).view(np.uint8).reshape(-1, 4)
    shaded = np.zeros((height * width, 3), np.float32)
    shaded[solid] = np.minimum(texel[:, :3] * (factor[:, None] * np.array(light.tint, np.float32)), 255)
    return shaded.reshape(height, width, 3), cover


def draw_figure(
    identity: Identity,
    pose: Pose,
    view: View,
    light: Light,
    *,
    height_px: float,
    foot: tuple[float, float] = (0.0, 0.0),
    supersample: int = 3,
) -> Sprite:
    """Return a person of this size standing at `foot`.

    Args:
        identity: Who.
        pose: Doing what.
        view: Seen from where.
        light: Under which light.
        height_px: Height in px of a standing person of this identity's height, seen from the side of the ground.
        foot: Frame position (px) of the ground point below the pelvis; its fraction counts.
        supersample: Canvas px per frame px along each axis, for soft edges.
    """
    scale = height_px / identity.height_m * supersample
    strips = _project(body_parts(identity, pose), view, scale)
    boxes = strips.bounds()
    left, top = np.floor(np.array(foot) + boxes[:, :2].min(axis=0) / supersample).astype(int) - 1
    right, bottom = np.ceil(np.array(foot) + boxes[:, 2:].max(axis=0) / supersample).astype(int) + 1
    width, height = int(right - left), int(bottom - top)
    canvas = _Canvas.blank(height * supersample, width * supersample)
    moved = np.array([(foot[0] - left) * supersample, (foot[1] - top) * supersample], np.float32)
    strips = replace(strips, origin=strips.origin + moved)
    for row, box in enumerate(strips.bounds()):
        _paint(canvas, strips, row, box)
    colour, cover = _shade(canvas, light, scale)
    if supersample > 1:
        colour = np.asarray(cv2.resize(colour, (width, height), interpolation=cv2.INTER_AREA), np.float32)
        cover = np.asarray(cv2.resize(cover, (width, height), interpolation=cv2.INTER_AREA), np.float32)
    return Sprite(int(left), int(top), colour, cover)
