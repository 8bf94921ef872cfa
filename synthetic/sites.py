"""Surveillance cameras: what each sees behind people, from how high, how far, and how its picture looks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from synthetic.fabric import smooth_noise
from synthetic.figure import Light

__all__ = ["NUM_CAMERAS", "NUM_SEQUENCES", "Site", "panorama_of", "photograph", "site_of"]

Floats = npt.NDArray[np.float32]
Image = npt.NDArray[np.uint8]

NUM_CAMERAS = 6
NUM_SEQUENCES = 6
"""Each camera films at so many times, in another light and turned elsewhere; Market-1501 has 6 cameras as well."""
PANORAMA_SIZE = (420, 760)
"""Height and width of what a camera sees, px."""
_FAMILIES = ("street", "shops", "grass", "paving", "crossing", "hall")
_GRAIN_SIDE = 512


@dataclass(frozen=True)
class Site:
    """One camera at one time of day.

    `elevation_deg` (low, high) is how far it looks down at people, `person_px` (low, high) how tall they are in its
    picture; `response` (3, 3) mixes BGR; `gamma`, `contrast`, `haze` bend it; `blur_px`, `noise`, `sharpen` and
    `quality` (JPEG, low and high) are lens, sensor and recorder.
    """

    camera: int
    sequence: int
    seed: int
    family: str
    elevation_deg: tuple[float, float]
    person_px: tuple[float, float]
    light: Light
    response: tuple[tuple[float, float, float], ...]
    gamma: float
    contrast: float
    haze: float
    blur_px: float
    noise: float
    sharpen: float
    quality: tuple[int, int]


def _light(rng: np.random.Generator) -> Light:
    """Return anything from a low sun to an overcast sky; streets are in shade half of the time."""
    sunny = float(rng.uniform(0, 1)) ** 1.5
    return Light(
        azimuth_deg=float(rng.uniform(-150, 150)),
        elevation_deg=float(rng.uniform(20, 70)),
        sun=float(rng.uniform(0.75, 1.1)) * (0.12 + 0.88 * sunny),
        sky=float(rng.uniform(0.4, 0.55)) + 0.45 * (1 - sunny),
        tint=(1.0, 1.0, 1.0),
    )


def _response(rng: np.random.Generator, strength: float) -> tuple[tuple[float, float, float], ...]:
    """Return a colour matrix: white balance, saturation and a little crosstalk."""
    warmth, green = rng.normal(0, 0.065 * strength), rng.normal(0, 0.025 * strength)
    gains = np.array([1 - warmth, 1 + green, 1 + warmth])
    saturation = float(np.clip(rng.normal(0.9, 0.12), 0.45, 1.2))
    luma = np.array([0.114, 0.587, 0.299])
    matrix = saturation * np.eye(3) + (1 - saturation) * luma[None, :] + rng.normal(0, 0.012, (3, 3))
    rows = gains[:, None] * matrix
    return tuple((float(row[0]), float(row[1]), float(row[2])) for row in rows)


@lru_cache(maxsize=256)
def site_of(seed: int, camera: int, sequence: int) -> Site:
    """Return camera 1..6 at time 1..6: height, distance and lens are the camera's, light and exposure the time's."""
    fixed = np.random.default_rng([seed, camera, 0xCA])
    rng = np.random.default_rng([seed, camera, sequence, 0x5E])
    down = float(fixed.uniform(4, 38))
    near = float(np.exp(fixed.uniform(np.log(55), np.log(160))))
    low = int(fixed.integers(35, 75))
    blur_px, noise, sharpen = fixed.uniform(0.2, 0.8), fixed.uniform(1.0, 6.0), max(0.0, fixed.normal(0.5, 0.5))
    matrix = np.array(_response(fixed, 1.0)) @ np.array(_response(rng, 0.5))
    return Site(
        camera=camera,
        sequence=sequence,
        seed=int(rng.integers(1 << 31)),
        family=_FAMILIES[(camera + (int(rng.integers(1, 6)) if rng.random() < 0.35 else 0)) % len(_FAMILIES)],
        elevation_deg=(max(0.0, down - 7), down + 7),
        person_px=(near, near * float(fixed.uniform(1.5, 2.4))),
        light=_light(rng),
        response=tuple((float(row[0]), float(row[1]), float(row[2])) for row in matrix),
        gamma=float(np.exp(fixed.normal(-0.05, 0.1) + rng.normal(0, 0.1))),
        contrast=float(np.clip(fixed.normal(1.08, 0.1) + rng.normal(0, 0.08), 0.75, 1.35)),
        haze=float(max(0.0, rng.normal(6, 9))),
        blur_px=float(blur_px),
        noise=float(noise),
        sharpen=float(sharpen),
        quality=(low, low + 20),
    )


def _tone(rng: np.random.Generator, low: float, high: float, spread: float = 0.03) -> Floats:
    """Return a nearly grey colour (3,)."""
    return np.asarray(rng.uniform(low, high) * np.exp(rng.normal(0, spread, 3)), np.float32)


def _paint_rects(picture: Floats, count: int, rows: tuple[int, int], rng: np.random.Generator, vivid: float) -> None:
    """Paint windows, doors, posters and pillars between two rows in place; `vivid` is the share in colour."""
    top, bottom = rows
    for _ in range(count):
        high, wide = int(rng.uniform(0.15, 1.0) * (bottom - top)), int(rng.integers(8, 110))
        x, y = int(rng.integers(-30, picture.shape[1])), int(rng.integers(top, max(top + 1, bottom - high + 1)))
        spread = 0.45 if rng.random() < vivid else 0.07
        colour = np.clip(_tone(rng, 15, 215, spread), 5, 250)
        cv2.rectangle(picture, (x, y), (x + wide, min(y + high, bottom)), colour.tolist(), -1)
        if rng.random() < 0.5:
            edge = np.clip(colour * rng.uniform(0.4, 1.7), 5, 250)
            cv2.rectangle(picture, (x, y), (x + wide, min(y + high, bottom)), edge.tolist(), int(rng.integers(1, 4)))


def _paint_leaves(picture: Floats, rows: tuple[int, int], rng: np.random.Generator) -> None:
    """Paint bushes and trees between two rows in place."""
    for _ in range(int(rng.integers(60, 200))):
        centre = (int(rng.integers(0, picture.shape[1])), int(rng.integers(max(0, rows[0] - 30), rows[1] + 1)))
        colour = np.array([45, 85, 62], np.float32) * rng.uniform(0.35, 1.5) * np.exp(rng.normal(0, 0.1, 3))
        axes = (int(rng.integers(4, 26)), int(rng.integers(4, 20)))
        cv2.ellipse(picture, centre, axes, float(rng.uniform(0, 180)), 0, 360, colour.tolist(), -1, cv2.LINE_AA)


def _paint_cars(picture: Floats, foot_row: int, rng: np.random.Generator) -> None:
    """Paint parked cars in place, their wheels at this row."""
    for _ in range(int(rng.integers(1, 5))):
        x, long, tall = int(rng.integers(-60, picture.shape[1])), int(rng.integers(110, 210)), int(rng.integers(34, 56))
        colour = np.clip(_tone(rng, 25, 225, 0.25 if rng.random() < 0.4 else 0.03), 8, 245)
        cabin = np.array([(0.18, -0.95), (0.75, -0.95), (0.92, -0.5), (0.05, -0.5)]) * (long, tall) + (x, foot_row)
        cv2.fillPoly(picture, [cabin.astype(np.int32)], _tone(rng, 25, 80).tolist(), cv2.LINE_AA)
        cv2.rectangle(picture, (x, foot_row - int(0.58 * tall)), (x + long, foot_row - 5), colour.tolist(), -1)
        for wheel in (0.2, 0.8):
            cv2.circle(picture, (x + int(wheel * long), foot_row - 6), tall // 6, (28.0, 28.0, 28.0), -1, cv2.LINE_AA)


def _paint_ground(picture: Floats, horizon: int, family: str, rng: np.random.Generator) -> None:
    """Paint asphalt, slabs, grass or tiles below the horizon in place."""
    rows, cols = picture.shape[0] - horizon, picture.shape[1]
    base = {"grass": np.array([48, 98, 82], np.float32), "hall": _tone(rng, 120, 215)}.get(family, _tone(rng, 75, 190))
    ground = np.full((rows, cols, 3), base * rng.uniform(0.8, 1.15), np.float32)
    if family in ("paving", "hall", "shops"):
        side, squash = int(rng.integers(16, 60)), float(rng.uniform(0.3, 0.9))
        joint = np.clip(ground[0, 0] * rng.uniform(0.6, 0.9), 5, 250).tolist()
        lean = float(rng.uniform(-0.7, 0.7))
        for x in range(-cols, 2 * cols, side):
            cv2.line(ground, (x, 0), (x + int(lean * rows), rows), joint, 1, cv2.LINE_AA)
        for y in range(0, rows, max(4, int(side * squash))):
            cv2.line(ground, (0, y), (cols, y + int(0.1 * lean * cols)), joint, 1, cv2.LINE_AA)
    if family in ("crossing", "street"):
        for _ in range(int(rng.integers(1, 7))):
            x, y, slant = int(rng.integers(0, cols)), int(rng.integers(0, rows)), float(rng.uniform(-1, 1))
            ends = ((x, y), (x + int(rng.integers(60, 400)), y + int(slant * 120)))
            cv2.line(ground, *ends, _tone(rng, 150, 230).tolist(), int(rng.integers(2, 14)), cv2.LINE_AA)
    if family in ("street", "crossing", "grass") and rng.random() < 0.7:
        edge = np.array([(0, rng.integers(rows)), (cols, rng.integers(rows)), (cols, rows), (0, rows)], np.int32)
        cv2.fillPoly(ground, [edge], (_tone(rng, 60, 180)).tolist(), cv2.LINE_AA)
    mottle = smooth_noise(rows, cols, (60, 90), rng) + 0.6 * smooth_noise(rows, cols, (9, 18), rng)
    strength = 0.09 if family == "grass" else 0.045
    ground *= (1 + strength * mottle + 0.03 * rng.standard_normal((rows, cols)).astype(np.float32))[..., None]
    picture[horizon:] = ground


def _paint_wall(picture: Floats, horizon: int, family: str, rng: np.random.Generator) -> None:
    """Paint houses, shops, trees or a hall above the horizon in place."""
    picture[:horizon] = _tone(rng, 60, 200, 0.1)
    vivid = {"shops": 0.5, "hall": 0.2}.get(family, 0.15)
    _paint_rects(picture, int(rng.integers(12, 60)), (0, horizon), rng, vivid)
    if family == "grass" or rng.random() < 0.25:
        _paint_leaves(picture, (0, horizon), rng)
    if family in ("street", "crossing"):
        _paint_cars(picture, horizon + int(rng.integers(0, 12)), rng)
    mottle = smooth_noise(horizon, picture.shape[1], (40, 60), rng)
    picture[:horizon] *= (1 + 0.05 * mottle)[..., None]


@lru_cache(maxsize=64)
def panorama_of(site: Site) -> tuple[Floats, int]:
    """Return what the camera sees without people (H, W, 3), and the row where the ground begins.

    A camera that looks steeply down sees little but ground.
    """
    rng = np.random.default_rng([site.seed, 0xBA])
    height, width = PANORAMA_SIZE
    middle = sum(site.elevation_deg) / 2
    horizon = int(np.interp(middle, [0, 12, 25, 40], [0.62, 0.5, 0.3, 0.12]) * height)
    picture = np.zeros((height, width, 3), np.float32)
    _paint_ground(picture, horizon, site.family, rng)
    _paint_wall(picture, horizon, site.family, rng)
    if site.light.sun > 0.5:
        edge = np.array([(rng.integers(width), horizon), (rng.integers(width), height), (0, height), (0, horizon)])
        shade = np.ones((height, width), np.float32)
        cv2.fillPoly(shade, [edge.astype(np.int32)], 0.6, cv2.LINE_AA)
        picture *= cv2.GaussianBlur(shade, (0, 0), 3)[..., None]
    np.clip(picture * (0.75 + 0.3 * site.light.sky), 4, 250, out=picture)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.8), np.float32), horizon


@lru_cache(maxsize=1)
def _grain() -> Floats:
    """Return normal noise (512, 512, 3), each channel's own and a common part; made once, used at random places."""
    rng = np.random.default_rng(0x6A)
    own = rng.standard_normal((_GRAIN_SIDE, _GRAIN_SIDE, 3), np.float32)
    shared = rng.standard_normal((_GRAIN_SIDE, _GRAIN_SIDE, 1), np.float32)
    return np.asarray(0.6 * own + 0.8 * shared, np.float32)


def _curve(site: Site, exposure: float) -> Image:
    """Return the tone curve (256,) of gamma, contrast, exposure and haze."""
    level = np.arange(256) / 255
    bent = (level * exposure).clip(0, 1.4) ** site.gamma
    curve = (bent - 0.45) * site.contrast + 0.45
    return np.asarray(np.clip(curve * (255 - site.haze) + site.haze, 0, 255).round(), np.uint8)


def photograph(patch: Floats, site: Site, rng: np.random.Generator, size: tuple[int, int]) -> Image:
    """Return the crop (H, W, 3) BGR uint8 of `size` that this camera would give of an ideal picture of the box.

    The picture is first brought to the resolution at which the camera sees the person, photographed and compressed
    there, and only then scaled to `size`, as the crop of a detection is.
    """
    height, width = patch.shape[:2]
    tall = int(np.exp(rng.uniform(*np.log(site.person_px))))
    if tall < height:
        native = (max(8, round(width * tall / height)), max(16, tall))
        patch = np.asarray(cv2.resize(patch, native, interpolation=cv2.INTER_AREA), np.float32)
    if rng.random() < 0.15:
        patch = _moved(patch, float(rng.uniform(2, 0.035 * patch.shape[0] + 2)), rng)
    blur_px = site.blur_px * float(rng.uniform(0.6, 1.6)) * patch.shape[0] / 128
    patch = np.asarray(cv2.GaussianBlur(patch, (0, 0), max(blur_px, 0.2)), np.float32)
    if site.sharpen > 0.05:
        soft = cv2.GaussianBlur(patch, (0, 0), 1.2)
        patch = np.asarray(cv2.addWeighted(patch, 1 + site.sharpen, soft, -site.sharpen, 0), np.float32)
    patch = np.asarray(cv2.transform(patch, np.array(site.response)), np.float32)
    rows, cols = patch.shape[:2]
    y, x = (int(rng.integers(_GRAIN_SIDE - side)) if side < _GRAIN_SIDE else 0 for side in (rows, cols))
    if max(rows, cols) < _GRAIN_SIDE:
        patch += _grain()[y : y + rows, x : x + cols] * np.float32(site.noise * rng.uniform(0.4, 1.3))
    exposure = float(np.exp(np.clip(rng.normal(0, 0.13), -0.35, 0.3)))
    crop = cv2.LUT(np.clip(patch, 0, 255).astype(np.uint8), _curve(site, exposure))
    quality = int(rng.integers(*site.quality))
    data = cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    crop = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    if crop.shape[:2] != size:
        how = cv2.INTER_AREA if crop.shape[0] > size[0] else (cv2.INTER_LINEAR, cv2.INTER_CUBIC)[int(rng.integers(2))]
        crop = cv2.resize(crop, (size[1], size[0]), interpolation=how)
    return np.asarray(crop, np.uint8)


def _moved(patch: Floats, length_px: float, rng: np.random.Generator) -> Floats:
    """Blur along a line that is nearly level: people walk, cameras shake."""
    side = int(length_px) | 1
    kernel = np.zeros((side, side), np.float32)
    angle = float(rng.normal(0, 0.4))
    reach = np.array([np.cos(angle), np.sin(angle)]) * (side // 2)
    middle = side // 2
    ends = ((round(middle - reach[0]), round(middle - reach[1])), (round(middle + reach[0]), round(middle + reach[1])))
    cv2.line(kernel, *ends, 1.0, 1, cv2.LINE_AA)
    return np.asarray(cv2.filter2D(patch, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE), np.float32)
