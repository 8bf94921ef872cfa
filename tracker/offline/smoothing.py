"""Smooth finished tracks: Rauch-Tung-Striebel over the same motion model that tracked them, all tracks at once.

A filter knows only the past; once a track is finished, each box can also use what came after it (Rauch, Tung, Striebel
1965). F, H, Q and R of `tracker.kalman` keep the covariance in 2x2 blocks, so the smoother's gain is a 2x2 matrix a
coordinate, in closed form; filterpy's `rts_smoother` on the full matrices is its oracle in the tests.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tracker import kalman
from tracker.boxes import xyah_to_xyxy, xyxy_to_xyah
from tracker.kalman import MotionNoise

__all__ = ["smooth_paths", "smooth_track"]

Array = npt.NDArray[np.float64]
Frames = npt.NDArray[np.int64]


def smooth_track(frames: Frames, xyxy: Array, noise: MotionNoise | None = None) -> Array:
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
    (path,) = smooth_paths([(frames, xyxy)], noise)
    return xyah_to_xyxy(path[frames - frames[0], :, 0])


def smooth_paths(
    tracks: Sequence[tuple[Frames, Array]],
    noise: MotionNoise | None = None,
    shares: Sequence[Array] | None = None,
) -> list[Array]:
    """Smoothed states of many tracks, each at every frame from its first to its last.

    Args:
        tracks: frames and boxes of each, as for `smooth_track`.
        noise: of the motion model.
        shares: of each box, how much of the measured variance it has, see `kalman.update`; 1 for all when left out.

    Returns:
        For each `(T, 4, 2)`: position and velocity (a frame) of centre x, centre y, aspect ratio and height.

    Raises:
        ValueError: the first row of a track is not a detection.
    """
    if not tracks:
        return []
    lengths = np.array([int(frames[-1] - frames[0]) + 1 for frames, _ in tracks])
    by_length = np.argsort(-lengths, kind="stable")
    # Longest first: those that are still there at step k are then the first ones, one slice of the arrays.
    alive = np.searchsorted(-lengths[by_length], -np.arange(lengths.max()), side="left")
    starts = np.concatenate(([0], np.cumsum(alive)))
    measured, weights = np.full((int(starts[-1]), 4), np.nan), np.ones(int(starts[-1]))
    for place, index in enumerate(by_length.tolist()):
        frames, xyxy = tracks[index]
        if np.isnan(xyxy[0]).any():
            raise ValueError("the first box of a track must be a detection, but it is NaN")
        steps = starts[frames - frames[0]] + place
        measured[steps] = xyxy_to_xyah(np.asarray(xyxy, np.float64))
        if shares is not None:
            weights[steps] = shares[index]
    means = _smoothed(measured, weights, starts, alive, noise or MotionNoise())
    paths: list[Array] = [np.empty(0)] * len(tracks)
    for place, index in enumerate(by_length.tolist()):
        paths[index] = means[starts[: lengths[index]] + place]
    return paths


def _smoothed(measured: Array, shares: Array, starts: Frames, alive: Frames, noise: MotionNoise) -> Array:
    """`(S, 4, 2)`: a pass forwards over `measured` `(S, 4)` or NaN, and one back; step k begins at `starts[k]`."""
    means, covariances = np.empty((len(measured), 4, 2)), np.empty((len(measured), 4, 3))
    mean, covariance = kalman.initiate(measured[: alive[0]], noise)
    means[: alive[0]], covariances[: alive[0]] = mean, covariance
    for step in range(1, len(alive)):
        here = slice(starts[step], starts[step + 1])
        mean, covariance = kalman.predict(mean[: alive[step]], covariance[: alive[step]], noise)
        seen = ~np.isnan(measured[here, 0])
        if seen.all():
            mean, covariance = kalman.update(mean, covariance, measured[here], noise, shares[here])
        elif seen.any():
            mean[seen], covariance[seen] = kalman.update(
                mean[seen], covariance[seen], measured[here][seen], noise, shares[here][seen]
            )
        means[here], covariances[here] = mean, covariance
    for step in range(len(alive) - 2, -1, -1):
        here = slice(starts[step], starts[step] + alive[step + 1])
        later = means[starts[step + 1] : starts[step + 2]]
        means[here] = _corrected(means[here], covariances[here], later, noise)
    return means


def _corrected(mean: Array, covariance: Array, later: Array, noise: MotionNoise) -> Array:
    """x + C (x_later - F x) with C = P F^T (F P F^T + Q)^-1, a 2x2 matrix in each block."""
    expected, spread = kalman.predict(mean, covariance, noise)
    position, cross, velocity = covariance[..., 0], covariance[..., 1], covariance[..., 2]
    surprise = later - expected
    determinant = spread[..., 0] * spread[..., 2] - spread[..., 1] ** 2
    first = (spread[..., 2] * surprise[..., 0] - spread[..., 1] * surprise[..., 1]) / determinant
    second = (spread[..., 0] * surprise[..., 1] - spread[..., 1] * surprise[..., 0]) / determinant
    corrected = mean.copy()
    corrected[..., 0] += (position + cross) * first + cross * second
    corrected[..., 1] += (cross + velocity) * first + velocity * second
    return corrected
