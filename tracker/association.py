"""Which detection belongs to which track: the stages of DeepSORT, each from gated pairs to matches.

Tracks and detections are numbered by their position in the arrays given; `Pairs` are ordered by track, then detection.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from . import kalman
from .boxes import iou_matrix, pairwise_iou
from .pairs import Index, Mask, Pairs, are_few, are_many, pairs_within, touching_pairs

__all__ = ["iou_pairs", "motion_pairs", "mutually_nearest"]

Array = npt.NDArray[np.float64]


def motion_pairs(expected: Array, innovation: Array, xyah: Array, gate: float) -> Pairs:
    """The pairs inside the motion gate, at their squared Mahalanobis distance (Wojke et al. 2017, eq. 1 and 2).

    The distance is a sum over coordinates, so a pair inside the gate is inside it along x and along y alone: that is
    the rectangle in which a track looks.

    Args:
        expected, innovation: `(N, 4)` from `kalman.project`.
        xyah: `(M, 4)` measurements.
        gate: largest squared distance.
    """
    expected, innovation, measured = expected.T.copy(), innovation.T.copy(), xyah.T.copy()
    if are_few(expected.shape[1], measured.shape[1]):
        matrix = kalman.gating_distance(expected[:, :, None], innovation[:, :, None], measured[:, None])
        inside = matrix <= gate
        tracks, detections = inside.nonzero()
        return Pairs(tracks, detections, matrix[inside])
    reach, centres = np.sqrt(gate * innovation[:2]) * kalman.HAIR, expected[:2]
    tracks, detections = pairs_within(centres - reach, centres + reach, measured[:2])
    distances = kalman.gating_distance(
        expected.take(tracks, axis=1), innovation.take(tracks, axis=1), measured.take(detections, axis=1)
    )
    near = (distances <= gate).nonzero()[0]
    return Pairs(tracks.take(near), detections.take(near), distances.take(near))


def iou_pairs(track_xyxy: Array, detection_xyxy: Array, max_distance: float) -> Pairs:
    """The pairs that overlap, at 1 - IoU, up to `max_distance`."""
    if are_few(len(track_xyxy), len(detection_xyxy)):
        matrix = 1.0 - iou_matrix(track_xyxy, detection_xyxy)
        inside = _within(matrix, max_distance)
        tracks, detections = inside.nonzero()
        return Pairs(tracks, detections, matrix[inside])
    if are_many(len(track_xyxy), len(detection_xyxy)):
        tracks, detections = _overlapping(track_xyxy.T.copy(), detection_xyxy.T.copy(), max_distance)
    else:
        boxes, others = track_xyxy.T.copy(), detection_xyxy.T.copy()
        tracks, detections = touching_pairs(boxes[:2], boxes[2:], others[:2], others[2:])
    costs = 1.0 - pairwise_iou(track_xyxy.take(tracks, axis=0), detection_xyxy.take(detections, axis=0))
    near = _within(costs, max_distance).nonzero()[0]
    return Pairs(tracks.take(near), detections.take(near), costs.take(near))


def _within(distances: Array, most: float) -> Mask:
    """Which are small enough, and of boxes that overlap at all."""
    return np.asarray(distances <= most if most < 1 else distances < 1)


def _overlapping(track_xyxy: Array, detection_xyxy: Array, max_distance: float) -> tuple[Index, Index]:
    """Candidates for `iou_pairs`, from boxes with coordinates as rows, `(4, N)` and `(4, M)`.

    Along an axis, boxes of sizes s and t overlap by at most the share (s + t - 2d) / (s + t + 2d) of their union when
    their centres are d apart, and by at most s / t. Both bound the IoU, and so the distance from which it is too small.
    """
    least = max(1 - max_distance, 0.0)
    sizes, others = track_xyxy[2:] - track_xyxy[:2], detection_xyxy[2:] - detection_xyxy[:2]
    largest_other = np.maximum.reduce(others, axis=1)[:, None]
    largest = np.minimum(largest_other, sizes / max(least, 1e-6) * kalman.HAIR)
    reach = (sizes + largest) * ((1 - least) / (1 + least) / 2 * kalman.HAIR) + 1e-6
    centres = (track_xyxy[:2] + track_xyxy[2:]) / 2
    detection_centres = (detection_xyxy[:2] + detection_xyxy[2:]) / 2
    return pairs_within(centres - reach, centres + reach, detection_centres)


def mutually_nearest(pairs: Pairs, rivals: Index | None = None) -> Mask:
    """Which pairs are each other's cheapest: what a greedy look at these costs alone would match; `(P,)`.

    Args:
        rivals: `pairs.contested()`, where it is known already.
    """
    nearest = np.ones(len(pairs), np.bool_)
    contested = pairs.contested() if rivals is None else rivals
    if not len(contested):
        return nearest
    tracks, detections = pairs.tracks.take(contested), pairs.detections.take(contested)
    costs = pairs.costs.take(contested)
    of_track = np.full(int(np.maximum.reduce(tracks)) + 1, np.inf)
    of_detection = np.full(int(np.maximum.reduce(detections)) + 1, np.inf)
    np.minimum.at(of_track, tracks, costs)
    np.minimum.at(of_detection, detections, costs)
    nearest[contested] = (costs == of_track.take(tracks)) & (costs == of_detection.take(detections))
    return nearest
