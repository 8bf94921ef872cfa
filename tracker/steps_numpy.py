"""The steps of a frame by NumPy: a few expressions over whole columns of the table. See `steps.Steps`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from . import existence, kalman
from .assignment import ranked
from .association import iou_pairs, mutually_nearest
from .association import motion_pairs as pairs_in_gate
from .border import is_leaving, remember_border
from .boxes import LEAST_SIDE, xyah_to_xyxy, xyxy_to_xyah
from .config import TrackerConfig
from .gallery import Gallery, normalise_rows
from .kalman import MotionNoise
from .measured import Measured
from .pairs import Index, Mask, Pairs
from .table import CONFIRMED, SHOWN_MISSES, TENTATIVE, TrackTable

__all__ = [
    "admit",
    "contested",
    "corners",
    "correct",
    "distances",
    "dying",
    "motion_pairs",
    "mutually_nearest",
    "nearest_in_turn",
    "normalised",
    "overlaps",
    "predict",
    "push",
    "remember",
    "shown",
]

Array = npt.NDArray[np.float64]
Embeddings = npt.NDArray[np.float32]
Levels = npt.NDArray[np.int64]

_NEVER = np.iinfo(np.int64).max


def admit(xyxy: Array, scores: npt.NDArray[np.float32], low: float, high: float) -> Array | None:
    if len(xyxy):
        if not (_least(xyxy) >= low and _most(xyxy) <= high):
            return None
        if not (_least(xyxy[:, 2:] - xyxy[:, :2]) > LEAST_SIDE and abs(np.add.reduce(scores)) < np.inf):
            return None
    return xyxy_to_xyah(xyxy)


def _least(values: Array) -> float:
    """The least number, NaN if there is one; asking for its place takes half as long as `min`, as there are so few."""
    return values.item(values.argmin())


def _most(values: Array) -> float:
    return values.item(values.argmax())


def predict(table: TrackTable, noise: MotionNoise, *, looked: bool) -> Array:
    kalman.advance(table.mean, table.covariance, noise)
    table.time_since_update += 1
    table.misses += looked
    table.detection[:] = -1
    return kalman.project(table.mean, table.covariance, noise)[1]


def motion_pairs(
    table: TrackTable, innovation: Array, tracks: Index, xyah: Array, detections: Index, gate: float
) -> Pairs:
    expected, variances = table.mean[..., 0].take(tracks, axis=0), innovation.take(tracks, axis=0)
    return _renumbered(pairs_in_gate(expected, variances, xyah.take(detections, axis=0), gate), tracks, detections)


def overlaps(boxes: Array, tracks: Index, others: Array, detections: Index, max_distance: float) -> Pairs:
    return _renumbered(iou_pairs(boxes, others.take(detections, axis=0), max_distance), tracks, detections)


def _renumbered(pairs: Pairs, tracks: Index, detections: Index) -> Pairs:
    return Pairs(tracks.take(pairs.tracks), detections.take(pairs.detections), pairs.costs)


def corners(table: TrackTable, rows: Index) -> Array:
    return xyah_to_xyxy(table.mean[..., 0].take(rows, axis=0))


def correct(
    table: TrackTable, rows: Index, innovation: Array, xyah: Array, matched: Index, shares: Array | None
) -> None:
    mean, covariance = table.mean.take(rows, axis=0), table.covariance.take(rows, axis=0)
    variances, measured = innovation.take(rows, axis=0), xyah.take(matched, axis=0)
    table.mean[rows], table.covariance[rows] = kalman.correct(mean, covariance, variances, measured, shares)


def remember(
    table: TrackTable,
    rows: Index,
    detections: Measured,
    matched: Index,
    time_s: float,
    frame_size: tuple[int, int] | None,
    *,
    border: bool,
) -> None:
    table.time_since_update[rows] = 0
    table.misses[rows] = 0
    table.score[rows] = detections.scores.take(matched)
    table.class_id[rows] = detections.class_ids.take(matched)
    table.detection[rows] = detections.source.take(matched)
    table.seen_s[rows] = time_s
    if border:
        remember_border(table, rows, detections.xyxy.take(matched, axis=0), frame_size)


def dying(table: TrackTable, config: TrackerConfig, time_s: float) -> tuple[Mask, int]:
    missed = table.misses > 0
    if config.confirm_evidence:  # what was not seen is less likely there
        np.subtract(table.log_odds, config.miss_evidence, out=table.log_odds, where=missed)
        np.maximum(table.log_odds, existence.LEAST_EVIDENCE, out=table.log_odds)
    tentative = table.state == TENTATIVE
    never_confirmed = tentative & missed
    by_seconds = config.max_age_s > 0
    old = time_s - table.seen_s > config.max_age_s if by_seconds else table.time_since_update > config.max_age
    return never_confirmed | (old & ~tentative), int(np.count_nonzero(never_confirmed))


def shown(table: TrackTable, config: TrackerConfig) -> Index:
    visible = (table.state == CONFIRMED) & (table.misses <= SHOWN_MISSES)
    if config.confirm_evidence:
        visible &= table.log_odds >= existence.SHOWN_EVIDENCE
    if config.border_share:
        visible &= ~is_leaving(table, config)
    rows: Index = visible.nonzero()[0]
    return rows


def distances(gallery: Gallery, slots: Index, embeddings: Embeddings, detections: Index, gate: float | None) -> Array:
    return gallery.distances(slots, embeddings.take(detections, axis=0), gate)


def push(gallery: Gallery, slots: Index, embeddings: Embeddings, matched: Index) -> None:
    gallery.push(slots, embeddings.take(matched, axis=0))


def contested(pairs: Pairs) -> Index:
    return pairs.contested()


def nearest_in_turn(pairs: Pairs, level: Levels, rivals: Index, matched: Index) -> Mask:
    nearest = np.ones(len(pairs), np.bool_)
    nearest[rivals] = False
    taken_at = np.full(int(np.maximum.reduce(pairs.detections)) + 1, _NEVER)
    taken_at[pairs.detections.take(matched)] = level.take(matched)
    seen = rivals[level.take(rivals) <= taken_at.take(pairs.detections.take(rivals))]
    # A detection meets each level anew: for this count it is another one there.
    num_levels, rank = ranked(level.take(seen))
    meeting = pairs.detections.take(seen) * num_levels + rank
    nearest[seen] = mutually_nearest(Pairs(pairs.tracks.take(seen), meeting, pairs.costs.take(seen)))
    return nearest


def normalised(vectors: Embeddings) -> Embeddings:
    return normalise_rows(vectors)
