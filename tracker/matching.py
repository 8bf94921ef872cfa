"""Who is who in one frame: the stages that match tracks with detections, in their order.

The paper's: confirmed tracks by appearance under a motion gate, level by level, then the rest by overlap. Then what a
preset may switch on: weak detections for tracks that are left over (ByteTrack, Zhang et al. 2022, arXiv:2110.06864).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from . import kalman
from .ambiguity import NEUTRAL
from .assignment import Index, Pairs, assign
from .association import iou_pairs, matching_cascade, motion_pairs, mutually_nearest, with_costs
from .boxes import xyah_to_xyxy
from .config import TrackerConfig
from .door import Measured
from .gallery import Gallery
from .observation import turning
from .table import CONFIRMED, TENTATIVE, TrackTable
from .types import Evidence

__all__ = ["Matches", "Matching"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_LOW_SCORE_IOU_DISTANCE = 0.5
"""Gate of the low-score stage, stricter than the IoU stage since such boxes are often wrong (ByteTrack, stage two)."""


@dataclass(frozen=True)
class Matches:
    """`rows[i]` of the table was matched with detection `detections[i]`, both `(K,)`."""

    rows: Index
    detections: Index
    evidence: Evidence


@dataclass(frozen=True)
class Matching:
    """The tracks and detections of one frame, to be matched.

    Attributes:
        probabilities: `(N,)`, what each detection's score says of it: the score itself, or its calibration.
        time_s: of this frame.
    """

    table: TrackTable
    gallery: Gallery
    config: TrackerConfig
    detections: Measured
    probabilities: Array
    time_s: float

    def solve(self) -> Matches:
        """Cascade, then IoU, then low-score detections."""
        config, rows = self.config, self.table.rows
        misses, low = self.table.misses[rows], self.probabilities < config.low_score
        # A thousandth of a second for time stamps that were rounded.
        recent = self.time_s - self.table.seen_s[rows] <= config.recover_s + 1e-3
        tracks, matched, evidence = self._cascade(~low)
        for free_detections, max_distance, eligible, plain in (
            (~low, config.max_iou_distance, (misses <= config.iou_max_misses) | recent, False),
            (low, _LOW_SCORE_IOU_DISTANCE, (misses == 1) & (self.table.state[rows] == CONFIRMED), True),
        ):
            free_tracks = np.setdiff1d(np.flatnonzero(eligible), tracks)
            candidates = np.setdiff1d(np.flatnonzero(free_detections), matched)
            more_tracks, more = self._overlap(free_tracks, candidates, max_distance, plain=plain)
            tracks, matched = np.concatenate((tracks, more_tracks)), np.concatenate((matched, more))
        evidence += Evidence(matches=len(tracks), rejected=self.detections.rejected)
        return Matches(rows[tracks], matched, evidence)

    def _cascade(self, usable: Mask) -> tuple[Index, Index, Evidence]:
        """Confirmed tracks by appearance under the motion gate; none where there are no embeddings."""
        table, config, rows = self.table, self.config, self.table.rows
        if not self.detections.embeddings.shape[1]:
            return np.empty(0, np.intp), np.empty(0, np.intp), Evidence()
        alive = np.ones(len(rows), np.bool_) if config.max_age_s else table.time_since_update[rows] <= config.max_age
        confirmed = np.flatnonzero((table.state[rows] == CONFIRMED) & alive)
        candidates = np.flatnonzero(usable)
        expected, innovation = kalman.project(
            table.mean[rows[confirmed]], table.covariance[rows[confirmed]], config.noise
        )
        near = motion_pairs(expected, innovation, self.detections.xyah[candidates], config.motion_gate)
        levels = table.misses[rows[confirmed]]
        appearance = self.gallery.distances(
            rows[confirmed][near.tracks], self.detections.embeddings[candidates[near.detections]]
        )
        if self.detections.known is not None:
            unknown = ~self.detections.known[candidates[near.detections]]
            appearance = np.where(unknown, NEUTRAL * config.max_cosine_distance, appearance)
        tracks, matched = matching_cascade(with_costs(near, appearance), levels, config.max_cosine_distance)
        evidence = _appearance_evidence(near, appearance, tracks, matched, levels, config.max_cosine_distance)
        return confirmed[tracks], candidates[matched], evidence

    def _overlap(
        self, free_tracks: Index, candidates: Index, max_distance: float, *, plain: bool
    ) -> tuple[Index, Index]:
        rows = self.table.rows[free_tracks]
        pairs = iou_pairs(xyah_to_xyxy(self.table.mean[rows, :, 0]), self.detections.xyxy[candidates], max_distance)
        extra = 0.0
        if not plain:
            pairs, extra = self._with_doubts(pairs, rows, candidates)
        tracks, matched = assign(pairs, max_distance + extra)
        return free_tracks[tracks], candidates[matched]

    def _with_doubts(self, pairs: Pairs, rows: Index, candidates: Index) -> tuple[Pairs, float]:
        """The pairs with what speaks against them added to their costs, and the most that can be.

        The gate is on the overlap alone; doubts only decide between pairs that compete.
        """
        config = self.config
        most = config.tentative_penalty + config.doubt_penalty + config.direction_penalty
        if most == 0:
            return pairs, 0.0
        sure = self.probabilities[candidates[pairs.detections]]
        costs = pairs.costs + config.doubt_penalty * (1 - sure)
        costs = costs + config.tentative_penalty * (self.table.state[rows[pairs.tracks]] == TENTATIVE)
        if config.direction_penalty:
            centres = self.detections.xyah[candidates[pairs.detections], :2]
            turned = turning(self.table.path[rows[pairs.tracks]], centres, self.table.last_xyxy[rows[pairs.tracks]])
            costs = costs + config.direction_penalty * turned * sure
        return with_costs(pairs, costs), most


def _appearance_evidence(
    near: Pairs, appearance: Array, tracks: Index, matched: Index, levels: npt.NDArray[np.int64], gate: float
) -> Evidence:
    """What appearance changed against a look at motion alone."""
    by_motion = mutually_nearest(near)
    partner = np.full(len(levels), -1)
    partner[tracks] = matched
    chosen = partner[near.tracks] == near.detections
    return Evidence(
        by_appearance=len(tracks),
        appearance_decided=int(np.sum(chosen & ~by_motion)),
        recovered=int(np.sum(levels[tracks] > 1)),
        vetoed=int(np.sum(by_motion & (appearance > gate))),
    )
