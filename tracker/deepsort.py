"""DeepSORT: boxes and embeddings of a frame in, tracks out (Wojke, Bewley, Paulus 2017, arXiv:1703.07402).

`DeepSort.update` is the method, top to bottom: predict, match (`Matching`: by appearance under a motion gate, the rest
by overlap), then let matched tracks learn, missed ones age, and unmatched detections start tracks. What goes beyond the
paper is off unless the configuration asks for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from . import existence, kalman
from .births import explained
from .border import is_entering, remember_birth, remember_border, watches_border
from .calibration import ScoreCalibration
from .camera import camera_shift
from .clock import FrameClock
from .config import TrackerConfig
from .gallery import Gallery
from .inputs import DetectionsLike, MisreadBoxes, as_arrays
from .life_cycle import confirm, dying, shown
from .matching import Matching
from .measured import Measured
from .pairs import Index, Mask
from .saving import load_state, save_state
from .state import State
from .table import TENTATIVE, TrackTable
from .types import Evidence, Tracks
from .validation import admit, check_motion
from .votes import ClassVotes

__all__ = ["DeepSort"]

Array = npt.NDArray[np.float64]
Size = tuple[int, int] | None

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
        """With the paper's settings, or others.

        Raises:
            TypeError: the name of a preset, for instance, in place of a configuration.
        """
        if not isinstance(config, TrackerConfig | None):
            raise TypeError(
                f"config is {config!r}, expected a TrackerConfig; that of a preset is load_preset(name).config, with "
                "`from track import load_preset`"
            )
        self.config = config or TrackerConfig()
        self._misread = MisreadBoxes()
        self.reset()

    def reset(self) -> None:
        """Forget everything; ids start from 1 again."""
        self._table = TrackTable()
        self._gallery = Gallery(self.config.gallery_size, self.config.appearance_momentum)
        self._calibration = ScoreCalibration()
        self._votes = ClassVotes()
        self._births = 0
        self._ids = 0
        self._clock = FrameClock()
        self._by_appearance = Evidence()
        self._matches = self._never_confirmed = self._rejected = 0

    def __len__(self) -> int:
        """Live tracks: tentative, confirmed and lost."""
        return len(self._table)

    @property
    def evidence(self) -> Evidence:
        """What decided the matches so far."""
        return replace(
            self._by_appearance, matches=self._matches, never_confirmed=self._never_confirmed, rejected=self._rejected
        )

    def update(
        self,
        xyxy: npt.ArrayLike | DetectionsLike,
        scores: npt.ArrayLike | None = None,
        class_ids: npt.ArrayLike | None = None,
        embeddings: npt.ArrayLike | None = None,
        *,
        boxes_from: str = "xyxy",
        frame_size: tuple[int, int] | None = None,
        time_s: float | None = None,
        motion: npt.ArrayLike | None = None,
        known: npt.ArrayLike | None = None,
    ) -> Tracks:
        """Take the detections of the next frame and return its confirmed tracks.

        Boxes that can't be tracked (not finite, without area, far outside) are rejected and counted in `evidence`.

        Args:
            xyxy: `(N, 4)` px; `(0, 4)` or `[]` for a frame without detections. Or a `supervision.Detections` in place
                of boxes, scores, class ids and, where its `data` has "embeddings", these: without `confidence` scores
                are 1, without `class_id` classes are 0.
            scores: `(N,)` confidences.
            class_ids: `(N,)`; 0 for all when left out.
            embeddings: `(N, D)`, any length of row; without them (or with D = 0) overlap alone decides.
            boxes_from: what the numbers of a box are: "xyxy" (corners), "xywh" (left, top, width, height) or "cxcywh"
                (centre, width, height).
            frame_size: width and height in px, to recognise boxes far outside, and those that the border cuts off.
            time_s: of this frame, from any start; without it, 30 frames make a second. Where it goes back, no time
                passes.
            motion: `(2, 3)`, where the camera's motion took the px of the frame before; none by default.
            known: `(N,)`, false where the row of `embeddings` stands for nothing (`AppearanceOnDemand`): such a
                detection is matched by motion at a neutral cost, and its appearance is not remembered.

        Returns:
            Confirmed tracks seen in this frame or the one before (then with their predicted box).

        Raises:
            ValueError: when the shapes do not fit together, D changes during a video, or a size, time, motion or form
                of boxes is none.
        """
        arrays = as_arrays(xyxy, scores, class_ids, embeddings, boxes_from)
        detections = admit(*arrays, frame_size, known, boxes_from)
        self._misread.count(len(detections) + detections.rejected, detections.misread)
        self._make_room(detections)
        innovation = self._advance(time_s, check_motion(motion), detector_looked=True)
        if self.config.camera_from_boxes and motion is None:
            self._table.mean[:, :2, 0] += camera_shift(self._table, detections.xyxy)
        sure = self._probabilities(detections)
        matches = Matching(
            self._table, self._gallery, self.config, detections, sure, innovation, self._clock.now_s
        ).solve()
        self._learn(matches.rows, matches.detections, detections, sure, innovation, frame_size)
        self._by_appearance += matches.evidence
        self._matches += len(matches.rows)
        self._never_confirmed += self._age()
        self._rejected += detections.rejected
        if len(matches.detections) < len(detections):
            self._start(matches.detections, detections, sure, frame_size)
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
        return self._report(shown(self._table, self.config, self._clock.now_s))

    def tentative(self) -> Tracks:
        """The tracks of the last frame that are not confirmed yet, without those that wait at the border; id 0."""
        shown = self._table.state == TENTATIVE
        if self.config.border_wait_s:
            shown &= ~is_entering(self._table, self.config, self._clock.now_s)
        return self._report(shown.nonzero()[0])

    def state_dict(self) -> State:
        """All that later frames depend on, as arrays, numbers, strings and dictionaries of them, to be saved.

        Example:
            >>> tracker = DeepSort()
            >>> resumed = DeepSort(tracker.config)
            >>> resumed.load_state_dict(tracker.state_dict())
        """
        return save_state(self)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was called: the next frames give what they would have given there.

        Raises:
            ValueError: a state of another version, of a tracker with other settings, or a damaged one; the tracker
                stays as it is.
        """
        load_state(self, DeepSort(self.config), state)

    def _make_room(self, detections: Measured) -> None:
        """For the embeddings of every track there is; some may have come before there were any."""
        length = detections.embeddings.shape[1]
        if len(detections) and length:
            self._gallery.check_length(detections.embeddings)
            self._gallery.reserve(self._table.capacity, length)

    def _advance(self, time_s: float | None, motion: Array | None, *, detector_looked: bool) -> Array:
        """Predict every track to the next frame, along with the camera; returns the innovation's variances."""
        table = self._table
        steps = self._clock.steps_to(time_s) if self.config.motion_in_seconds else 1.0
        self._clock.advance(time_s)
        if motion is not None:
            table.mean[:], table.covariance[:] = kalman.warp(table.mean, table.covariance, motion)
            if watches_border(self.config):
                zoom = abs(np.linalg.det(motion[:, :2]))
                table.whole_area *= zoom
                table.cut_area *= zoom
            self._forget(~kalman.within_reach(table.mean, table.covariance))
        kalman.advance(table.mean, table.covariance, self.config.noise, steps)
        table.time_since_update += 1
        table.misses += detector_looked
        table.detection[:] = -1
        return kalman.project(table.mean, table.covariance, self.config.noise)[1]

    def _probabilities(self, detections: Measured) -> Array:
        """`(N,)` in [0, 1], what the scores say: themselves, or how probably such a detection is real in this video."""
        if self.config.calibrated_scores:
            return self._calibration.observe(detections.xyxy, detections.scores)
        return np.minimum(np.maximum(detections.scores.astype(np.float64), 0.0), 1.0)

    def _learn(
        self,
        rows: Index,
        matched: Index,
        detections: Measured,
        sure: Array,
        innovation: Array,
        frame_size: Size,
    ) -> None:
        """Matched tracks take in their detection; the ones that have proved themselves are confirmed, with an id."""
        if not len(rows):
            return
        table, config = self._table, self.config
        shares, xyah = None, detections.xyah.take(matched, axis=0)
        if config.score_noise:
            shares = np.maximum(1 - config.score_noise * sure.take(matched), _LEAST_SHARE)
        mean, covariance = table.mean.take(rows, axis=0), table.covariance.take(rows, axis=0)
        mean, covariance = kalman.correct(mean, covariance, innovation.take(rows, axis=0), xyah, shares)
        table.mean[rows], table.covariance[rows] = mean, covariance
        table.hits[rows] += 1
        self._remember(rows, matched, detections, sure, frame_size)

    def _age(self) -> int:
        """Let die who is too old, or missed too early; returns how many died unconfirmed."""
        table, config = self._table, self.config
        dead, num_never_confirmed = dying(table, config, self._clock.now_s)
        self._forget(dead)
        return num_never_confirmed

    def _forget(self, dead: Mask) -> None:
        if np.count_nonzero(dead):
            self._gallery.clear(self._table.remove(dead))

    def _start(self, matched: Index, detections: Measured, sure: Array, frame_size: Size) -> None:
        """Detections that are not among the matched start tentative tracks."""
        config = self.config
        fit = sure >= max(config.birth_score, config.low_score)
        fit[matched] = False
        starting = fit.nonzero()[0]
        where, classes = detections.xyxy.take(starting, axis=0), detections.class_ids.take(starting)
        starting = starting[~explained(where, classes, self._table, config)]
        if not len(starting):
            return
        table, rows = self._table, self._table.add(len(starting))
        table.mean[rows], table.covariance[rows] = kalman.initiate(detections.xyah[starting], config.noise)
        table.birth[rows] = self._births + 1 + np.arange(len(rows))
        table.id[rows] = 0
        table.state[rows] = TENTATIVE
        table.hits[rows] = 1
        table.log_odds[rows] = 0.0
        if watches_border(config):
            remember_birth(table, rows, self._clock.now_s)
        self._births += len(rows)
        self._votes.clear(table.slot[rows])
        self._remember(rows, starting, detections, sure, frame_size)

    def _remember(self, rows: Index, matched: Index, detections: Measured, sure: Array, frame_size: Size) -> None:
        """What a track takes from its detection; whoever has proved itself by it is confirmed."""
        table, config = self._table, self.config
        table.time_since_update[rows] = 0
        table.misses[rows] = 0
        table.score[rows] = detections.scores.take(matched)
        table.class_id[rows] = detections.class_ids.take(matched)
        table.detection[rows] = detections.source.take(matched)
        table.seen_s[rows] = self._clock.now_s
        if watches_border(config):
            remember_border(table, rows, detections.xyxy.take(matched, axis=0), frame_size)
        if config.confirm_evidence:
            evidence = table.log_odds.take(rows) + existence.hit_evidence(sure.take(matched))
            table.log_odds[rows] = np.minimum(np.maximum(evidence, existence.LEAST_EVIDENCE), config.most_evidence)
        if config.class_vote:
            votes = detections.class_ids[matched], detections.scores[matched]
            table.class_id[rows] = self._votes.cast(table.slot[rows], *votes)
        self._remember_appearance(rows, matched, detections)
        self._ids += confirm(table, config, self._clock.now_s, self._ids + 1)

    def _remember_appearance(self, rows: Index, matched: Index, detections: Measured) -> None:
        """The embeddings of matched detections, as far as they have one, into the galleries."""
        if not detections.embeddings.shape[1]:
            return
        if detections.known is not None:
            seen = detections.known.take(matched)
            rows, matched = rows[seen], matched[seen]
        self._make_room(detections)
        self._gallery.push(self._table.slot.take(rows), detections.embeddings.take(matched, axis=0))

    def _report(self, rows: Index) -> Tracks:
        table = self._table
        return Tracks(
            ids=table.id.take(rows),
            xyxy=table.told_xyxy(rows),
            scores=table.score.take(rows).astype(np.float32),
            class_ids=table.class_id.take(rows),
            detection_index=table.detection.take(rows),
            births=table.birth.take(rows),
        )
