"""DeepSORT: boxes and embeddings of a frame in, tracks out (Wojke, Bewley, Paulus 2017, arXiv:1703.07402).

`DeepSort.update` is the method, top to bottom: predict, match by appearance under a motion gate, match the rest by
overlap, then let matched tracks learn, missed ones age, and unmatched detections start tracks.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from . import kalman
from .assignment import Index, Pairs, assign
from .association import iou_pairs, matching_cascade, motion_pairs, mutually_nearest, with_costs
from .boxes import xyah_to_xyxy
from .config import TrackerConfig
from .door import Measured, admit
from .gallery import Gallery
from .table import CONFIRMED, TENTATIVE, TrackTable
from .types import Evidence, Tracks

__all__ = ["DeepSort"]

Array = npt.NDArray[np.float64]

_LOW_SCORE_IOU_DISTANCE = 0.5
"""Gate of the low-score stage, stricter than the IoU stage since such boxes are often wrong (ByteTrack, stage two)."""

_SHOWN_MISSES = 1
"""A confirmed track is still reported, with its predicted box, this many detector frames after its last match."""


class DeepSort:
    """Tracks the objects of one video. One object a video: `reset()` or a new one before the next.

    Example:
        >>> tracker = DeepSort()
        >>> for shift in range(4):
        ...     tracks = tracker.update([[10 + shift, 20, 50 + shift, 120]], [0.9])
        >>> tracks.ids.tolist(), tracks.detection_index.tolist()
        ([1], [0])
    """

    def __init__(self, config: TrackerConfig | None = None) -> None:
        self.config = config or TrackerConfig()
        self.reset()

    def reset(self) -> None:
        """Forget everything; ids start from 1 again."""
        self._table = TrackTable()
        self._gallery = Gallery(self.config.gallery_size)
        self._births = 0
        self._ids = 0
        self.evidence = Evidence()

    def __len__(self) -> int:
        """Live tracks: tentative, confirmed and lost."""
        return len(self._table)

    def update(
        self,
        xyxy: npt.ArrayLike,
        scores: npt.ArrayLike,
        class_ids: npt.ArrayLike | None = None,
        embeddings: npt.ArrayLike | None = None,
        *,
        frame_size: tuple[int, int] | None = None,
    ) -> Tracks:
        """Take the detections of the next frame and return its confirmed tracks.

        Boxes that can't be tracked (not finite, without area, far outside) are turned away and counted in `evidence`.

        Args:
            xyxy: `(N, 4)` px; `(0, 4)` or `[]` for a frame without detections.
            scores: `(N,)` confidences.
            class_ids: `(N,)`; 0 for all when left out.
            embeddings: `(N, D)`, any length of row; without them (or with D = 0) overlap alone decides.
            frame_size: width and height in px, to recognise boxes far outside.

        Returns:
            Confirmed tracks seen in this frame or the one before (then with their predicted box).

        Raises:
            ValueError: when the shapes do not fit together, or D changes during a video.
        """
        detections = admit(xyxy, scores, class_ids, embeddings, frame_size)
        self._gallery.check_length(detections.embeddings)
        self._predict(detector_looked=True)
        matched_rows, matched = self._match(detections)
        self._learn(matched_rows, matched, detections)
        self._age()
        self._start(np.setdiff1d(np.arange(len(detections)), matched), detections)
        return self.confirmed()

    def coast(self) -> Tracks:
        """Advance one frame in which no detector looked: tracks move on, and none is held to have missed."""
        self._predict(detector_looked=False)
        return self.confirmed()

    def confirmed(self) -> Tracks:
        """The confirmed tracks of the last frame, as `update` returned them."""
        table, rows = self._table, self._table.rows
        return self._report(rows[(table.state[rows] == CONFIRMED) & (table.misses[rows] <= _SHOWN_MISSES)])

    def tentative(self) -> Tracks:
        """The tracks of the last frame that are not confirmed yet; their id is 0."""
        rows = self._table.rows
        return self._report(rows[self._table.state[rows] == TENTATIVE])

    def _predict(self, *, detector_looked: bool) -> None:
        table, rows = self._table, self._table.rows
        mean, covariance = kalman.predict(table.mean[rows], table.covariance[rows], self.config.noise)
        table.mean[rows], table.covariance[rows] = mean, covariance
        table.time_since_update[rows] += 1
        table.misses[rows] += detector_looked
        table.detection[rows] = -1

    def _match(self, detections: Measured) -> tuple[Index, Index]:
        """Rows of matched tracks and the detections they matched: cascade, then IoU, then low-score detections."""
        config, rows, misses = self.config, self._table.rows, self._table.misses[self._table.rows]
        low = detections.scores < config.low_score
        tracks, matched = self._match_cascade(rows, detections, ~low)
        for free_detections, max_distance, eligible in (
            (~low, config.max_iou_distance, misses <= config.iou_max_misses),
            (low, _LOW_SCORE_IOU_DISTANCE, (misses == 1) & (self._table.state[rows] == CONFIRMED)),
        ):
            free_tracks = np.setdiff1d(np.flatnonzero(eligible), tracks)
            candidates = np.setdiff1d(np.flatnonzero(free_detections), matched)
            more_tracks, more = self._match_iou(rows, free_tracks, detections, candidates, max_distance)
            tracks, matched = np.concatenate((tracks, more_tracks)), np.concatenate((matched, more))
        self.evidence += Evidence(matches=len(tracks), rejected=detections.rejected)
        return rows[tracks], matched

    def _match_cascade(self, rows: Index, detections: Measured, usable: npt.NDArray[np.bool_]) -> tuple[Index, Index]:
        """Confirmed tracks by appearance under the motion gate; none where there are no embeddings."""
        table, config = self._table, self.config
        if not detections.embeddings.shape[1]:
            return np.empty(0, np.intp), np.empty(0, np.intp)
        confirmed = np.flatnonzero((table.state[rows] == CONFIRMED) & (table.time_since_update[rows] <= config.max_age))
        candidates = np.flatnonzero(usable)
        expected, innovation = kalman.project(
            table.mean[rows[confirmed]], table.covariance[rows[confirmed]], config.noise
        )
        near = motion_pairs(expected, innovation, detections.xyah[candidates], config.motion_gate)
        levels = table.misses[rows[confirmed]]
        appearance = self._gallery.distances(
            rows[confirmed][near.tracks], detections.embeddings[candidates[near.detections]]
        )
        tracks, matched = matching_cascade(with_costs(near, appearance), levels, config.max_cosine_distance)
        self._count_appearance(near, appearance, tracks, matched, levels)
        return confirmed[tracks], candidates[matched]

    def _match_iou(
        self, rows: Index, free_tracks: Index, detections: Measured, candidates: Index, max_distance: float
    ) -> tuple[Index, Index]:
        track_xyxy = xyah_to_xyxy(self._table.mean[rows[free_tracks], :, 0])
        pairs = iou_pairs(track_xyxy, detections.xyxy[candidates], max_distance)
        tracks, matched = assign(pairs, max_distance)
        return free_tracks[tracks], candidates[matched]

    def _count_appearance(
        self,
        near: Pairs,
        appearance: npt.NDArray[np.float64],
        tracks: Index,
        matched: Index,
        levels: npt.NDArray[np.int64],
    ) -> None:
        """Add to `evidence` what appearance changed against a look at motion alone."""
        by_motion = mutually_nearest(near)
        partner = np.full(len(levels), -1)
        partner[tracks] = matched
        chosen = partner[near.tracks] == near.detections
        self.evidence += Evidence(
            by_appearance=len(tracks),
            appearance_decided=int(np.sum(chosen & ~by_motion)),
            recovered=int(np.sum(levels[tracks] > 1)),
            vetoed=int(np.sum(by_motion & (appearance > self.config.max_cosine_distance))),
        )

    def _learn(self, rows: Index, matched: Index, detections: Measured) -> None:
        """Matched tracks take in their detection; the ones with enough hits are confirmed and get their id."""
        table = self._table
        mean, covariance = kalman.update(
            table.mean[rows], table.covariance[rows], detections.xyah[matched], self.config.noise
        )
        table.mean[rows], table.covariance[rows] = mean, covariance
        table.hits[rows] += 1
        table.time_since_update[rows] = 0
        table.misses[rows] = 0
        self._remember(rows, matched, detections)
        self._confirm(rows)

    def _age(self) -> None:
        """A tentative track dies on its first miss, a confirmed one when it has not been seen for `max_age` frames."""
        table, rows = self._table, self._table.rows
        tentative = table.state[rows] == TENTATIVE
        unborn = tentative & (table.misses[rows] > 0)
        lost = ~tentative & (table.time_since_update[rows] > self.config.max_age)
        self.evidence += Evidence(unborn=int(unborn.sum()))
        self._gallery.clear(table.remove(unborn | lost))

    def _start(self, unmatched: Index, detections: Measured) -> None:
        """Unmatched detections start tentative tracks."""
        scores = detections.scores[unmatched]
        starting = unmatched[(scores >= self.config.birth_score) & (scores >= self.config.low_score)]
        table, rows = self._table, self._table.add(len(starting))
        table.mean[rows], table.covariance[rows] = kalman.initiate(detections.xyah[starting], self.config.noise)
        table.birth[rows] = self._births + 1 + np.arange(len(rows))
        table.id[rows] = 0
        table.state[rows] = TENTATIVE
        table.hits[rows] = 1
        table.time_since_update[rows] = 0
        table.misses[rows] = 0
        self._births += len(rows)
        self._remember(rows, starting, detections)
        self._confirm(rows)

    def _remember(self, rows: Index, matched: Index, detections: Measured) -> None:
        table = self._table
        table.score[rows] = detections.scores[matched]
        table.class_id[rows] = detections.class_ids[matched]
        table.detection[rows] = detections.source[matched]
        if detections.embeddings.shape[1]:
            self._gallery.reserve(table.capacity, detections.embeddings.shape[1])
            self._gallery.push(rows, detections.embeddings[matched])

    def _confirm(self, rows: Index) -> None:
        """Give the tentative tracks among `rows` that have enough hits their id, in order of birth."""
        table = self._table
        ready = rows[(table.state[rows] == TENTATIVE) & (table.hits[rows] >= self.config.n_init)]
        ready = ready[np.argsort(table.birth[ready])]
        table.state[ready] = CONFIRMED
        table.id[ready] = self._ids + 1 + np.arange(len(ready))
        self._ids += len(ready)

    def _report(self, rows: Index) -> Tracks:
        table = self._table
        return Tracks(
            ids=table.id[rows],
            xyxy=xyah_to_xyxy(table.mean[rows, :, 0]).astype(np.float32),
            scores=table.score[rows],
            class_ids=table.class_id[rows],
            detection_index=table.detection[rows],
            births=table.birth[rows],
        )
