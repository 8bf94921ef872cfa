"""A city plaza without people: sky, facades, paving in perspective, trees and benches."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from synthetic.camera import GroundCamera
from synthetic.fabric import Bgr, smooth_noise
from synthetic.figure import Sprite

Floats = npt.NDArray[np.float32]
Corners = list[tuple[float, float, float]]

_SUPERSAMPLE = 3
_TEXELS_PER_M = 40
WALL_Z = 24.0
"""Distance of the facade that faces the camera, m."""
_WINDOW_ROWS = 56
SIDE_X = -8.6
"""Where the facade on the left stands, m."""


def _sky(camera: GroundCamera, rng: np.random.Generator) -> Floats:
    """Return a hazy sky with faint clouds (H * s, W * s, 3)."""
    height, width = camera.height * _SUPERSAMPLE, camera.width * _SUPERSAMPLE
    fall = np.clip(np.arange(height)[:, None, None] / (camera.horizon_px * _SUPERSAMPLE), 0, 1)
    sky = np.array((232, 205, 172), np.float32) * (1 - fall) + np.array((238, 230, 220), np.float32) * fall
    clouds = smooth_noise(height, width, (70, 260), rng) + 0.5 * smooth_noise(height, width, (30, 110), rng)
    return np.asarray(sky + 9 * np.clip(clouds, 0, 2)[..., None], np.float32)


def _tile_tones(index_x: npt.NDArray[np.int64], index_z: npt.NDArray[np.int64], rng: np.random.Generator) -> Floats:
    """Return one tone per slab, from a table that wraps around every 64 slabs."""
    table = rng.normal(0, 1, (64, 64)).astype(np.float32)
    return np.asarray(table[index_z % 64, index_x % 64], np.float32)


def _paving(camera: GroundCamera, rng: np.random.Generator) -> Floats:
    """Return slabs of 0.8 x 0.4 m in running bond, with darker bands every 4 m and dirt (H * s, W * s, 3)."""
    x, z = camera.ground_maps(_SUPERSAMPLE)
    z = np.minimum(z, 80.0)
    row = np.floor(z / 0.4).astype(np.int64)
    along = x / 0.8 + 0.5 * (row % 2)
    tone = _tile_tones(np.floor(along).astype(np.int64), row, rng)
    # A slab's contrast fades where slabs become smaller than a pixel.
    fade = np.clip(11.0 / z, 0, 1) ** 1.5
    base = np.array((157, 166, 174), np.float32) + (5.0 * tone * fade)[..., None]
    band = (np.abs((x + 0.3) % 4.0 - 2.0) < 0.22) | (np.abs(z % 4.0 - 2.0) < 0.22)
    base = np.where(band[..., None], base * np.array((0.80, 0.79, 0.80), np.float32), base)
    pixel_m = z * z / (camera.focal_px * camera.height_m)
    joint_z = np.clip(0.012 / np.maximum(pixel_m, 0.012), 0, 1) * (np.abs((z / 0.4) % 1 - 0.5) > 0.46)
    joint_x = np.clip(0.012 / np.maximum(z / camera.focal_px, 0.012), 0, 1) * (np.abs(along % 1 - 0.5) > 0.485)
    base *= (1 - 0.30 * np.maximum(joint_x, joint_z) * fade)[..., None]
    dirt = smooth_noise(base.shape[0], base.shape[1], (60, 200), rng)
    grain = rng.standard_normal(base.shape[:2]).astype(np.float32)
    base *= (1 + 0.022 * dirt + 0.022 * grain)[..., None]
    return np.asarray(base * (0.94 + 0.08 * np.clip(z / 20, 0, 1))[..., None], np.float32)


def _window(wall: Floats, left: int, top: int, width: int, height: int, rng: np.random.Generator) -> None:
    """Draw a window with frame, sill, cross bar and a reflected sky, in place."""
    cv2.rectangle(wall, (left - 5, top - 5), (left + width + 5, top + height + 3), (205, 212, 218), -1)
    cv2.rectangle(wall, (left - 9, top + height + 2), (left + width + 9, top + height + 8), (188, 194, 200), -1)
    glass = np.linspace(0.72, 1.0, height, dtype=np.float32)[:, None, None] * np.array((112, 98, 84), np.float32)
    wall[top : top + height, left : left + width] = glass * rng.uniform(0.7, 1.15)
    if rng.random() < 0.4:
        curtain = int(width * rng.uniform(0.15, 0.35))
        wall[top : top + height, left : left + curtain] = (196, 204, 206)
    cv2.line(wall, (left + width // 2, top), (left + width // 2, top + height), (196, 203, 210), 3)
    cv2.line(wall, (left, top + height // 3), (left + width, top + height // 3), (196, 203, 210), 3)


def _shop(wall: Floats, left: int, width: int, rng: np.random.Generator) -> None:
    """Draw a shop front over the ground floor: window, door, sign and a striped awning, in place."""
    height = wall.shape[0]
    top = height - int(2.9 * _TEXELS_PER_M)
    cv2.rectangle(wall, (left, top), (left + width, height), (52, 56, 62), -1)
    glass = np.linspace(1.0, 0.62, height - top - 26, dtype=np.float32)[:, None, None]
    wall[top + 12 : height - 14, left + 10 : left + width - 50] = glass * np.array((128, 122, 104), np.float32)
    for _ in range(7):
        x = int(rng.integers(left + 14, left + width - 70))
        tall = int(rng.integers(10, 40))
        shade = tuple(float(value) for value in rng.integers(60, 190, 3))
        cv2.rectangle(wall, (x, height - 16 - tall), (x + 14, height - 16), shade, -1)
    cv2.rectangle(wall, (left + width - 42, top + 14), (left + width - 8, height - 2), (74, 62, 54), -1)
    cv2.rectangle(wall, (left + width - 36, top + 20), (left + width - 14, height - 40), (132, 124, 110), -1)
    colours: tuple[Bgr, ...] = ((58, 52, 148), (74, 104, 48), (130, 82, 46), (52, 128, 190))
    colour = np.array(colours[int(rng.integers(len(colours)))], np.float32)
    cv2.rectangle(wall, (left, top - 26), (left + width, top), tuple(float(value * 0.6) for value in colour), -1)
    for stripe in range(left - 6, left + width + 6, 16):
        cv2.rectangle(wall, (stripe, top), (stripe + 8, top + 24), tuple(float(value) for value in colour), -1)
        cv2.rectangle(wall, (stripe + 8, top), (stripe + 16, top + 24), (214, 220, 224), -1)
    wall[top + 24 : top + 32, left : left + width] *= 0.6


def _facade(width_m: float, height_m: float, colour: Bgr, rng: np.random.Generator) -> Floats:
    """Return a house front (rows, cols, 3), its foot in the last row."""
    rows, cols = int(height_m * _TEXELS_PER_M), int(width_m * _TEXELS_PER_M)
    wall = np.broadcast_to(np.array(colour, np.float32), (rows, cols, 3)).copy()
    wall *= (1 + 0.025 * smooth_noise(rows, cols, (90, 60), rng) + 0.012 * rng.standard_normal((rows, cols)))[..., None]
    ground = rows - int(3.3 * _TEXELS_PER_M)
    wall[ground:] *= 0.90
    wall[ground - 8 : ground] = np.array((196, 204, 212), np.float32)
    wall[:9] *= 1.12
    wall[9:13] *= 0.72
    pitch = int(2.05 * _TEXELS_PER_M)
    for bottom in range(ground - 24, 0, -int(2.9 * _TEXELS_PER_M)):
        for left in range(int(0.6 * _TEXELS_PER_M), cols - 50, pitch):
            if bottom - _WINDOW_ROWS > 20:
                _window(wall, left, bottom - _WINDOW_ROWS, 42, _WINDOW_ROWS, rng)
    spans = int(5.2 * _TEXELS_PER_M)
    for left in range(int(0.4 * _TEXELS_PER_M), cols - spans + 1, spans):
        _shop(wall, left, spans - int(0.7 * _TEXELS_PER_M), rng)
    wall[-10:] *= 0.72
    return wall


def _hang(picture: Floats, wall: Floats, corners: Corners, camera: GroundCamera, shade: float) -> None:
    """Warp a wall into the picture in place; `corners` are its top left, top right, bottom right and bottom left."""
    rows, cols = wall.shape[:2]
    source = np.array([(0, 0), (cols, 0), (cols, rows), (0, rows)], np.float32)
    target = np.array([camera.project(*corner) for corner in corners], np.float32) * _SUPERSAMPLE
    matrix = cv2.getPerspectiveTransform(source, target)
    size = (picture.shape[1], picture.shape[0])
    warped = cv2.warpPerspective(wall * np.float32(shade), matrix, size, flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.ones((rows, cols), np.float32), matrix, size)
    inside = mask > 0.5
    picture[inside] = warped[inside]


def _tree(picture: Floats, camera: GroundCamera, x: float, z: float, tall: float, rng: np.random.Generator) -> None:
    """Draw a tree in place: shadow, planting pit, trunk, and a crown of leaf clusters lit from the upper left."""
    scale = camera.pixels_per_m(z) * _SUPERSAMPLE
    foot_x, foot_y = (value * _SUPERSAMPLE for value in camera.project(x, 0, z))
    flat = max(1, int(0.42 * scale * camera.height_m / z * 1.2))
    shadow = np.zeros(picture.shape[:2], np.float32)
    centre = (int(foot_x + 1.1 * scale), int(foot_y - 0.2 * flat))
    cv2.ellipse(shadow, centre, (int(1.7 * scale), int(2.2 * flat)), 0, 0, 360, 1.0, -1)
    picture *= (1 - 0.36 * cv2.GaussianBlur(shadow, (0, 0), 0.22 * scale))[..., None]
    cv2.ellipse(picture, (int(foot_x), int(foot_y)), (int(0.55 * scale), flat), 0, 0, 360, (62, 76, 86), -1)
    for step in np.linspace(0, 1, 240):
        y = foot_y - step * 0.62 * tall * scale
        half = (0.13 - 0.06 * step) * scale
        for lane in np.linspace(-1, 1, 7):
            tone = 0.62 + 0.42 * (1 - abs(lane + 0.45) / 1.45)
            spot = (int(foot_x + lane * half + 0.03 * scale * np.sin(4 * step)), int(y))
            cv2.circle(picture, spot, max(1, int(half * 0.32)), tuple(float(v * tone) for v in (58, 74, 92)), -1)
    crown = np.array([foot_x, foot_y - 0.74 * tall * scale])
    leaves = rng.normal(0, 1, (1500, 3))
    leaves /= np.maximum(np.linalg.norm(leaves, axis=1, keepdims=True), 1e-6)
    leaves *= rng.uniform(0.2, 1, (1500, 1)) ** (1 / 3) * 0.5
    # Seven boughs, each a ball of leaves, make a crown with bays instead of one ball.
    boughs = np.array(
        [
            (0, -0.5, 0.1),
            (-0.48, 0.05, 0.2),
            (0.5, 0, 0.1),
            (0, 0.15, 0.5),
            (-0.25, -0.3, -0.2),
            (0.3, -0.3, 0),
            (0.05, 0.4, 0),
        ]
    )
    leaves += (boughs + rng.normal(0, 0.09, boughs.shape))[rng.integers(len(boughs), size=len(leaves))]
    for leaf in leaves[np.argsort(leaves[:, 2])]:
        light = np.clip(0.66 - 0.28 * leaf[1] - 0.18 * leaf[0] + 0.16 * leaf[2] + rng.normal(0, 0.11), 0.25, 1.25)
        spot = crown + leaf[:2] * np.array([0.30, 0.29]) * tall * scale
        axes = (max(1, int(0.12 * scale * rng.uniform(0.6, 1.3))), max(1, int(0.08 * scale * rng.uniform(0.6, 1.2))))
        shade = tuple(float(v * light) for v in (58, 138, 96))
        cv2.ellipse(picture, (int(spot[0]), int(spot[1])), axes, float(rng.uniform(0, 180)), 0, 360, shade, -1)


def _box(picture: Floats, camera: GroundCamera, low: Corners, tall: tuple[float, float], colour: Bgr) -> None:
    """Draw an upright box in place; `low` are its near left, near right, far right and far left corner on y = 0."""
    for (a, b), shade in (
        ((0, 1), 0.82),
        ((0, 3), 1.0 if low[0][0] > 0 else 0.7),
        ((1, 2), 0.7 if low[0][0] > 0 else 0.62),
    ):
        face = [(low[a][0], tall[0], low[a][2]), (low[b][0], tall[0], low[b][2])]
        face += [(low[b][0], tall[1], low[b][2]), (low[a][0], tall[1], low[a][2])]
        points = np.array([camera.project(*corner) for corner in face]) * _SUPERSAMPLE
        if (a, b) == (0, 1) or (a == 0) == (low[0][0] > 0):
            cv2.fillConvexPoly(picture, points.astype(np.int32), tuple(float(v * shade) for v in colour), cv2.LINE_AA)
    lid = np.array([camera.project(x, tall[1], z) for x, _, z in low]) * _SUPERSAMPLE
    cv2.fillConvexPoly(picture, lid.astype(np.int32), tuple(float(v * 1.18) for v in colour), cv2.LINE_AA)


def _bench(picture: Floats, camera: GroundCamera, x: float, z: float) -> None:
    """Draw a wooden bench with a back rest on stone feet, in place."""

    def corners(x1: float, x2: float, z1: float, z2: float) -> Corners:
        return [(x1, 0, z1), (x2, 0, z1), (x2, 0, z2), (x1, 0, z2)]

    shadow = np.zeros(picture.shape[:2], np.float32)
    ground = [camera.project(px, 0, pz) for px, _, pz in corners(x - 0.9, x + 1.3, z - 0.1, z + 0.55)]
    cv2.fillConvexPoly(shadow, (np.array(ground) * _SUPERSAMPLE).astype(np.int32), 1.0)
    picture *= (1 - 0.4 * cv2.GaussianBlur(shadow, (0, 0), 5))[..., None]
    for foot in (x - 0.75, x + 0.6):
        _box(picture, camera, corners(foot, foot + 0.15, z, z + 0.45), (0.0, 0.40), (112, 116, 120))
    for lath in range(2):
        _box(
            picture,
            camera,
            corners(x - 0.9, x + 0.9, z + 0.47, z + 0.5),
            (0.56 + 0.16 * lath, 0.67 + 0.16 * lath),
            (58, 92, 134),
        )
    for lath in range(3):
        _box(
            picture,
            camera,
            corners(x - 0.9, x + 0.9, z + 0.3 - 0.15 * lath, z + 0.43 - 0.15 * lath),
            (0.40, 0.45),
            (66, 104, 150),
        )


def plaza_backdrop(camera: GroundCamera, seed: int) -> Floats:
    """Return the empty plaza (H, W, 3) float32 BGR in 0..255; the same camera and seed give the same picture."""
    rng = np.random.default_rng([seed, 0xBD])
    picture = _sky(camera, rng)
    paving = _paving(camera, rng)
    below = int(np.ceil(camera.horizon_px * _SUPERSAMPLE)) + 2
    picture[below:] = paving[below:]
    houses = ((-9.0, 7.2, 6.5, (166, 190, 204)), (-1.8, 6.4, 6.0, (150, 162, 196)), (4.6, 9.0, 6.2, (186, 196, 196)))
    for left, width, top, colour in houses:
        wall = _facade(width, top, colour, rng)
        corners = [(left, top, WALL_Z), (left + width, top, WALL_Z), (left + width, 0, WALL_Z), (left, 0, WALL_Z)]
        _hang(picture, wall, corners, camera, 0.93)
    side = _facade(17.0, 7.2, (150, 176, 206), rng)
    near = 7.0
    _hang(
        picture,
        side,
        [(SIDE_X, 7.2, near), (SIDE_X, 7.2, WALL_Z), (SIDE_X, 0, WALL_Z), (SIDE_X, 0, near)],
        camera,
        0.72,
    )
    for x, z, height in ((-5.6, 19.5, 4.6), (8.2, 20.0, 4.9), (2.6, 21.0, 4.3), (6.6, 15.5, 4.6)):
        _tree(picture, camera, x, z, height, rng)
    for x, z in ((-2.2, 20.0), (4.7, 17.6)):
        _bench(picture, camera, x, z)
    small = cv2.resize(picture, (camera.width, camera.height), interpolation=cv2.INTER_AREA)
    return np.asarray(np.clip(small, 0, 255), np.float32)


def lamp_post(camera: GroundCamera, x: float, z: float) -> Sprite:
    """Return a lamp post as a sprite, to be composed among the people by its distance z (m)."""
    scale = camera.pixels_per_m(z)
    foot_x, foot_y = camera.project(x, 0, z)
    tall = 3.9
    left, top = int(foot_x - 0.5 * scale), int(foot_y - tall * scale) - 2
    width, height = int(scale) + 2, int(foot_y) - top + 3
    big = np.zeros((height * _SUPERSAMPLE, width * _SUPERSAMPLE, 4), np.float32)
    middle, unit = (foot_x - left) * _SUPERSAMPLE, scale * _SUPERSAMPLE
    ground = (foot_y - top) * _SUPERSAMPLE

    def bar(low: float, high: float, half: float, tone: float) -> None:
        for lane in np.linspace(-1, 1, 9):
            light = tone * (0.55 + 0.6 * (1 - abs(lane + 0.4) / 1.4))
            x1 = round(middle + (lane - 0.12) * half * unit)
            x2 = round(middle + (lane + 0.12) * half * unit)
            cv2.rectangle(
                big,
                (x1, int(ground - high * unit)),
                (x2, int(ground - low * unit)),
                (62 * light, 60 * light, 54 * light, 1.0),
                -1,
            )

    bar(0.0, 0.5, 0.085, 1.0)
    bar(0.5, 3.3, 0.048, 1.0)
    bar(3.25, 3.34, 0.12, 0.9)
    bar(3.34, 3.75, 0.13, 3.9)
    bar(3.75, 3.85, 0.17, 0.8)
    small = cv2.resize(big, (width, height), interpolation=cv2.INTER_AREA)
    return Sprite(left, top, np.ascontiguousarray(small[..., :3]), np.ascontiguousarray(small[..., 3]))
