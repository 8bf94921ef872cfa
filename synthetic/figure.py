"""Draw a person: project the parts, resolve depth per pixel, shade, and shrink to a soft-edged sprite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from synthetic.appearance import Identity
from synthetic.body import body_parts
from synthetic.raster import BEHIND, Canvas, paint, project
from synthetic.skeleton import Pose

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]


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


def _occlusion(depth: Floats, cover: Floats, solid: Places, pixels_per_m: float) -> Floats:
    """Return how much of the sky each solid pixel's surroundings hide: creases between parts lie deeper than those."""
    depth = np.where(cover > 0, depth, np.float32(0))
    own = depth.ravel().take(solid)
    hidden = np.zeros_like(own)
    for radius_m in (0.03, 0.09):
        size = max(3, int(2 * radius_m * pixels_per_m) | 1)
        near = cv2.blur(cover, (size, size)).ravel().take(solid) + np.float32(1e-3)
        around = cv2.blur(depth, (size, size)).ravel().take(solid) / near
        hidden += np.clip((around - own) * np.float32(1 / (radius_m * 1.6 * pixels_per_m)), 0, 0.5) * near
    return hidden


def _shade(canvas: Canvas, figure: int, light: Light, pixels_per_m: float) -> tuple[Floats, Floats]:
    """Return the figure's colour (H, W, 3), premultiplied, and coverage (H, W), both float32."""
    height, width = (int(size) for size in canvas.sizes[figure])
    own = slice(int(canvas.starts[figure]), int(canvas.starts[figure]) + height * width)
    depth = canvas.depth[own].reshape(height, width)
    cover = (depth > BEHIND / 2).astype(np.float32)
    solid = np.flatnonzero(cover)
    right, up = canvas.right[own].take(solid), canvas.up[own].take(solid)
    toward = np.sqrt(np.clip(1 - right * right - up * up, 0, 1))
    sun = light.direction()
    diffuse = np.clip((right * sun[0] + up * sun[1] + toward * sun[2] + 0.12) / 1.12, 0, None)
    hidden = _occlusion(depth, cover, solid, pixels_per_m)
    strength = light.sun * diffuse * (1 - 0.5 * hidden) + light.sky * (0.75 + 0.3 * up) * (1 - 0.8 * hidden)
    # Textures are display values: (c^2.2 * s)^(1/2.2) = c * s^(1/2.2).
    factor = np.power(np.clip(strength, 0.02, 1.6), np.float32(1 / 2.2))
    texel = canvas.texel[own].take(solid).view(np.uint8).reshape(-1, 4)
    shaded = np.zeros((height * width, 3), np.float32)
    shaded[solid] = np.minimum(texel[:, :3] * (factor[:, None] * np.array(light.tint, np.float32)), 255)
    return shaded.reshape(height, width, 3), cover


def draw_figures(
    identity: Identity,
    moments: Sequence[tuple[Pose, View, Light]],
    *,
    height_px: float,
    foot: tuple[float, float] = (0.0, 0.0),
    supersample: int = 3,
) -> list[Sprite]:
    """Return a person in each of several poses, views and lights; much faster together than one by one.

    Args:
        identity: Who.
        moments: Doing what, seen from where, under which light.
        height_px: Height in px of a standing person of this identity's height, seen from the side of the ground.
        foot: Frame position (px) of the ground point below the pelvis; its fraction counts.
        supersample: Canvas px per frame px along each axis, for soft edges.
    """
    scale = height_px / identity.height_m * supersample
    figures = [body_parts(identity, pose) for pose, _, _ in moments]
    strips = project(figures, [(view.azimuth_deg, view.elevation_deg) for _, view, _ in moments], scale)
    figure = np.repeat(np.arange(len(figures)), [len(parts) for parts in figures])
    first = np.flatnonzero(np.diff(figure, prepend=-1))
    boxes = strips.bounds()
    corner = np.floor(np.array(foot) + np.minimum.reduceat(boxes[:, :2], first) / supersample).astype(int) - 1
    opposite = np.ceil(np.array(foot) + np.maximum.reduceat(boxes[:, 2:], first) / supersample).astype(int) + 1
    canvas = Canvas.blank([(int(high) * supersample, int(wide) * supersample) for wide, high in opposite - corner])
    paint(canvas, strips.moved((((np.array(foot) - corner) * supersample).astype(np.float32))[figure]), figure)
    sprites = []
    for number, (_, _, light) in enumerate(moments):
        colour, cover = _shade(canvas, number, light, scale)
        if supersample > 1:
            size = (int(opposite[number, 0] - corner[number, 0]), int(opposite[number, 1] - corner[number, 1]))
            colour = np.asarray(cv2.resize(colour, size, interpolation=cv2.INTER_AREA), np.float32)
            cover = np.asarray(cv2.resize(cover, size, interpolation=cv2.INTER_AREA), np.float32)
        sprites.append(Sprite(int(corner[number, 0]), int(corner[number, 1]), colour, cover))
    return sprites


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
    """Return a person of this size standing at `foot`, see `draw_figures`."""
    moment = (pose, view, light)
    return draw_figures(identity, [moment], height_px=height_px, foot=foot, supersample=supersample)[0]
