"""The DeepSORT Kalman filter in closed form: four independent position-velocity filters a track.

State: centre x, centre y, aspect ratio a, height h (`xyah`) and their velocities, constant-velocity motion (Wojke et
al. 2017, section 2.1). F couples a coordinate only with its own velocity, H picks the positions, and Q, R and P0 are
diagonal, so P stays block-diagonal for ever: one symmetric 2x2 block a coordinate. Every operation below is therefore a
few array expressions over all tracks at once, without a matrix inverse.

Layout: means `(N, 4, 2)` hold [position, velocity]; covariances `(N, 4, 3)` hold [var(position), cov(position,
velocity), var(velocity)]. Coordinates are ordered x, y, a, h.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

__all__ = [
    "CHI2_GATE_4",
    "FARTHEST",
    "HAIR",
    "LEAST_HEIGHT",
    "MotionNoise",
    "Spread",
    "advance",
    "correct",
    "gating_distance",
    "initiate",
    "predict",
    "project",
    "update",
    "upright",
    "warp",
    "within_reach",
]

Array = npt.NDArray[np.float64]

CHI2_GATE_4 = 9.4877
"""0.95 quantile of the chi-square distribution with 4 degrees of freedom: the gate on the squared Mahalanobis distance
of a whole `xyah` measurement."""

_SCALING, _FIXED = np.array([1.0, 1.0, 0.0, 1.0]), np.array([0.0, 0.0, 1.0, 0.0])
"""Which coordinates have a noise that scales with the height: all but the aspect ratio, whose noise is fixed."""

HAIR = 1 + 1e-9
"""Reaches are widened by it, so that rounding can't lose a pair that lies on a gate itself."""

_LEAST_LEFT = 1e-12
"""Share of a variance that a measurement leaves: where somebody may be anywhere, S and P are one number in float64, and
nothing would be left."""

LEAST_HEIGHT = 1e-3
"""px; a height that a long prediction has driven to zero must not take the noise, and so the variances, with it."""

FARTHEST = 1e12
"""px; what a moving camera takes beyond it is nowhere near any picture, and would soon be infinite."""


@dataclass(frozen=True)
class MotionNoise:
    """Standard deviations of the motion model. Those of x, y and h grow with the height of the box.

    Attributes:
        weight_position: of a position, as a fraction of the height.
        weight_velocity: of a velocity, as a fraction of the height, per frame.
        aspect: of the aspect ratio in the state.
        aspect_velocity: of its velocity.
        aspect_measured: of the aspect ratio in a measurement.
        measured_factor: on all of a measurement; above 1 boxes are smoother, and follow later.
    """

    weight_position: float = 1 / 20
    weight_velocity: float = 1 / 160
    aspect: float = 1e-2
    aspect_velocity: float = 1e-5
    aspect_measured: float = 1e-1
    measured_factor: float = 1.0

    @cached_property
    def process(self) -> Spread:
        """Q: variances of position and velocity, `(4, 2)` a track."""
        return _of_state(self.weight_position, self.weight_velocity, self)

    @cached_property
    def start(self) -> Spread:
        """P0, likewise: a new track is less certain."""
        return _of_state(2 * self.weight_position, 10 * self.weight_velocity, self)

    @cached_property
    def measurement(self) -> Spread:
        """R without `measured_factor`: variances of a measurement, `(4,)` a track."""
        return Spread(_SCALING * self.weight_position, _FIXED * self.aspect_measured**2)


@dataclass(frozen=True)
class Spread:
    """Variances that grow with the height h of a box: `(scale * h)^2 + fixed`, an array of the same shape a track."""

    scale: Array
    fixed: Array

    def at(self, heights: Array) -> Array:
        """The variances of tracks of these heights, `(N,)`; a row each."""
        clipped = np.abs(heights)
        np.maximum(clipped, LEAST_HEIGHT, out=clipped)
        # A track a row: two axes are quicker than three.
        scale, fixed = self._flat
        variances: Array = clipped[:, None] * scale
        variances *= variances
        variances += fixed
        return variances.reshape(-1, *self.scale.shape)

    @cached_property
    def _flat(self) -> tuple[Array, Array]:
        return self.scale.ravel(), self.fixed.ravel()


def _of_state(position: float, velocity: float, noise: MotionNoise) -> Spread:
    scale, fixed = (position, velocity), (noise.aspect**2, noise.aspect_velocity**2)
    return Spread(np.multiply.outer(_SCALING, scale), np.multiply.outer(_FIXED, fixed))


def initiate(xyah: Array, noise: MotionNoise) -> tuple[Array, Array]:
    """Means and covariances of new tracks from their first measurements `(N, 4)`; velocities start at 0."""
    mean, covariance = np.zeros((len(xyah), 4, 2)), np.zeros((len(xyah), 4, 3))
    mean[..., 0] = xyah
    covariance[..., ::2] = noise.start.at(xyah[:, 3])
    return mean, covariance


def predict(mean: Array, covariance: Array, noise: MotionNoise, steps: float = 1.0) -> tuple[Array, Array]:
    """The state later: x' = F x, P' = F P F^T + tQ with F = [[1, t], [0, 1]] in each block, after t steps.

    A step is a frame (the paper's), or a fixed time: then a part of it, or several at once, are as many steps.
    """
    mean, covariance = mean.copy(), covariance.copy()
    advance(mean, covariance, noise, steps)
    return mean, covariance


def advance(mean: Array, covariance: Array, noise: MotionNoise, steps: float = 1.0) -> None:
    """As `predict`, in place."""
    added = noise.process.at(mean[:, 3, 0])
    position, cross, velocity = covariance[..., 0], covariance[..., 1], covariance[..., 2]
    if steps != 1:
        added *= steps
        mean[..., 0] += steps * mean[..., 1]
        position += 2 * steps * cross
        position += steps**2 * velocity
        position += added[..., 0]
        cross += steps * velocity
        velocity += added[..., 1]
        return
    mean[..., 0] += mean[..., 1]
    position += 2 * cross
    position += velocity
    position += added[..., 0]
    cross += velocity
    velocity += added[..., 1]


def project(mean: Array, covariance: Array, noise: MotionNoise) -> tuple[Array, Array]:
    """What the tracks expect to measure: `(N, 4)` xyah and the `(N, 4)` diagonal of the innovation covariance S."""
    measured = noise.measurement.at(mean[:, 3, 0])
    if noise.measured_factor != 1:
        measured *= noise.measured_factor**2
    measured += covariance[..., 0]
    return mean[..., 0], measured


def upright(mean: Array) -> Array:
    """The expected `(N, 4)` xyah for those who look at it: without an aspect ratio or height below zero.

    Who was shrinking when last seen is soon predicted to be less than nothing. The filter goes on with that, as
    published; the box is told with the last size above zero on the way there.
    """
    xyah, shrinking = mean[..., 0].copy(), np.maximum(-mean[:, 2:, 1], LEAST_HEIGHT)
    sizes = xyah[:, 2:]
    back = (np.floor(-sizes / shrinking) + 1) * shrinking
    xyah[:, 2:] = np.where(sizes > 0, sizes, np.maximum(sizes + back, LEAST_HEIGHT))
    return xyah


def gating_distance(expected: Array, innovation: Array, xyah: Array) -> Array:
    """Squared Mahalanobis distance (Wojke et al. 2017, eq. 1) of column i of `xyah` to that of a track; all `(4, P)`.

    Or of any shapes `(4, ...)` that broadcast: tracks `[:, :, None]` and all measurements `[:, None]` make a matrix.
    Coordinates are rows here, since NumPy is slow in sums along an axis as short as 4.
    """
    squares = xyah - expected
    squares *= squares
    squares /= innovation
    return np.asarray(np.add.reduce(squares))


def update(
    mean: Array, covariance: Array, xyah: Array, noise: MotionNoise, shares: Array | None = None
) -> tuple[Array, Array]:
    """The state after measuring `xyah` `(N, 4)`, see `correct`.

    Args:
        shares: `(N,)`, how much of the variance R each measurement has (NSA Kalman: 1 - its confidence); 1 by default.
    """
    return correct(mean, covariance, project(mean, covariance, noise)[1], xyah, shares)


def correct(
    mean: Array, covariance: Array, innovation: Array, xyah: Array, shares: Array | None = None
) -> tuple[Array, Array]:
    """K = P H^T S^-1, x' = x + K y, P' = P - K S K^T, block by block: `update` where `project` has told S before.

    Args:
        innovation: `(N, 4)` from `project`.
        shares: as in `update`.
    """
    variance, cross = covariance[..., 0], covariance[..., 1]
    if shares is not None:
        innovation = variance + (innovation - variance) * shares[:, None]
    residual = xyah - mean[..., 0]
    gain_velocity = cross / innovation
    new_mean, new_covariance = mean.copy(), np.empty_like(covariance)
    new_mean[..., 0] += variance / innovation * residual
    new_mean[..., 1] += gain_velocity * residual
    measured = (innovation - variance) / innovation  # = R / S = 1 - gain: keeps the variance positive
    if measured.size and measured.item(measured.argmin()) < _LEAST_LEFT:
        np.maximum(measured, _LEAST_LEFT, out=measured)
        gain_velocity = np.where(measured <= _LEAST_LEFT, 0.0, gain_velocity)  # what it takes off would be rounding
    np.multiply(variance, measured, out=new_covariance[..., 0])
    np.multiply(cross, measured, out=new_covariance[..., 1])
    np.subtract(covariance[..., 2], gain_velocity * cross, out=new_covariance[..., 2])
    return new_mean, new_covariance


def warp(mean: Array, covariance: Array, affine: Array) -> tuple[Array, Array]:
    """The state seen by a camera that moved: what was at p is now at `affine[:, :2] @ p + affine[:, 2]`.

    Means move exactly. A rotation would couple x and y; of the rotated covariance only the diagonal is kept, which is
    exact for shifts and zooms. Heights scale with the zoom; an aspect ratio stays.

    Args:
        affine: `(2, 3)` px.
    """
    linear, shift = affine[:, :2], affine[:, 2]
    zoom = float(np.sqrt(abs(np.linalg.det(linear))))
    new_mean, new_covariance = mean.copy(), covariance.copy()
    new_mean[:, :2] = np.einsum("ij,njk->nik", linear, mean[:, :2])
    new_mean[:, :2, 0] += shift
    new_mean[:, 3] *= zoom
    new_covariance[:, :2] = np.einsum("ij,njk->nik", np.square(linear), covariance[:, :2])
    new_covariance[:, 3] *= zoom**2
    return new_mean, new_covariance


def within_reach(mean: Array, covariance: Array) -> npt.NDArray[np.bool_]:
    """`(N,)`, whose numbers are not beyond `FARTHEST`."""
    near = np.maximum.reduce(np.abs(mean), axis=(1, 2)) <= FARTHEST
    return np.asarray(near & (np.maximum.reduce(covariance, axis=(1, 2)) <= FARTHEST**2))
