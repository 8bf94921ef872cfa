"""What a detector's score is worth, learned while the video runs, without any ground truth.

Detectors do not agree on what 0.6 means: one is nearly always right there, another nearly always wrong. But what is
real is found again in the next frame, and again, while clutter flickers. So for each score we count how often such a
detection continues a chain of overlapping detections through the frames before it. That share, relative to the share
at the best scores of the same video, rises with the score as the share of true detections does, on any scale of
scores; between them lies a power close to 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression

from .association import iou_pairs, mutually_nearest
from .state import State, array_from, number_from

__all__ = ["ScoreCalibration", "whole_video_probabilities"]

Array = npt.NDArray[np.float64]

_CHAIN = 3
"""Detections in a row, before the present one, that make a chain."""
_CHAIN_IOU_DISTANCE = 0.6
"""Largest 1 - IoU between neighbours of a chain: far below any tracker's gate, since clutter jumps."""
_WINDOW = 2000
"""Detections that are remembered: enough for ten score levels of 200, and short enough to follow a change of light."""
_LEVELS, _PER_LEVEL = 10, 15
"""Score levels, each of as many detections, and the fewest that make a level."""
_FEWEST = 20
"""Detections seen before anything is concluded."""
_EVERY_FRAME_UNTIL, _REFIT_EVERY = 20, 10
"""Detector frames: the curve is drawn anew in each of the first, then now and then."""
_UNKNOWN = 0.75
"""Probability while nothing is concluded: likelier real than not, but too little for one sight to show a track."""
_PRIOR_SHARE, _PRIOR_COUNT = 0.9, 20
"""A level continues a chain this often until its own detections say otherwise; the belief weighs so many of them."""
_POWER = 1.65
"""From the relative share of continued chains to the probability of being real; fitted, 1.5 to 1.8 do as well."""
_BOUNDS = (0.02, 0.99)


class ScoreCalibration:
    """Maps the scores of one video to the probability that a detection is real."""

    def __init__(self) -> None:
        self._xyxy: Array = np.empty((0, 4))
        self._chain = np.empty(0, np.int64)
        self._judged: Array = np.empty((2, 2 * _WINDOW))  # filled from left to right, then moved back
        self._num_judged = 0
        self._frames = 0
        self._curve: tuple[Array, Array] | None = None

    def state_dict(self) -> State:
        """What was learned so far."""
        curve = np.empty((2, 0)) if self._curve is None else np.array(self._curve)
        judged = self._judged[:, max(self._num_judged - _WINDOW, 0) : self._num_judged].copy()
        return {
            "xyxy": self._xyxy.copy(),
            "chain": self._chain.copy(),
            "judged": judged,
            "frames": self._frames,
            "curve": curve,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Know again what `state_dict` has kept."""
        self._xyxy = array_from(state, "xyxy", (None, 4))
        self._chain = array_from(state, "chain", (len(self._xyxy),), np.int64)
        judged, curve = array_from(state, "judged", (2, None)), array_from(state, "curve", (2, None))
        if judged.shape[1] > _WINDOW:
            raise ValueError(f"judged in the state has {judged.shape[1]} detections, expected at most {_WINDOW}")
        self._num_judged = judged.shape[1]
        self._judged[:, : self._num_judged] = judged
        self._frames = int(number_from(state, "frames"))
        self._curve = (curve[0], curve[1]) if curve.shape[1] else None

    def observe(self, xyxy: Array, scores: npt.NDArray[np.floating[Any]]) -> Array:
        """Learn from the detections of the next frame and return how probably each is real, `(N,)` in (0, 1).

        Args:
            xyxy: `(N, 4)` px.
            scores: `(N,)`, on any scale; higher is surer.
        """
        known = np.asarray(scores, np.float64)
        chain = self._chains(xyxy)
        self._xyxy, self._chain = xyxy, chain
        self._frames += 1
        if self._frames > _CHAIN:
            self._judge(known[-_WINDOW:], chain[-_WINDOW:] >= _CHAIN)
        if self._frames <= _EVERY_FRAME_UNTIL or self._frames % _REFIT_EVERY == 0:
            self._fit(*self._judged[:, max(self._num_judged - _WINDOW, 0) : self._num_judged])
        return self.probabilities(known)

    def _judge(self, scores: Array, continued: npt.NDArray[np.bool_]) -> None:
        """Remember detections, at most `_WINDOW`, and which of them continued a chain."""
        end = self._num_judged + len(scores)
        if end > self._judged.shape[1]:
            kept = self._judged[:, self._num_judged - _WINDOW : self._num_judged].copy()
            self._judged[:, :_WINDOW] = kept
            self._num_judged, end = _WINDOW, _WINDOW + len(scores)
        self._judged[0, self._num_judged : end] = scores
        self._judged[1, self._num_judged : end] = continued
        self._num_judged = end

    def probabilities(self, scores: Array) -> Array:
        """How probably detections of these scores are real, by what is known so far."""
        if self._curve is None:
            return np.full(len(scores), _UNKNOWN)
        probabilities: Array = np.interp(scores, *self._curve)
        probabilities **= _POWER
        return probabilities

    def learn(self, frames: npt.NDArray[np.int64], xyxy: Array, scores: Array) -> None:
        """Learn from all detections of a video; arguments as of `whole_video_probabilities`."""
        order = np.lexsort((*xyxy.T, frames))  # by the boxes too: levels cut through equal scores, in this order
        borders = np.flatnonzero(np.diff(frames[order])) + 1
        continued = np.zeros(len(frames), np.bool_)
        detector_frames = np.unique(frames)  # with --every N, only each n-th frame was looked at
        step = int(np.diff(detector_frames).min(initial=np.iinfo(np.int64).max))
        before = None
        for rows in np.split(order, borders) if len(order) else ():
            here = int(frames[rows[0]])
            if before is not None and here > before + step:
                self._xyxy, self._chain = np.empty((0, 4)), np.empty(0, np.int64)
            chain = self._chains(xyxy[rows])
            self._xyxy, self._chain, before = xyxy[rows], chain, here
            continued[rows] = chain >= _CHAIN
        judged = order[frames[order] >= (detector_frames[_CHAIN] if len(detector_frames) > _CHAIN else np.inf)]
        self._fit(scores[judged], continued[judged].astype(np.float64))

    def _chains(self, xyxy: Array) -> npt.NDArray[np.int64]:
        """How many detections in a row lead to each of these."""
        chain = np.zeros(len(xyxy), np.int64)
        pairs = iou_pairs(self._xyxy, xyxy, _CHAIN_IOU_DISTANCE)
        same = mutually_nearest(pairs).nonzero()[0]
        chain[pairs.detections.take(same)] = self._chain.take(pairs.tracks.take(same)) + 1
        return chain

    def _fit(self, scores: Array, continued: Array) -> None:
        """Draw the curve through detections of these scores; `continued` is 1 where one continued a chain, else 0."""
        count = len(scores)
        if count < _FEWEST:
            return
        order = np.argsort(scores, kind="stable")
        num_levels = min(_LEVELS, max(2, count // _PER_LEVEL))
        starts = count * np.arange(num_levels) // num_levels
        sizes = np.diff(starts, append=count)
        centres = np.add.reduceat(scores[order], starts) / sizes
        num_continued = np.add.reduceat(continued[order], starts)
        best = slice(-max(1, num_levels // 3), None)
        share_of_best = (num_continued[best].sum() + 4) / (sizes[best].sum() + 5)
        relative = (num_continued / share_of_best + _PRIOR_COUNT * _PRIOR_SHARE) / (sizes + _PRIOR_COUNT)
        rising = isotonic_regression(relative, weights=sizes + _PRIOR_COUNT).x
        self._curve = centres, np.clip(rising, *_BOUNDS)


def whole_video_probabilities(
    frames: npt.NDArray[np.int64], xyxy: Array, scores: npt.NDArray[np.floating[Any]]
) -> Array:
    """How probably each detection of a finished video is real, `(N,)` in (0, 1), by all of them at once.

    Args:
        frames: `(N,)` frame numbers, in any order.
        xyxy: `(N, 4)` px.
        scores: `(N,)`, on any scale; higher is surer.
    """
    calibration, known = ScoreCalibration(), np.asarray(scores, np.float64)
    calibration.learn(frames, xyxy, known)
    return calibration.probabilities(known)
