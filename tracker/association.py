"""Which detection belongs to which track: the stages of DeepSORT, each from gated pairs to matches.

Tracks and detections are numbered by their position in the arrays given; `Pairs` are grouped by track.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from . import kalman
from .assignment import Index, Pairs, assign, sweep_pairs
from .boxes import pairwise_iou

__all__ = ["iou_pairs", "matching_cascade", "motion_pairs", "mutually_nearest"]

Array = npt.NDArray[np.float64]


def motion_pairs(expected: Array, innovation: Array, xyah: Array, gate: float) -> Pairs:
    """The pairs inside the motion gate, at their squared Mahalanobis distance (Wojke et al. 2017, eq. 1 and 2).

    The distance is a sum over coordinates, so a pair inside the gate is inside it along x alone: that is the sweep.

    Args:
        expected, innovation: `(N, 4)` from `kalman.project`.
        xyah: `(M, 4)` measurements.
        gate: largest squared distance.
    """
    # The reach is widened by a hair so that rounding can't lose a pair that lies on the gate itself.
    reach = np.sqrt(gate * innovation[:, 0]) * (1 + 1e-9)
    tracks, detections = sweep_pairs(expected[:, 0] - reach, expected[:, 0] + reach, xyah[:, 0])
    distances = kalman.gating_distance(expected[tracks], innovation[tracks], xyah[detections])
    return Pairs(tracks, detections, distances)[distances <= gate]


def iou_pairs(track_xyxy: Array, detection_xyxy: Array, max_distance: float) -> Pairs:
    """The pairs that overlap, at 1 - IoU, up to `max_distance`."""
    if not len(track_xyxy) or not len(detection_xyxy):
        return Pairs(np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0))
    centres = (track_xyxy[:, 0] + track_xyxy[:, 2]) / 2
    widest = np.max(detection_xyxy[:, 2] - detection_xyxy[:, 0])
    reach = (np.abs(track_xyxy[:, 2] - track_xyxy[:, 0]) + widest) / 2 * (1 + 1e-9)
    detection_centres = (detection_xyxy[:, 0] + detection_xyxy[:, 2]) / 2
    tracks, detections = sweep_pairs(centres - reach, centres + reach, detection_centres)
    costs = 1.0 - pairwise_iou(track_xyxy[tracks], detection_xyxy[detections])
    return Pairs(tracks, detections, costs)[costs <= max_distance]


def matching_cascade(pairs: Pairs, levels: npt.NDArray[np.int64], max_cost: float) -> tuple[Index, Index]:
    """Match level by level: tracks seen most recently choose first (Wojke et al. 2017, listing 1).

    Args:
        pairs: gated pairs with their costs.
        levels: `(N,)` frames since each track was last seen.
        max_cost: gate on the costs.
    """
    level_of_pair = levels[pairs.tracks]
    taken = np.zeros(int(pairs.detections.max()) + 1 if len(pairs) else 0, np.bool_)
    tracks, detections = [np.empty(0, np.intp)], [np.empty(0, np.intp)]
    for level in np.unique(level_of_pair):
        candidates = pairs[(level_of_pair == level) & ~taken[pairs.detections]]
        matched_tracks, matched_detections = assign(candidates, max_cost)
        taken[matched_detections] = True
        tracks.append(matched_tracks)
        detections.append(matched_detections)
    return np.concatenate(tracks), np.concatenate(detections)


def mutually_nearest(pairs: Pairs) -> npt.NDArray[np.bool_]:
    """Which pairs are each other's cheapest: what a greedy look at these costs alone would match; `(P,)`."""
    if not len(pairs):
        return np.zeros(0, np.bool_)
    of_track = np.full(int(pairs.tracks.max()) + 1, np.inf)
    of_detection = np.full(int(pairs.detections.max()) + 1, np.inf)
    np.minimum.at(of_track, pairs.tracks, pairs.costs)
    np.minimum.at(of_detection, pairs.detections, pairs.costs)
    best_of_both: npt.NDArray[np.bool_] = np.logical_and(
        pairs.costs == of_track[pairs.tracks], pairs.costs == of_detection[pairs.detections]
    )
    return best_of_both


def with_costs(pairs: Pairs, costs: Array) -> Pairs:
    """The same pairs at other costs."""
    return replace(pairs, costs=costs)
