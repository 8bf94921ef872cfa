"""Who is who in one frame: the stages that match tracks with detections, in their order.

The paper's: confirmed tracks by appearance under a motion gate, level by level, then the rest by overlap. Then what a
preset may switch on: weak detections for tracks that are left over (ByteTrack, Zhang et al. 2022, arXiv:2110.06864).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .assignment import assign
from .association import iou_pairs, motion_pairs
from .cascade import NOBODY, Match, matching_cascade
from .class_groups import group_of
from .config import TrackerConfig
from .gallery import Gallery
from .measured import NEUTRAL, Measured
from .observation import turning
from .pairs import Index, Mask, Pairs, with_costs
from .table import CONFIRMED, TENTATIVE, TrackTable
from .types import Evidence

__all__ = ["Matches", "Matching"]

Array = npt.NDArray[np.float64]

_LOW_SCORE_IOU_DISTANCE = 0.5
"""Gate of the low-score stage, stricter than the IoU stage since such boxes are often wrong (ByteTrack, stage two)."""
_MOST_AT_ONCE = 1 << 17
"""Pairs whose embeddings are compared at once: some hundred MB, whatever the crowd."""


@dataclass(slots=True)
class Matches:
    """`rows[i]` of the table was matched with detection `detections[i]`, both `(K,)`.

    Attributes:
        evidence: what appearance did for it.
    """

    rows: Index
    detections: Index
    evidence: Evidence


@dataclass(slots=True)
class _Free:
    """Which tracks and detections nobody has taken yet, `(N,)` and `(M,)`."""

    tracks: Mask
    detections: Mask

    def take(self, tracks: Index, detections: Index) -> None:
        self.tracks[tracks] = False
        self.detections[detections] = False


@dataclass(slots=True)
class Matching:
    """The tracks and detections of one frame, to be matched.

    Attributes:
        probabilities: `(N,)`, what each detection's score says of it: the score itself, or its calibration.
        innovation: `(T, 4)` from `kalman.project`, of all tracks.
        time_s: of this frame.
    """

    table: TrackTable
    gallery: Gallery
    config: TrackerConfig
    detections: Measured
    probabilities: Array
    innovation: Array
    time_s: float

    def solve(self) -> Matches:
        """Cascade, then IoU, then low-score detections."""
        config, table = self.config, self.table
        free = _Free(np.ones(len(table), np.bool_), self.probabilities >= config.low_score)
        any_low = np.count_nonzero(free.detections) < len(self.detections)
        by_appearance, evidence = self._cascade(free)
        stages = [by_appearance]
        if np.count_nonzero(free.detections):
            # A thousandth of a second for time stamps that were rounded.
            recent = self.time_s - table.seen_s <= config.recover_s + 1e-3
            eligible = (table.misses <= config.iou_max_misses) | recent
            stages.append(self._overlap(free, eligible, config.max_iou_distance))
        if any_low:
            free.detections = self.probabilities < config.low_score
            seen_before = (table.misses == 1) & (table.state == CONFIRMED)
            stages.append(self._overlap(free, seen_before, _LOW_SCORE_IOU_DISTANCE, plain=True))
        found = [stage for stage in stages if len(stage[0])]
        tracks, detections = found[0] if len(found) == 1 else map(np.concatenate, zip(*stages, strict=True))
        return Matches(tracks, detections, evidence)

    def _cascade(self, free: _Free) -> tuple[Match, Evidence]:
        """Confirmed tracks by appearance under the motion gate; none where there are no embeddings."""
        table, config = self.table, self.config
        if not self.detections.embeddings.shape[1]:
            return NOBODY, Evidence()
        confirmed = table.state == CONFIRMED
        if not config.max_age_s:
            confirmed &= table.time_since_update <= config.max_age
        tracks, detections = confirmed.nonzero()[0], free.detections.nonzero()[0]
        chosen, evidence = matching_cascade(
            tracks, table.misses, detections, self._near, self._appearance, config.max_cosine_distance
        )
        free.take(*chosen)
        return chosen, evidence

    def _near(self, tracks: Index, detections: Index) -> Pairs:
        """The pairs of rows of the table and detections inside the motion gate."""
        expected, innovation = self.table.mean[..., 0].take(tracks, axis=0), self.innovation.take(tracks, axis=0)
        measured = self.detections.xyah.take(detections, axis=0)
        pairs = motion_pairs(expected, innovation, measured, self.config.motion_gate)
        return self._of_one_group(_renumbered(pairs, tracks, detections))

    def _appearance(self, pairs: Pairs, exact: bool) -> Array:
        """Cosine distances of pairs; unless exact, right about the gate alone."""
        if len(pairs) > _MOST_AT_ONCE:
            starts = range(0, len(pairs), _MOST_AT_ONCE)
            parts = [self._appearance(pairs[slice(start, start + _MOST_AT_ONCE)], exact) for start in starts]
            return np.concatenate(parts)
        gate, known = self.config.max_cosine_distance, self.detections.known
        embeddings = self.detections.embeddings.take(pairs.detections, axis=0)
        distances = self.gallery.distances(self.table.slot.take(pairs.tracks), embeddings, None if exact else gate)
        return distances if known is None else np.where(known.take(pairs.detections), distances, NEUTRAL * gate)

    def _overlap(self, free: _Free, eligible: Mask, max_distance: float, *, plain: bool = False) -> Match:
        """Free tracks among the eligible ones with free detections, by IoU."""
        tracks, detections = (free.tracks & eligible).nonzero()[0], free.detections.nonzero()[0]
        if not len(tracks) or not len(detections):
            return NOBODY
        boxes = self.detections.xyxy.take(detections, axis=0)
        pairs = iou_pairs(self.table.expected_xyxy(tracks), boxes, max_distance)
        pairs, extra = self._of_one_group(_renumbered(pairs, tracks, detections)), 0.0
        if not plain:
            pairs, extra = self._with_doubts(pairs)
        matched = assign(pairs, max_distance + extra)
        chosen = pairs.tracks[matched], pairs.detections[matched]
        free.take(*chosen)
        return chosen

    def _of_one_group(self, pairs: Pairs) -> Pairs:
        """The pairs whose classes may be one object."""
        groups = self.config.groups
        if not groups:
            return pairs
        classes, found = self.table.class_id.take(pairs.tracks), self.detections.class_ids.take(pairs.detections)
        return pairs[group_of(classes, groups) == group_of(found, groups)]

    def _with_doubts(self, pairs: Pairs) -> tuple[Pairs, float]:
        """The pairs with what speaks against them added to their costs, and the most that can be.

        The gate is on the overlap alone; doubts only decide between pairs that compete.
        """
        config = self.config
        most = config.tentative_penalty + config.doubt_penalty + config.direction_penalty
        if most == 0 or not len(pairs):
            return pairs, 0.0
        rows, candidates = pairs.tracks, pairs.detections
        sure = self.probabilities.take(candidates)
        costs = pairs.costs + config.doubt_penalty * (1 - sure)
        costs += config.tentative_penalty * (self.table.state.take(rows) == TENTATIVE)
        if config.direction_penalty:
            turned = turning(self.table.path[rows], self.detections.xyah[candidates, :2], self.table.last_xyxy[rows])
            costs += config.direction_penalty * turned * sure
        return with_costs(pairs, costs), most


def _renumbered(pairs: Pairs, tracks: Index, detections: Index) -> Pairs:
    """Pairs among some tracks and detections, by their numbers among all."""
    return Pairs(tracks.take(pairs.tracks), detections.take(pairs.detections), pairs.costs)
