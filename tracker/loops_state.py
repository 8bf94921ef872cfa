"""What happens to each track and detection by itself, number by number: what numba compiles for `steps_compiled`.

For a dozen tracks NumPy spends its time on being called, not on numbers. Each loop here does in one call what
the array expressions of `kalman`, `boxes`, `border` and `door` do in ten, operation by operation in the same order, so
that the results are the same to the last bit. The formulas are explained there.

`counters` and `measures` are those of `TrackTable`. A loop must be plain enough for numba: no calls of one another.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = [
    "CONFIRMED",
    "COUNTERS",
    "MEASURES",
    "TENTATIVE",
    "admit",
    "corners",
    "correct",
    "dying",
    "predict",
    "remember",
    "shown",
]

Array = npt.NDArray[np.float64]
Counters = npt.NDArray[np.int64]
Index = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]

# What the loops know of the table stands here: numba keeps what it has compiled until this file changes, not another.
TENTATIVE, CONFIRMED = 1, 2
"""States of a track. A deleted track has no row."""

COUNTERS = (
    "slot",  # of what is kept elsewhere: gallery, votes
    "birth",  # serial number of the track's start
    "id",  # public identity, 0 until confirmed
    "state",
    "hits",  # matched detections
    "time_since_update",  # frames since the last matched detection
    "misses",  # detector frames since the last match: as above, unless frames are skipped
    "class_id",  # of the last matched detection
    "detection",  # row of the detection matched in this frame, -1 without one
)
MEASURES = (
    "score",  # of the last matched detection
    "log_odds",  # that the track is real, see `existence`
    "seen_s",  # time of the last match
    # Kept only for settings that ask for it, see `border`:
    "born_s",  # time of the first detection
    "whole_area",  # px^2 of the last detection that no border cut off, 0 before there is one
    "cut_area",  # px^2 of the last detection where the border cuts it off, else infinite
)

_STATE, _SINCE, _MISSES = (COUNTERS.index(name) for name in ("state", "time_since_update", "misses"))
_CLASS, _DETECTION = COUNTERS.index("class_id"), COUNTERS.index("detection")
_SCORE, _ODDS, _SEEN = (MEASURES.index(name) for name in ("score", "log_odds", "seen_s"))
_WHOLE, _CUT = MEASURES.index("whole_area"), MEASURES.index("cut_area")


def predict(
    mean: Array,
    covariance: Array,
    counters: Counters,
    looked: int,
    least_height: float,
    process_scale: Array,
    process_fixed: Array,
    measured_scale: Array,
    measured_fixed: Array,
    factor: float,
) -> Array:
    """`kalman.advance` in place, and the innovation's variances `(N, 4)` of `kalman.project`; counters grow older.

    Args:
        looked: 1 where a detector looked at this frame, else 0.
        least_height: as `kalman.LEAST_HEIGHT`.
        process_scale, process_fixed, measured_scale, measured_fixed: those of the `Spread`s of a `MotionNoise`.
        factor: the square of its `measured_factor`.
    """
    count = mean.shape[0]
    innovation = np.empty((count, 4))
    for i in range(count):
        height = max(abs(mean[i, 3, 0]), least_height)
        for k in range(4):
            position, velocity = height * process_scale[k, 0], height * process_scale[k, 1]
            mean[i, k, 0] += mean[i, k, 1]
            covariance[i, k, 0] += 2 * covariance[i, k, 1]
            covariance[i, k, 0] += covariance[i, k, 2]
            covariance[i, k, 0] += position * position + process_fixed[k, 0]
            covariance[i, k, 1] += covariance[i, k, 2]
            covariance[i, k, 2] += velocity * velocity + process_fixed[k, 1]
        height = max(abs(mean[i, 3, 0]), least_height)
        for k in range(4):
            measured = height * measured_scale[k]
            innovation[i, k] = (measured * measured + measured_fixed[k]) * factor + covariance[i, k, 0]
        counters[_SINCE, i] += 1
        counters[_MISSES, i] += looked
        counters[_DETECTION, i] = -1
    return innovation


def corners(mean: Array, rows: Index) -> Array:
    """`boxes.xyah_to_xyxy` of the expected boxes of `rows`, `(K, 4)`."""
    xyxy = np.empty((rows.size, 4))
    for at, i in enumerate(rows):
        width, height = mean[i, 2, 0] * mean[i, 3, 0], mean[i, 3, 0]
        xyxy[at, 0], xyxy[at, 1] = mean[i, 0, 0] - width / 2, mean[i, 1, 0] - height / 2
        xyxy[at, 2], xyxy[at, 3] = width + xyxy[at, 0], height + xyxy[at, 1]
    return xyxy


def correct(
    mean: Array, covariance: Array, rows: Index, innovation: Array, xyah: Array, matched: Index, shares: Array
) -> None:
    """`kalman.correct` of `rows` by the detections `matched`, in place; `shares` may be empty."""
    for at in range(rows.size):
        i, j = rows[at], matched[at]
        for k in range(4):
            variance, cross = covariance[i, k, 0], covariance[i, k, 1]
            expected = innovation[i, k]
            if shares.size:
                expected = variance + (expected - variance) * shares[at]
            residual, gain_velocity = xyah[j, k] - mean[i, k, 0], cross / expected
            mean[i, k, 0] += variance / expected * residual
            mean[i, k, 1] += gain_velocity * residual
            measured = (expected - variance) / expected
            covariance[i, k, 0] = variance * measured
            covariance[i, k, 1] = cross * measured
            covariance[i, k, 2] -= gain_velocity * cross


def remember(
    counters: Counters,
    measures: Array,
    rows: Index,
    matched: Index,
    scores: npt.NDArray[np.float32],
    class_ids: npt.NDArray[np.int64],
    source: Index,
    time_s: float,
    xyxy: Array,
    border: Array,
) -> None:
    """What `rows` take from the detections `matched`: counters, score, class, and as `border.remember_border`.

    Args:
        border: width and height of the picture and the tolerance, px; or empty: the border is not watched.
    """
    for at in range(rows.size):
        i, j = rows[at], matched[at]
        counters[_SINCE, i], counters[_MISSES, i] = 0, 0
        counters[_CLASS, i], counters[_DETECTION, i] = class_ids[j], source[j]
        measures[_SCORE, i], measures[_SEEN, i] = scores[j], time_s
        if border.size:
            area = (xyxy[j, 2] - xyxy[j, 0]) * (xyxy[j, 3] - xyxy[j, 1])
            near = min(
                min(abs(xyxy[j, 0]), abs(xyxy[j, 1])), min(abs(xyxy[j, 2] - border[0]), abs(xyxy[j, 3] - border[1]))
            )
            if near <= border[2]:
                measures[_CUT, i] = area
            else:
                measures[_WHOLE, i], measures[_CUT, i] = area, np.inf


def dying(
    counters: Counters,
    measures: Array,
    count: int,
    miss_evidence: float,
    least: float,
    time_s: float,
    max_age_s: float,
    max_age: int,
) -> tuple[Mask, int]:
    """Which of the first `count` tracks die, and how many of them unconfirmed; misses cost evidence.

    Args:
        miss_evidence, least: what a miss takes off the log-odds, and where they end.
        max_age_s, max_age: who was not seen for longer than this by `time_s`, or for more frames, is too old.
    """
    dead, num_never_confirmed = np.zeros(count, np.bool_), 0
    for i in range(count):
        if counters[_MISSES, i] > 0:
            measures[_ODDS, i] -= miss_evidence
        measures[_ODDS, i] = max(measures[_ODDS, i], least)
        if counters[_STATE, i] == TENTATIVE:
            dead[i] = counters[_MISSES, i] > 0
            num_never_confirmed += dead[i]
        else:
            dead[i] = time_s - measures[_SEEN, i] > max_age_s or counters[_SINCE, i] > max_age
    return dead, num_never_confirmed


def shown(counters: Counters, measures: Array, count: int, most_misses: int, least_odds: float, share: float) -> Index:
    """The rows of confirmed tracks that are to be seen: seen lately, likely enough, and not cut off by the border."""
    rows, found = np.empty(count, np.intp), 0
    for i in range(count):
        whole_enough = not measures[_CUT, i] < share * measures[_WHOLE, i]
        likely = whole_enough and measures[_ODDS, i] >= least_odds
        if likely and counters[_STATE, i] == CONFIRMED and counters[_MISSES, i] <= most_misses:
            rows[found] = i
            found += 1
    return rows[:found].copy()


def admit(
    xyxy: Array, scores: npt.NDArray[np.float32], low: float, high: float, least_side: float
) -> tuple[bool, Array]:
    """Whether all boxes can be tracked, by a quick look, and then `boxes.xyxy_to_xyah` of them.

    Args:
        low, high: the least and the largest coordinate of a box that is not far outside, px.
        least_side: what a side must be longer than, px.
    """
    xyah = np.empty_like(xyxy)
    for j in range(xyxy.shape[0]):
        left, top, right, bottom = xyxy[j, 0], xyxy[j, 1], xyxy[j, 2], xyxy[j, 3]
        width, height = right - left, bottom - top
        inside = left >= low and top >= low and right >= low and bottom >= low
        inside = inside and left <= high and top <= high and right <= high and bottom <= high
        if not (inside and width > least_side and height > least_side and np.isfinite(scores[j])):
            return False, xyah
        xyah[j, 0], xyah[j, 1] = left + width / 2, top + height / 2
        xyah[j, 2], xyah[j, 3] = width / height, height
    return True, xyah
