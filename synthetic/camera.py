"""The camera: where ground points appear in the picture, and what lens and sensor add to it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
_GRAIN_DEVIATION = float(np.sqrt(2 * (256**2 - 1) / 12))
"""Standard deviation of the sum of two uniform bytes."""


@dataclass(frozen=True)
class GroundCamera:
    """A level pinhole camera above a flat ground; shifted, not tilted, so that walls stay upright.

    World frame: x to the right, y up, z away from the camera, metres; the camera stands at (0, height_m, 0).
    """

    width: int = 640
    height: int = 360
    focal_px: float = 610.0
    horizon_px: float = 108.0
    height_m: float = 2.45

    def project(self, x: float, y: float, z: float) -> tuple[float, float]:
        """Return the picture position (px) of a world point with z > 0."""
        scale = self.focal_px / z
        return self.width / 2 + x * scale, self.horizon_px + (self.height_m - y) * scale

    def pixels_per_m(self, z: float) -> float:
        """Return how many px a metre across the view takes at distance z."""
        return self.focal_px / z

    def ground_maps(self, supersample: int) -> tuple[Floats, Floats]:
        """Return the ground's x and z (m) under every pixel, each (H * s, W * s); z is infinite above the horizon."""
        rows = (np.arange(self.height * supersample) + 0.5) / supersample - self.horizon_px
        cols = (np.arange(self.width * supersample) + 0.5) / supersample - self.width / 2
        with np.errstate(divide="ignore"):
            away = np.where(rows > 0.3, self.focal_px * self.height_m / np.maximum(rows, 1e-9), np.inf)
        across = np.where(np.isfinite(away), away, 0.0)[:, None] * cols[None, :] / self.focal_px
        return across.astype(np.float32), np.broadcast_to(away[:, None], across.shape).astype(np.float32)


@dataclass(frozen=True)
class Sensor:
    """Lens and sensor: blur (px sigma), vignetting (share lost in the corners), exposure (factor), noise (levels)."""

    blur_px: float = 0.55
    vignette: float = 0.16
    exposure: float = 1.0
    noise: float = 1.6


def expose(picture: Floats, sensor: Sensor, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Return the photograph (H, W, 3) uint8 of an ideal picture (H, W, 3) in 0..255."""
    height, width = picture.shape[:2]
    if sensor.blur_px > 0:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), sensor.blur_px), np.float32)
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    gain = (sensor.exposure * (1 - sensor.vignette * (x * x + y * y) / 2)).astype(np.float32)
    exposed = picture * gain[..., None]
    if sensor.noise > 0:
        # Sums of two uniform bytes are fast and near enough to normal; each shares one with the next channel, which
        # makes more of the noise brightness and less of it colour.
        grain = np.frombuffer(rng.bytes(height * width * 4), np.uint8).reshape(height, width, 4)
        noise = np.add(grain[..., :3], grain[..., 1:], dtype=np.float32)
        noise -= 255
        noise *= np.float32(sensor.noise / _GRAIN_DEVIATION)
        exposed += noise
    exposed += np.float32(0.5)
    return np.asarray(np.clip(exposed, 0, 255), np.uint8)


def motion_blur(picture: Floats, shift_px: float) -> Floats:
    """Blur along the rows over `shift_px` (the way moved while the shutter is open); below 1 px nothing changes."""
    if abs(shift_px) < 1.0:
        return picture
    length = abs(shift_px)
    size = int(np.ceil(length)) | 1
    kernel = np.ones((1, size), np.float32)
    edge = (length - (size - 2)) / 2
    kernel[0, 0] = kernel[0, -1] = np.clip(edge, 0.0, 1.0)
    kernel /= kernel.sum()
    return np.asarray(cv2.filter2D(picture, -1, kernel, borderType=cv2.BORDER_CONSTANT), np.float32)
