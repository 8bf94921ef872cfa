"""Smooth a finished track: Rauch-Tung-Striebel over the same motion model that tracked it, by filterpy.

A filter knows only the past; once a track is finished, each box can also use what came after it (Rauch, Tung, Striebel
1965). filterpy does the arithmetic; this file sets up the model of `tracker.kalman` as plain matrices.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .boxes import xyah_to_xyxy, xyxy_to_xyah
from .kalman import MotionNoise

__all__ = ["smooth_track"]

Array = npt.NDArray[np.float64]

_F = np.block([[np.eye(4), np.eye(4)], [np.zeros((4, 4)), np.eye(4)]])
_H = np.eye(4, 8)


def smooth_track(frames: npt.NDArray[np.int64], xyxy: Array, noise: MotionNoise | None = None) -> Array:
    """Smoothed boxes of one track.

    Args:
        frames: `(K,)` frame numbers, increasing; frames left out are predicted through.
        xyxy: `(K, 4)` px, the detections matched at these frames; a row of NaN where there was none.
        noise: of the motion model.

    Returns:
        `(K, 4)` px, a box for each of `frames`.

    Raises:
        ValueError: the first row is not a detection.
    """
    from filterpy.kalman import rts_smoother

    if np.isnan(xyxy[0]).any():
        raise ValueError("the first box of a track must be a detection, but it is NaN")
    steps = frames - frames[0]
    measured = np.full((int(steps[-1]) + 1, 4), np.nan)
    measured[steps] = xyxy_to_xyah(xyxy)
    means, covariances, process_noises = _filtered(measured, noise or MotionNoise())
    smoothed, *_ = rts_smoother(means, covariances, [_F] * len(means), process_noises)
    return xyah_to_xyxy(smoothed[steps, :4])


def _filtered(observed: Array, noise: MotionNoise) -> tuple[Array, Array, list[Array]]:
    """Means, covariances and the process noise that follows each step, of a pass over `observed`, `(T, 4)` or NaN."""
    kf = _filter_at(observed[0], noise)
    means, covariances, process_noises = [kf.x.copy()], [kf.P.copy()], []
    for measurement in observed[1:]:
        positions = _variances(kf.x[3], noise.weight_position, noise.aspect)
        velocities = _variances(kf.x[3], noise.weight_velocity, noise.aspect_velocity)
        process_noises.append(np.diag(np.concatenate((positions, velocities))))
        kf.predict(Q=process_noises[-1])
        if not np.isnan(measurement).any():
            measured = _variances(kf.x[3], noise.weight_position, noise.aspect_measured)
            kf.update(measurement, R=np.diag(measured * noise.measured_factor**2))
        means.append(kf.x.copy())
        covariances.append(kf.P.copy())
    return np.array(means), np.array(covariances), [*process_noises, np.zeros((8, 8))]


def _filter_at(measurement: Array, noise: MotionNoise) -> Any:
    from filterpy.kalman import KalmanFilter

    kf = KalmanFilter(dim_x=8, dim_z=4)
    kf.F, kf.H = _F, _H
    kf.x = np.concatenate((measurement, np.zeros(4)))
    positions = _variances(kf.x[3], 2 * noise.weight_position, noise.aspect)
    velocities = _variances(kf.x[3], 10 * noise.weight_velocity, noise.aspect_velocity)
    kf.P = np.diag(np.concatenate((positions, velocities)))
    return kf


def _variances(height: float, weight: float, aspect_std: float) -> Array:
    """Variances of x, y, a, h for a box of that height."""
    spread = (weight * max(abs(height), 1e-3)) ** 2
    return np.array([spread, spread, aspect_std**2, spread])
