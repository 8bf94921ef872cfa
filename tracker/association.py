"""Which detection belongs to which track: the stages of DeepSORT, each from gated pairs to matches.

Tracks and detections are numbered by their position in the arrays given; `Pairs` are ordered by track, then detection.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from . import kalman
from .assignment import assign
from .boxes import pairwise_iou
from .pairs import Mask, Pairs, pairs_within

__all__ = ["iou_pairs", "matching_cascade", "motion_pairs", "mutually_nearest", "with_costs"]

Array = npt.NDArray[np.float64]

_HAIR = 1 + 1e-9
"""Reaches are widened by it, so that rounding can't lose a pair that lies on the gate itself."""


def motion_pairs(expected: Array, innovation: Array, xyah: Array, gate: float) -> Pairs:
    """The pairs inside the motion gate, at their squared Mahalanobis distance (Wojke et al. 2017, eq. 1 and 2).

    The distance is a sum over coordinates, so a pair inside the gate is inside it along x and along y alone: that is
    the rectangle in which a track looks.

    Args:
        expected, innovation: `(N, 4)` from `kalman.project`.
        xyah: `(M, 4)` measurements.
        gate: largest squared distance.
    """
    reach = np.sqrt(gate * innovation[:, :2]) * _HAIR
    centres = expected[:, :2]
    tracks, detections = pairs_within(centres - reach, centres + reach, xyah[:, :2])
    distances = kalman.gating_distance(
        expected.take(tracks, axis=0), innovation.take(tracks, axis=0), xyah.take(detections, axis=0)
    )
    return Pairs(tracks, detections, distances)[(distances <= gate).nonzero()[0]]


def iou_pairs(track_xyxy: Array, detection_xyxy: Array, max_distance: float) -> Pairs:
    """The pairs that overlap, at 1 - IoU, up to `max_distance`.

    Along an axis, boxes of sizes s and t overlap by at most the share (s + t - 2d) / (s + t + 2d) of their union when
    their centres are d apart, and by at most s / t. Both bound the IoU, and so the distance from which it is too small.
    """
    if not len(track_xyxy) or not len(detection_xyxy):
        return Pairs(np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0))
    least = max(1 - max_distance, 0.0)
    sizes, others = track_xyxy[:, 2:] - track_xyxy[:, :2], detection_xyxy[:, 2:] - detection_xyxy[:, :2]
    largest = np.minimum(others.max(axis=0), sizes / max(least, 1e-6) * _HAIR)
    reach = (sizes + largest) * ((1 - least) / (1 + least) / 2 * _HAIR) + 1e-6
    centres = (track_xyxy[:, :2] + track_xyxy[:, 2:]) / 2
    detection_centres = (detection_xyxy[:, :2] + detection_xyxy[:, 2:]) / 2
    tracks, detections = pairs_within(centres - reach, centres + reach, detection_centres)
    costs = 1.0 - pairwise_iou(track_xyxy.take(tracks, axis=0), detection_xyxy.take(detections, axis=0))
    return Pairs(tracks, detections, costs)[((costs <= max_distance) & (costs < 1)).nonzero()[0]]


def matching_cascade(pairs: Pairs, levels: npt.NDArray[np.int64], max_cost: float) -> Mask:
    """Match level by level: tracks seen most recently choose first (Wojke et al. 2017, listing 1).

    A pair that competes with no other within the gate is matched at any level, so only the contested ones take turns.

    Args:
        pairs: gated pairs with their costs.
        levels: `(N,)` frames since each track was last seen.
        max_cost: gate on the costs.

    Returns:
        `(P,)`, which pairs are matched.
    """
    matched = pairs.costs <= max_cost
    valid = np.flatnonzero(matched)
    alone = pairs[valid].alone()
    if alone.all():
        return matched
    contested = valid[~alone]
    matched[contested] = False
    level_of_pair, detections = levels[pairs.tracks[contested]], pairs.detections[contested]
    taken = np.zeros(int(detections.max()) + 1, np.bool_)
    for level in np.unique(level_of_pair):
        candidates = contested[(level_of_pair == level) & ~taken[detections]]
        chosen = candidates[assign(pairs[candidates], max_cost)]
        taken[pairs.detections[chosen]] = True
        matched[chosen] = True
    return matched


def mutually_nearest(pairs: Pairs) -> Mask:
    """Which pairs are each other's cheapest: what a greedy look at these costs alone would match; `(P,)`."""
    if not len(pairs):
        return np.zeros(0, np.bool_)
    of_track = np.full(int(pairs.tracks.max()) + 1, np.inf)
    of_detection = np.full(int(pairs.detections.max()) + 1, np.inf)
    np.minimum.at(of_track, pairs.tracks, pairs.costs)
    np.minimum.at(of_detection, pairs.detections, pairs.costs)
    best_of_both: Mask = np.logical_and(
        pairs.costs == of_track.take(pairs.tracks), pairs.costs == of_detection.take(pairs.detections)
    )
    return best_of_both


def with_costs(pairs: Pairs, costs: Array) -> Pairs:
    """The same pairs at other costs."""
    return replace(pairs, costs=costs)
