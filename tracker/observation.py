"""What was seen counts more than what was guessed: re-update after a gap, and direction (OC-SORT).

While a track is lost, its filter runs on its own guesses and gathers error. Once it is found again, the path between
the two observations is known better than it was then (Cao et al. 2023, arXiv:2203.14360, section 4).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from . import kalman
from .boxes import xyxy_to_xyah
from .config import TrackerConfig
from .pairs import Index
from .table import TrackTable

__all__ = ["PATH_LENGTH", "keeps_observations", "remember_observation", "replay_gap", "turning", "warp_observations"]

Array = npt.NDArray[np.float64]

PATH_LENGTH = 4
"""Observations whose centres are kept: the direction is that of the last three steps (OC-SORT's delta t)."""
_STANDING = 0.02
"""Fraction of its height that a track must have moved over them for its direction to mean something."""


def keeps_observations(config: TrackerConfig) -> bool:
    """Whether any setting asks for what this file keeps."""
    return config.replay_gaps or config.direction_penalty > 0


def remember_observation(table: TrackTable, rows: Index, xyxy: Array) -> None:
    """Keep what was just measured, and the state after it, for the day the track is found again."""
    table.path[rows, 1:] = table.path[rows, :-1]
    table.path[rows, 0] = (xyxy[:, :2] + xyxy[:, 2:]) / 2
    table.last_xyxy[rows] = xyxy
    table.seen_mean[rows] = table.mean[rows]
    table.seen_covariance[rows] = table.covariance[rows]


def warp_observations(table: TrackTable, affine: Array) -> None:
    """Take what was observed along with the camera, see `kalman.warp`."""
    linear, shift = affine[:, :2], affine[:, 2]
    zoom = float(np.sqrt(abs(np.linalg.det(linear))))
    boxes = table.last_xyxy
    centres, halves = (boxes[:, :2] + boxes[:, 2:]) / 2 @ linear.T + shift, (boxes[:, 2:] - boxes[:, :2]) / 2 * zoom
    table.last_xyxy[:] = np.concatenate((centres - halves, centres + halves), axis=1)
    table.path[:] = table.path @ linear.T + shift
    table.seen_mean[:], table.seen_covariance[:] = kalman.warp(table.seen_mean, table.seen_covariance, affine)


def replay_gap(table: TrackTable, rows: Index, xyah: Array, config: TrackerConfig) -> None:
    """For tracks found again: go back to where they were last seen, and on along a straight line to the present.

    Leaves each of `rows` predicted to this frame, as it was, but from the virtual observations between (OC-SORT,
    eq. 6 and algorithm 1).

    Args:
        rows: matched in this frame.
        xyah: `(K, 4)`, their measurements.
    """
    gaps = table.time_since_update[rows]
    found = gaps > 1
    rows, gaps, target = rows[found], gaps[found], xyah[found]
    if not len(rows):
        return
    mean, covariance = table.seen_mean[rows], table.seen_covariance[rows]
    origin = xyxy_to_xyah(table.last_xyxy[rows])
    for step in range(1, int(gaps.max()) + 1):
        going, between = np.flatnonzero(step <= gaps), np.flatnonzero(step < gaps)
        mean[going], covariance[going] = kalman.predict(mean[going], covariance[going], config.noise)
        share = (step / gaps[between])[:, None]
        virtual = origin[between] + share * (target[between] - origin[between])
        mean[between], covariance[between] = kalman.update(mean[between], covariance[between], virtual, config.noise)
    table.mean[rows], table.covariance[rows] = mean, covariance


def turning(path: Array, centres: Array, last_xyxy: Array) -> Array:
    """How far a match would turn a track off its direction, `(P,)` from 0 (straight on) to 1 (back).

    0.5 where the track stood still. OC-SORT, section 4.2, with both directions from observations.

    Args:
        path: `(P, PATH_LENGTH, 2)` px, centres of the last observations, newest first.
        centres: `(P, 2)` px, of the detections.
        last_xyxy: `(P, 4)` px, the last observation: its height says what standing still is.
    """
    before, after = path[:, 0] - path[:, -1], centres - path[:, 0]
    lengths = np.linalg.norm(before, axis=1), np.linalg.norm(after, axis=1)
    cosine = np.sum(before * after, axis=1) / np.maximum(lengths[0] * lengths[1], 1e-6)
    angle = np.arccos(np.clip(cosine, -1.0, 1.0)) / np.pi
    standing = lengths[0] <= _STANDING * (last_xyxy[:, 3] - last_xyxy[:, 1])
    return np.asarray(np.where(standing, 0.5, angle))
