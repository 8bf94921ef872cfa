"""Crops of people, as a detector would cut them out of surveillance video: the material for re-identification."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from synthetic.appearance import Identity
from synthetic.figure import Light, Sprite, View, draw_figures
from synthetic.obstacles import add_obstacle
from synthetic.sites import Site, panorama_of, photograph
from synthetic.skeleton import Pose
from synthetic.wardrobe import sample_pedestrian

__all__ = ["DRAWN_PX", "Shot", "render_crops", "sample_pose"]

Floats = npt.NDArray[np.float32]
Image = npt.NDArray[np.uint8]
Box = tuple[int, int, int, int]

DRAWN_PX = 126.0
"""Height at which people are drawn before the camera shrinks them, px: larger crops are as soft as real ones."""
_ARMS = ("swing", "swing", "swing", "swing", "pocket", "phone", "carry", "strap")
_PASSERS_BY = 40
_BYSTANDER_TOWN = 0x7FFF0000
"""The seed of the people who only stand around: never one of the identities."""


@dataclass(frozen=True)
class Shot:
    """One moment: what the person does, seen by which camera from which side, and the seed of all else."""

    site: Site
    pose: Pose
    view: View
    seed: tuple[int, ...]


def sample_pose(rng: np.random.Generator) -> Pose:
    """Return a random moment of walking, or in one of six cases of standing."""
    arms = (str(rng.choice(_ARMS)), str(rng.choice(_ARMS)))
    stride = 0.0 if rng.random() < 1 / 6 else float(rng.uniform(0.6, 1.2))
    return Pose(float(rng.random()), stride, arms, float(np.clip(rng.normal(0, 18), -50, 50)))


def detector_box(silhouette: tuple[float, float, float, float], rng: np.random.Generator) -> Box:
    """Return the box that a detector might give for a silhouette: near it, often padded, sometimes badly off.

    One box in four is widened to half its height, as of detectors with a fixed aspect; one in eight misses the feet,
    the head or a side.
    """
    x1, y1, x2, y2 = silhouette
    wide, tall = x2 - x1, y2 - y1
    x1, y1, x2, y2 = np.array(silhouette) + rng.normal(0, 0.03, 4) * (wide, tall, wide, tall)
    y1, y2 = y1 - 0.015 * tall, y2 + 0.01 * tall
    if rng.random() < 0.25 and x2 - x1 < 0.5 * tall:
        grow = (0.5 * tall - (x2 - x1)) / 2
        x1, x2 = x1 - grow, x2 + grow
    if rng.random() < 0.13:
        cut = float(rng.uniform(0.08, 0.35))
        side = int(rng.choice(4, p=[0.2, 0.5, 0.15, 0.15]))
        y1, y2 = (y1 + 0.6 * cut * tall if side == 0 else y1), (y2 - cut * tall if side == 1 else y2)
        x1, x2 = (x1 + cut * wide if side == 2 else x1), (x2 - cut * wide if side == 3 else x2)
    left, top = int(np.floor(x1)), int(np.floor(y1))
    return left, top, max(int(np.ceil(x2)), left + 16), max(int(np.ceil(y2)), top + 32)


def _pasted(patch: Floats, sprite: Sprite, place: tuple[float, float], scale: float) -> Floats:
    """Return the patch with a sprite in front; its origin comes to `place` (px of the patch)."""
    size = (patch.shape[1], patch.shape[0])
    x, y = place[0] + scale * sprite.left, place[1] + scale * sprite.top
    matrix = np.array([[scale, 0, x], [0, scale, y]])
    colour = cv2.warpAffine(sprite.bgr, matrix, size, flags=cv2.INTER_LINEAR)
    cover = cv2.warpAffine(sprite.alpha, matrix, size, flags=cv2.INTER_LINEAR)
    return np.asarray(patch * (1 - cover)[..., None] + colour, np.float32)


def _behind(site: Site, box: Box, rng: np.random.Generator) -> Floats:
    """Return what the camera sees behind a person at the origin, within the box."""
    panorama, horizon = panorama_of(site)
    rows, cols = panorama.shape[:2]
    zoom = float(np.exp(rng.uniform(np.log(0.65), np.log(1.4))))
    foot = (float(rng.uniform(60, cols - 60)), float(rng.uniform(horizon + 0.1 * (rows - horizon), rows)))
    matrix = np.array([[zoom, 0, foot[0] + zoom * box[0]], [0, zoom, foot[1] + zoom * box[1]]])
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (box[2] - box[0], box[3] - box[1])
    return np.asarray(cv2.warpAffine(panorama, matrix, size, flags=how, borderMode=cv2.BORDER_REFLECT_101), np.float32)


def _shadow(patch: Floats, sprite: Sprite, box: Box, site: Site) -> None:
    """Darken the ground in place: a soft spot below the feet, and the silhouette laid down away from the sun."""
    light, height, width = site.light, patch.shape[0], patch.shape[1]
    share = light.sun / (light.sun + light.sky)
    tilt = float(np.sin(np.radians(max(sum(site.elevation_deg) / 2, 8.0))))
    right, up, toward = light.direction()
    # A point h above the ground falls h * level / up away from the sun; depth is foreshortened by the tilt.
    along, deep = -right / max(up, 0.35), tilt * toward / max(up, 0.35)
    matrix = np.array(
        [
            [1, -along, sprite.left - box[0] - along * sprite.top],
            [0, deep, -box[1] + deep * sprite.top],
        ]
    )
    if abs(deep) < 0.05:
        matrix[1, 1], matrix[1, 2] = 0.05, -box[1] + 0.05 * sprite.top
    laid = cv2.warpAffine(sprite.alpha, matrix, (width, height), flags=cv2.INTER_LINEAR)
    laid = laid * (0.75 * share)
    spot = np.zeros((height, width), np.float32)
    axes = (int(0.14 * DRAWN_PX), max(2, int(0.14 * DRAWN_PX * tilt)))
    cv2.ellipse(spot, (-box[0], -box[1]), axes, 0, 0, 360, 0.55, -1, cv2.LINE_AA)
    deepest = cv2.blur(np.maximum(laid, spot), (7, 7))
    patch *= (1 - deepest)[..., None]


def _softened(sprite: Sprite) -> Sprite:
    """Return the sprite with the steps of its outline smoothed: much cheaper than drawing finer and shrinking."""
    colour, cover = (cv2.GaussianBlur(layer, (3, 3), 0.55) for layer in (sprite.bgr, sprite.alpha))
    return Sprite(sprite.left, sprite.top, np.asarray(colour, np.float32), np.asarray(cover, np.float32))


@lru_cache(maxsize=_PASSERS_BY)
def passers_by(number: int) -> tuple[Sprite, ...]:
    """Return six pictures of a person who is nobody: the crowd beside, behind and before the identities."""
    rng = np.random.default_rng([number, 0xB1])
    moments = [
        (sample_pose(rng), View(float(rng.uniform(0, 360)), float(rng.uniform(5, 35))), Light(sun=0.4, sky=0.75))
        for _ in range(6)
    ]
    nobody = sample_pedestrian(_BYSTANDER_TOWN, number)
    sprites = draw_figures(nobody, moments, height_px=DRAWN_PX, supersample=1)
    return tuple(_softened(sprite) for sprite in sprites)


def _anybody(rng: np.random.Generator) -> Sprite:
    return passers_by(int(rng.integers(_PASSERS_BY)))[int(rng.integers(6))]


def _with_crowd(patch: Floats, foot: tuple[float, float], rng: np.random.Generator) -> Floats:
    """Return the patch with up to three people behind the place of the person."""
    for _ in range(int(rng.choice(4, p=[0.66, 0.22, 0.08, 0.04]))):
        side = float(rng.choice([-1.0, 1.0]) * rng.uniform(0.12, 0.4)) * DRAWN_PX
        scale = float(rng.uniform(0.55, 1.0))
        patch = _pasted(patch, _anybody(rng), (foot[0] + side, foot[1] - 0.6 * (1 - scale) * DRAWN_PX), scale)
    return patch


def _with_occluder(patch: Floats, foot: tuple[float, float], rng: np.random.Generator) -> Floats:
    """Return the patch with, in three cases of ten, a person or a thing before the person."""
    chance = rng.random()
    if chance < 0.14:
        side = float(rng.choice([-1.0, 1.0]) * rng.uniform(0.1, 0.3)) * DRAWN_PX
        patch = _pasted(
            patch, _anybody(rng), (foot[0] + side, foot[1] + float(rng.uniform(0.03, 0.27)) * DRAWN_PX), 1.1
        )
    elif chance < 0.3:
        add_obstacle(patch, rng)
    return patch


def _crop(sprite: Sprite, shot: Shot, size: tuple[int, int]) -> Image:
    rng = np.random.default_rng([*shot.seed, 0xC0])
    silhouette = sprite.xyxy()
    if silhouette is None:
        raise ValueError("nobody to be seen in this shot")
    box = detector_box(silhouette, rng)
    foot = (float(-box[0]), float(-box[1]))
    patch = _behind(shot.site, box, rng)
    _shadow(patch, sprite, box, shot.site)
    patch = _with_crowd(patch, foot, rng)
    patch = _pasted(patch, sprite, foot, 1.0)
    patch = _with_occluder(patch, foot, rng)
    return photograph(patch, shot.site, rng, size)


def render_crops(identity: Identity, shots: Sequence[Shot], size: tuple[int, int] = (128, 64)) -> list[Image]:
    """Return one crop (H, W, 3) BGR uint8 of this person for each shot.

    Args:
        identity: Who.
        shots: When, where and how.
        size: Height and width of the crops, px.
    """
    moments = [(shot.pose, shot.view, shot.site.light) for shot in shots]
    sprites = [_softened(sprite) for sprite in draw_figures(identity, moments, height_px=DRAWN_PX, supersample=1)]
    return [_crop(sprite, shot, size) for sprite, shot in zip(sprites, shots, strict=True)]
