"""Crops of one person, as a detector would cut them out: the material for re-identification."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from synthetic.appearance import Identity
from synthetic.camera import Sensor, expose
from synthetic.fabric import smooth_noise
from synthetic.figure import Light, View, draw_figure
from synthetic.skeleton import Pose

Floats = npt.NDArray[np.float32]
_ARMS = ("swing", "swing", "swing", "swing", "pocket", "phone", "carry", "strap")


def sample_pose(rng: np.random.Generator) -> Pose:
    """Return a random moment of walking, or in one of six cases of standing."""
    arms = (str(rng.choice(_ARMS)), str(rng.choice(_ARMS)))
    stride = 0.0 if rng.random() < 1 / 6 else float(rng.uniform(0.6, 1.2))
    return Pose(float(rng.random()), stride, arms, float(np.clip(rng.normal(0, 18), -50, 50)))


def sample_view(rng: np.random.Generator) -> View:
    """Return any direction around the person, from a little to steeply above."""
    return View(float(rng.uniform(0, 360)), float(rng.uniform(2, 22)))


def sample_light(rng: np.random.Generator) -> Light:
    """Return a sunny to overcast, warm to cold light."""
    sunny = float(rng.uniform(0.15, 1.0))
    warmth = float(rng.normal(0, 0.045))
    return Light(
        azimuth_deg=float(rng.uniform(-120, 120)),
        elevation_deg=float(rng.uniform(25, 70)),
        sun=float(rng.uniform(0.8, 1.2)) * sunny,
        sky=float(rng.uniform(0.45, 0.6)) + 0.35 * (1 - sunny),
        tint=(1 - warmth, 1.0, 1 + warmth),
    )


def _background(height: int, width: int, rng: np.random.Generator) -> Floats:
    """Return a blurred street (H, W, 3): a wall with uprights above, a ground below; drawn small, as it is blurred."""
    rows, cols = height // 2, width // 2
    horizon = int(rows * rng.uniform(0.15, 0.75))
    wall, ground = rng.uniform(50, 215, 3).astype(np.float32), np.float32(rng.uniform(70, 190))
    picture = np.empty((rows, cols, 3), np.float32)
    picture[:horizon] = 0.5 * wall + 0.5 * wall.mean()
    picture[horizon:] = ground * rng.uniform(0.94, 1.06, 3).astype(np.float32)
    for _ in range(int(rng.integers(1, 6))):
        left, top = int(rng.integers(-4, cols)), int(rng.integers(-10, max(horizon, 1)))
        size = (int(rng.integers(2, max(3, cols // 2))), int(rng.integers(5, max(6, rows // 2))))
        shade = tuple(float(value) for value in rng.uniform(25, 225) * rng.uniform(0.8, 1.2, 3))
        cv2.rectangle(picture, (left, top), (left + size[0], min(top + size[1], horizon)), shade, -1)
    mottle = smooth_noise(rows, cols, (rows / 12, cols / 5), rng)
    picture *= (1 + 0.05 * mottle)[..., None]
    blurred = cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.3, 1.3)))
    return np.asarray(cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def render_crop(
    identity: Identity,
    pose: Pose,
    view: View,
    light: Light,
    rng: np.random.Generator,
    *,
    size: tuple[int, int] = (256, 128),
    supersample: int = 1,
) -> npt.NDArray[np.uint8]:
    """Return one crop (H, W, 3) BGR uint8 of this person.

    Args:
        identity: Who.
        pose: Doing what, see `sample_pose`.
        view: Seen from where, see `sample_view`.
        light: Under which light, see `sample_light`.
        rng: Source of background, box jitter, blur, exposure and noise.
        size: Height and width of the crop, px.
        supersample: Canvas px per crop px along each axis.
    """
    height, width = size
    # Seen from above a person looks shorter, yet a detector's box still fits.
    tall = height * float(rng.uniform(0.86, 0.98)) / float(np.cos(np.radians(view.elevation_deg)))
    foot = (width / 2 + width * float(rng.normal(0, 0.03)), height * float(rng.uniform(0.95, 1.0)))
    sprite = draw_figure(identity, pose, view, light, height_px=tall, foot=foot, supersample=supersample)
    picture = _background(height, width, rng)
    rows, cols = sprite.alpha.shape
    x1, y1, x2, y2 = (
        max(sprite.left, 0),
        max(sprite.top, 0),
        min(sprite.left + cols, width),
        min(sprite.top + rows, height),
    )
    own = (slice(y1 - sprite.top, y2 - sprite.top), slice(x1 - sprite.left, x2 - sprite.left))
    picture[y1:y2, x1:x2] *= 1 - sprite.alpha[own][..., None]
    picture[y1:y2, x1:x2] += sprite.bgr[own]
    sensor = Sensor(
        blur_px=float(rng.uniform(0.4, 1.6)) * height / 256,
        vignette=0.0,
        exposure=float(np.clip(rng.normal(1.0, 0.12), 0.65, 1.4)),
        noise=float(rng.uniform(0.5, 4.0)),
    )
    return expose(picture, sensor, rng)
