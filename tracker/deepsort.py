"""DeepSORT: boxes and embeddings of a frame in, tracks out (Wojke, Bewley, Paulus 2017, arXiv:1703.07402).

`DeepSort.update` is the method, top to bottom: predict, match (`Matching`: by appearance under a motion gate, the rest
by overlap), then let matched tracks learn, missed ones age, and unmatched detections start tracks. What goes beyond the
paper is off unless the configuration asks for it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from . import existence, kalman
from .assignment import Index
from .border import is_entering, is_leaving, remember_border
from .boxes import xyah_to_xyxy
from .calibration import ScoreCalibration
from .config import TrackerConfig
from .door import Measured, admit, check_motion
from .duplicates import lesser_duplicates
from .gallery import Gallery
from .matching import Matching
from .observation import remember_observation, replay_gap, warp_observations
from .table import CONFIRMED, TENTATIVE, TrackTable
from .types import Evidence, Tracks
from .votes import ClassVotes

__all__ = ["DeepSort"]

Array = npt.NDArray[np.float64]

_SHOWN_MISSES = 1
"""A confirmed track is still reported, with its predicted box, this many detector frames after its last match."""
_FRAME_S = 1 / 30
"""Seconds from one frame to the next where the caller tells no time."""
_LEAST_SHARE = 0.05
"""Of the measured variance, however sure the detector is."""


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
        self._gallery = Gallery(self.config.gallery_size, self.config.appearance_momentum)
        self._calibration = ScoreCalibration()
        self._votes = ClassVotes()
        self._births = 0
        self._ids = 0
        self._time_s = 0.0
        self._frame_size: tuple[int, int] | None = None
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
        time_s: float | None = None,
        motion: npt.ArrayLike | None = None,
        known: npt.ArrayLike | None = None,
    ) -> Tracks:
        """Take the detections of the next frame and return its confirmed tracks.

        Boxes that can't be tracked (not finite, without area, far outside) are turned away and counted in `evidence`.

        Args:
            xyxy: `(N, 4)` px; `(0, 4)` or `[]` for a frame without detections.
            scores: `(N,)` confidences.
            class_ids: `(N,)`; 0 for all when left out.
            embeddings: `(N, D)`, any length of row; without them (or with D = 0) overlap alone decides.
            frame_size: width and height in px, to recognise boxes far outside, and those that the border cuts off.
            time_s: of this frame, from any start; without it, 30 frames make a second.
            motion: `(2, 3)`, where the camera's motion took the px of the frame before; none by default.
            known: `(N,)`, false where the row of `embeddings` stands for nothing (`AppearanceOnDemand`): such a
                detection is matched by motion at a neutral cost, and its looks are not remembered.

        Returns:
            Confirmed tracks seen in this frame or the one before (then with their predicted box).

        Raises:
            ValueError: when the shapes do not fit together, or D changes during a video.
        """
        detections = admit(xyxy, scores, class_ids, embeddings, frame_size, known)
        self._gallery.check_length(detections.embeddings)
        self._frame_size = frame_size
        self._advance(time_s, check_motion(motion), detector_looked=True)
        sure = self._probabilities(detections)
        matches = Matching(self._table, self._gallery, self.config, detections, sure, self._time_s).solve()
        self.evidence += matches.evidence
        self._learn(matches.rows, matches.detections, detections, sure)
        self._age()
        self._start(np.setdiff1d(np.arange(len(detections)), matches.detections), detections, sure)
        return self.confirmed()

    def coast(self, *, time_s: float | None = None, motion: npt.ArrayLike | None = None) -> Tracks:
        """Advance one frame in which no detector looked: tracks move on, and none is held to have missed.

        Args:
            time_s, motion: as in `update`.
        """
        self._advance(time_s, check_motion(motion), detector_looked=False)
        return self.confirmed()

    def confirmed(self) -> Tracks:
        """The confirmed tracks of the last frame, as `update` returned them."""
        table, rows = self._table, self._table.rows
        shown = (table.state[rows] == CONFIRMED) & (table.misses[rows] <= _SHOWN_MISSES)
        if self.config.confirm_evidence:
            shown &= table.log_odds[rows] >= existence.SHOWN_EVIDENCE
        if self.config.border_share:
            shown &= ~is_leaving(table, rows, self.config)
        return self._report(rows[shown])

    def tentative(self) -> Tracks:
        """The tracks of the last frame that are not confirmed yet, without those that wait at the border; id 0."""
        rows = self._table.rows
        waiting = is_entering(self._table, rows, self.config, self._time_s)
        return self._report(rows[(self._table.state[rows] == TENTATIVE) & ~waiting])

    def _advance(self, time_s: float | None, motion: Array | None, *, detector_looked: bool) -> None:
        """Predict every track to the next frame, along with the camera."""
        table, rows = self._table, self._table.rows
        self._time_s = self._time_s + _FRAME_S if time_s is None else float(time_s)
        mean, covariance = table.mean[rows], table.covariance[rows]
        if motion is not None:
            mean, covariance = kalman.warp(mean, covariance, motion)
            warp_observations(table, rows, motion)
            table.whole_area[rows] *= abs(np.linalg.det(motion[:, :2]))
        table.mean[rows], table.covariance[rows] = kalman.predict(mean, covariance, self.config.noise)
        table.time_since_update[rows] += 1
        table.misses[rows] += detector_looked
        table.detection[rows] = -1

    def _probabilities(self, detections: Measured) -> Array:
        """`(N,)`, what the scores say: themselves, or how probably such a detection is real in this video."""
        if self.config.calibrated_scores:
            return self._calibration.observe(detections.xyxy, detections.scores)
        return detections.scores.astype(np.float64)

    def _learn(self, rows: Index, matched: Index, detections: Measured, sure: Array) -> None:
        """Matched tracks take in their detection; the ones that have proved themselves are confirmed, with an id."""
        table, config = self._table, self.config
        xyah, shares = detections.xyah[matched], None
        if config.replay_gaps:
            replay_gap(table, rows, xyah, config)
        if config.score_noise:
            shares = np.maximum(1 - config.score_noise * sure[matched], _LEAST_SHARE)
        mean, covariance = kalman.update(table.mean[rows], table.covariance[rows], xyah, config.noise, shares)
        table.mean[rows], table.covariance[rows] = mean, covariance
        table.hits[rows] += 1
        table.time_since_update[rows] = 0
        table.misses[rows] = 0
        table.log_odds[rows] += existence.hit_evidence(sure[matched])
        self._remember(rows, matched, detections)
        self._confirm(rows)

    def _age(self) -> None:
        """A tentative track dies on its first miss, a confirmed one when it has not been seen for too long."""
        table, config = self._table, self.config
        if config.confirm_evidence:
            self._doubt_missed()
        rows = table.rows
        tentative = table.state[rows] == TENTATIVE
        unborn = tentative & (table.misses[rows] > 0)
        lost = ~tentative & (table.time_since_update[rows] > config.max_age)
        if config.max_age_s:
            lost = ~tentative & (self._time_s - table.seen_s[rows] > config.max_age_s)
        self.evidence += Evidence(unborn=int(unborn.sum()))
        dead = unborn | lost
        if config.duplicate_iou < 1:
            dead |= lesser_duplicates(table, dead, config.duplicate_iou)
        self._gallery.clear(table.remove(dead))

    def _doubt_missed(self) -> None:
        """What was not seen is less likely there."""
        table = self._table
        missed = table.rows[table.misses[table.rows] > 0]
        less = table.log_odds[missed] - self.config.miss_evidence
        table.log_odds[missed] = np.maximum(less, existence.LEAST_EVIDENCE)

    def _start(self, unmatched: Index, detections: Measured, sure: Array) -> None:
        """Unmatched detections start tentative tracks."""
        scores, config = sure[unmatched], self.config
        starting = unmatched[(scores >= config.birth_score) & (scores >= config.low_score)]
        table, rows = self._table, self._table.add(len(starting))
        table.mean[rows], table.covariance[rows] = kalman.initiate(detections.xyah[starting], config.noise)
        table.birth[rows] = self._births + 1 + np.arange(len(rows))
        table.id[rows] = 0
        table.state[rows] = TENTATIVE
        table.hits[rows] = 1
        table.time_since_update[rows] = 0
        table.misses[rows] = 0
        table.log_odds[rows] = existence.hit_evidence(sure[starting])
        table.path[rows] = detections.xyah[starting, None, :2]
        self._births += len(rows)
        self._votes.clear(rows)
        self._remember(rows, starting, detections)
        self._confirm(rows)

    def _remember(self, rows: Index, matched: Index, detections: Measured) -> None:
        table = self._table
        table.score[rows] = detections.scores[matched]
        table.class_id[rows] = detections.class_ids[matched]
        table.detection[rows] = detections.source[matched]
        table.log_odds[rows] = np.clip(table.log_odds[rows], existence.LEAST_EVIDENCE, self.config.most_evidence)
        remember_observation(table, rows, detections.xyxy[matched], self._time_s)
        remember_border(table, rows, detections.xyxy[matched], self._frame_size, self._time_s)
        if self.config.class_vote:
            table.class_id[rows] = self._votes.cast(rows, detections.class_ids[matched], detections.scores[matched])
        if detections.embeddings.shape[1]:
            self._gallery.reserve(table.capacity, detections.embeddings.shape[1])
            seen = np.ones(len(matched), np.bool_) if detections.known is None else detections.known[matched]
            self._gallery.push(rows[seen], detections.embeddings[matched[seen]])

    def _confirm(self, rows: Index) -> None:
        """Give the tentative tracks among `rows` that have proved themselves their id, in order of birth."""
        table, needed = self._table, self.config.confirm_evidence
        proved = table.log_odds[rows] >= needed if needed else table.hits[rows] >= self.config.n_init
        proved &= ~is_entering(table, rows, self.config, self._time_s)
        ready = rows[(table.state[rows] == TENTATIVE) & proved]
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
