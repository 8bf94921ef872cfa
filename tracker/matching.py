"""Who is who in one frame: the stages that match tracks with detections, in their order.

The paper's: confirmed tracks by appearance under a motion gate, level by level, then the rest by overlap. With
`overlap_first` the other way round: overlap chooses, and appearance decides between those who compete; who is left is
looked for by appearance alone, among more strangers and so under a stricter gate. Then what a preset may switch on:
weak detections for tracks that are left over (ByteTrack, Zhang et al. 2022, arXiv:2110.06864).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .assignment import assign
from .association import iou_pairs, motion_pairs
from .cascade import NOBODY, Match, matching_cascade
from .class_groups import group_of
from .clock import ROUNDING_S
from .config import TrackerConfig
from .gallery import Gallery
from .measured import NEUTRAL, Measured
from .pairs import Index, Mask, Pairs, with_costs
from .table import CONFIRMED, TENTATIVE, TrackTable
from .types import Evidence

__all__ = ["Matches", "Matching", "seen_lately"]

Array = npt.NDArray[np.float64]
Levels = npt.NDArray[np.int64]

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
    _decided: int = 0

    def solve(self) -> Matches:
        """Cascade, then IoU (or the other way round), then low-score detections."""
        config, table = self.config, self.table
        free = _Free(np.ones(len(table), np.bool_), self.probabilities >= config.low_score)
        any_low = np.count_nonzero(free.detections) < len(self.detections)
        if config.overlap_first:
            stages = [self._by_overlap(free)]
            by_appearance, evidence = self._cascade(free)
            stages.append(by_appearance)
            evidence += Evidence(by_appearance=self._decided, appearance_decided=self._decided)
        else:
            by_appearance, evidence = self._cascade(free)
            stages = [by_appearance, self._by_overlap(free)]
        if any_low:
            free.detections = self.probabilities < config.low_score
            seen_before = (table.misses == 1) & (table.state == CONFIRMED)
            stages.append(self._overlap(free, seen_before, _LOW_SCORE_IOU_DISTANCE, plain=True))
        found = [stage for stage in stages if len(stage[0])]
        tracks, detections = found[0] if len(found) == 1 else map(np.concatenate, zip(*stages, strict=True))
        return Matches(tracks, detections, evidence)

    @property
    def _gate(self) -> float:
        """Largest cosine distance in the appearance stage."""
        return self.config.max_cosine_distance * (self.config.lost_gate if self.config.overlap_first else 1.0)

    def _by_overlap(self, free: _Free) -> Match:
        """Free tracks that were seen lately, by IoU."""
        eligible = seen_lately(self.table, self.config, self.table.misses, self.time_s)
        return self._overlap(free, eligible, self.config.max_iou_distance)

    def _cascade(self, free: _Free) -> tuple[Match, Evidence]:
        """Confirmed tracks by appearance under the motion gate; none where there are no embeddings."""
        table, config = self.table, self.config
        if not self.detections.embeddings.shape[1]:
            return NOBODY, Evidence()
        confirmed = free.tracks & (table.state == CONFIRMED)
        if not config.max_age_s:
            confirmed &= table.time_since_update <= config.max_age
        tracks, detections = confirmed.nonzero()[0], free.detections.nonzero()[0]
        chosen, evidence = matching_cascade(tracks, table.misses, detections, self._near, self._appearance, self._gate)
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
        gate, known = self._gate, self.detections.known
        distances = self._distances(pairs, None if exact else gate)
        if known is None:
            return distances
        # Who was left over by overlap is no one's by motion: without an appearance there is nothing to know them by.
        unknown = np.inf if self.config.overlap_first else NEUTRAL * gate
        return np.where(known.take(pairs.detections), distances, unknown)

    def _distances(self, pairs: Pairs, gate: float | None = None) -> Array:
        """As `Gallery.distances`, of pairs; a crowd's in parts."""
        if len(pairs) > _MOST_AT_ONCE:
            starts = range(0, len(pairs), _MOST_AT_ONCE)
            return np.concatenate([self._distances(pairs[slice(at, at + _MOST_AT_ONCE)], gate) for at in starts])
        embeddings = self.detections.embeddings.take(pairs.detections, axis=0)
        return self.gallery.distances(self.table.slot.take(pairs.tracks), embeddings, gate)

    def _overlap(self, free: _Free, eligible: Mask, max_distance: float, *, plain: bool = False) -> Match:
        """Free tracks among the eligible ones with free detections, by IoU."""
        tracks, detections = (free.tracks & eligible).nonzero()[0], free.detections.nonzero()[0]
        if not len(tracks) or not len(detections):
            return NOBODY
        boxes = self.detections.xyxy.take(detections, axis=0)
        pairs = iou_pairs(self.table.expected_xyxy(tracks), boxes, max_distance)
        near, extra = self._of_one_group(_renumbered(pairs, tracks, detections)), 0.0
        pairs = near
        if not plain:
            pairs, extra = self._with_doubts(near)
        matched = assign(pairs, max_distance + extra)
        if self._weight:
            self._decided += _differences(near, matched, max_distance)
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
        weight = self._weight
        most = config.tentative_penalty + config.doubt_penalty + weight
        if most == 0 or not len(pairs):
            return pairs, 0.0
        sure = self.probabilities.take(pairs.detections)
        costs = pairs.costs + config.doubt_penalty * (1 - sure)
        costs += config.tentative_penalty * (self.table.state.take(pairs.tracks) == TENTATIVE)
        if weight:
            competing = pairs.contested()
            costs[competing] += weight * self._unlikeness(pairs[competing])
        return with_costs(pairs, costs), most

    @property
    def _weight(self) -> float:
        """Of appearance in the IoU stage; 0 where there is none."""
        return self.config.appearance_weight if self.detections.embeddings.shape[1] else 0.0

    def _unlikeness(self, pairs: Pairs) -> Array:
        """`(P,)`, 0 for the same appearance, 1/2 at the gate or where one is not known, 1 from twice the gate on."""
        slots, known = self.table.slot.take(pairs.tracks), self.detections.known
        distances = self._distances(pairs)
        unlikeness = np.minimum(distances / max(2 * self.config.max_cosine_distance, 1e-9), 1.0)
        unlikeness[self.gallery.pushed.take(slots) == 0] = 0.5
        return unlikeness if known is None else np.where(known.take(pairs.detections), unlikeness, 0.5)


def _differences(near: Pairs, matched: Mask, max_distance: float) -> int:
    """How many of the matches overlap alone would not have made."""
    rivals = near.contested()  # nobody else can be matched otherwise
    if not len(rivals):
        return 0
    return int(np.count_nonzero(matched[rivals] & ~assign(near[rivals], max_distance)))


def seen_lately(table: TrackTable, config: TrackerConfig, misses: Levels, time_s: float) -> Mask:
    """`(T,)`, which tracks overlap alone may find again.

    Args:
        misses: `(T,)`, detector frames since each was last seen, this one included.
        time_s: of this frame.
    """
    return np.asarray((misses <= config.iou_max_misses) | (time_s - table.seen_s <= config.recover_s + ROUNDING_S))


def _renumbered(pairs: Pairs, tracks: Index, detections: Index) -> Pairs:
    """Pairs among some tracks and detections, by their numbers among all."""
    return Pairs(tracks.take(pairs.tracks), detections.take(pairs.detections), pairs.costs)
