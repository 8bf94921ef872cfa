"""DeepSORT as the paper tells it, to be read: one object a track, one Kalman filter each, one loop over the cascade.

Wojke, Bewley, Paulus: Simple Online and Realtime Tracking with a Deep Association Metric, 2017 (arXiv:1703.07402); its
equations and its listing are named where they stand. `tracker.DeepSort` gives the same tracks from whole arrays, many
times faster. This is its oracle in the tests, and runs as `track run --tracker reference`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from .config import TrackerConfig
from .types import Evidence, Tracks

__all__ = ["ReferenceDeepSort", "check_paper"]

Array = npt.NDArray[np.float64]
Match = tuple["_Track", "_Detection"]

OF_THE_PAPER = (
    "max_cosine_distance", "gallery_size", "motion_gate", "max_iou_distance", "iou_max_misses", "max_age", "n_init",
    "weight_position", "weight_velocity", "aspect_std",
)  # fmt: skip
"""Settings that the paper has; every other one goes beyond it."""

F = np.eye(8) + np.eye(8, k=4)
"""Constant velocity: each of x, y, a, h moves on by its own velocity, which stays (section 2.1)."""
H = np.eye(4, 8)
"""Of the state (x, y, a, h and their velocities) the first four are measured."""
LEAST = 1e-3
"""px; the noise of a height is never that of a smaller one, and no box has a shorter side."""
REJECTED = 1e-5
"""What a rejected pair costs above its gate, so that a solver prefers any other (published code)."""


@dataclass(frozen=True)
class _Detection:
    """A box of this frame. `feature` has unit length, or is zero where nothing is known."""

    index: int
    xyxy: Array
    score: float
    class_id: int
    feature: Array | None

    @property
    def xyah(self) -> Array:
        """Centre x, centre y, aspect ratio (width / height), height: what the filter measures."""
        x1, y1, x2, y2 = self.xyxy
        return np.array([(x1 + x2) / 2, (y1 + y2) / 2, (x2 - x1) / (y2 - y1), y2 - y1])


class _Track:
    """One object: a Kalman filter, a gallery, and counters."""

    def __init__(self, detection: _Detection, config: TrackerConfig, birth: int) -> None:
        from filterpy.kalman import KalmanFilter  # on use: whoever takes `DeepSort` does not need it

        self.config, self.birth = config, birth
        self.id, self.hits, self.age, self.misses = 0, 1, 0, 0
        self.gallery: list[Array] = []
        z = detection.xyah
        self.filter = KalmanFilter(dim_x=8, dim_z=4)
        self.filter.F, self.filter.H = F, H
        self.filter.x = np.concatenate((z, np.zeros(4)))
        # Less certain than one frame's noise: twice for positions, ten times for velocities (published code).
        self.filter.P = self._state_noise(2 * config.weight_position, 10 * config.weight_velocity)
        self._remember(detection)

    @property
    def confirmed(self) -> bool:
        return self.id > 0

    def _noise(self, weight: float, aspect: float) -> Array:
        """Variances of x, y, a, h: standard deviations grow with the height, but for the aspect ratio's."""
        std = weight * max(abs(self.filter.x[3]), LEAST)
        return np.square([std, std, aspect, std])

    def _state_noise(self, position: float, velocity: float) -> Array:
        return np.diag(np.concatenate((self._noise(position, self.config.aspect_std), self._noise(velocity, 1e-5))))

    def predict(self, *, looked: bool) -> None:
        """x' = F x, P' = F P F^T + Q; without a detector's look nobody has missed."""
        self.filter.predict(Q=self._state_noise(self.config.weight_position, self.config.weight_velocity))
        self.age += 1
        self.misses += looked
        self.detection_index = -1

    def _measurement_noise(self) -> Array:
        return np.diag(self._noise(self.config.weight_position, 1e-1))

    def squared_mahalanobis(self, detections: list[_Detection]) -> Array:
        """d(1) = (d - y)^T S^-1 (d - y), with (y, S) the state as a measurement (equation 1)."""
        y, s = H @ self.filter.x, H @ self.filter.P @ H.T + self._measurement_noise()
        residuals = np.array([d.xyah for d in detections]) - y
        return np.asarray(np.sum(residuals @ np.linalg.inv(s) * residuals, axis=1))

    def cosine_distance(self, detection: _Detection) -> float:
        """d(2) = min(1 - r^T r_k) over the last embeddings r_k of the track (equation 3); 2 without any."""
        if not self.gallery or detection.feature is None:
            return 2.0
        return max(1 - max(float(detection.feature @ known) for known in self.gallery), 0.0)

    def update(self, detection: _Detection) -> None:
        """Kalman's correction: K = P H^T S^-1, x' = x + K (z - H x), P' = (I - K H) P."""
        self.filter.update(detection.xyah, R=self._measurement_noise())
        self.hits += 1
        self._remember(detection)

    def _remember(self, detection: _Detection) -> None:
        self.age = self.misses = 0
        self.score, self.class_id, self.detection_index = detection.score, detection.class_id, detection.index
        if detection.feature is not None:
            self.gallery = [*self.gallery, detection.feature][-self.config.gallery_size :]

    def expected_xyxy(self) -> Array:
        """The box of the state as corners."""
        return _corners(*self.filter.x[:4])

    def told_xyxy(self) -> Array:
        """As above for those who look at it: sizes driven below zero as they last were above."""
        x = self.filter.x
        return _corners(x[0], x[1], _last_above_zero(x[2], -x[6]), _last_above_zero(x[3], -x[7]))


def check_paper(config: TrackerConfig) -> None:
    """Raise `ValueError` at the first setting that goes beyond the paper."""
    for setting in fields(TrackerConfig):
        value = getattr(config, setting.name)
        if setting.name not in OF_THE_PAPER and value != setting.default:
            raise ValueError(
                f"{setting.name} is {value!r}, but the reference tracker has the paper's settings alone; leave it at "
                f"{setting.default!r}, or take another --tracker"
            )


class ReferenceDeepSort:
    """`DeepSort` with the paper's settings, step by step.

    Raises:
        ValueError: a setting that goes beyond the paper.
    """

    def __init__(self, config: TrackerConfig | None = None) -> None:
        self.config = config or TrackerConfig()
        check_paper(self.config)
        self.reset()

    def reset(self) -> None:
        """Forget everything; ids start from 1 again."""
        self._evidence = Evidence()
        self._tracks: list[_Track] = []
        self._births = self._ids = 0

    def __len__(self) -> int:
        return len(self._tracks)

    @property
    def evidence(self) -> Evidence:
        """What decided the matches so far."""
        return self._evidence

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
        """Take the detections of the next frame and return its confirmed tracks; arguments as of `DeepSort.update`.

        The paper counts in frames, so `time_s` is not looked at.

        Raises:
            ValueError: camera motion, or appearance on demand: both go beyond the paper.
        """
        _refuse_beyond(motion, known)
        count = len(np.asarray(xyxy).reshape(-1, 4))
        detections = _usable_detections(xyxy, scores, class_ids, embeddings, frame_size)
        for track in self._tracks:
            track.predict(looked=True)
        by_appearance, free = self._cascade(detections)
        # Section 2.3: the rest by overlap, among the tentative tracks and those missed for one frame only.
        taken = {track.birth for track, _ in by_appearance}
        left = [t for t in self._tracks if t.birth not in taken and t.misses <= self.config.iou_max_misses]
        by_overlap, free = self._by_overlap(left, free)
        for track, detection in by_appearance + by_overlap:
            track.update(detection)
        self._confirm()
        died = [t for t in self._tracks if t.misses > 0 and not t.confirmed]
        self._tracks = [t for t in self._tracks if t not in died and t.age <= self.config.max_age]
        for detection in free:
            self._births += 1
            self._tracks.append(_Track(detection, self.config, self._births))
        self._confirm()
        num_matches, num_rejected = len(by_appearance + by_overlap), count - len(detections)
        self._evidence += Evidence(matches=num_matches, never_confirmed=len(died), rejected=num_rejected)
        return self.confirmed()

    def coast(self, *, time_s: float | None = None, motion: npt.ArrayLike | None = None) -> Tracks:
        """Advance one frame in which no detector looked."""
        _refuse_beyond(motion, None)
        for track in self._tracks:
            track.predict(looked=False)
        return self.confirmed()

    def confirmed(self) -> Tracks:
        """The confirmed tracks that were seen in this frame or the one before."""
        return _as_arrays([t for t in self._tracks if t.confirmed and t.misses <= 1])

    def tentative(self) -> Tracks:
        """The tracks that are not confirmed yet; id 0."""
        return _as_arrays([t for t in self._tracks if not t.confirmed])

    def _confirm(self) -> None:
        for track in self._tracks:
            if not track.confirmed and track.hits >= self.config.n_init and track.misses == 0:
                self._ids += 1
                track.id = self._ids

    def _cascade(self, detections: list[_Detection]) -> tuple[list[Match], list[_Detection]]:
        """Listing 1: who was seen last chooses first, n = 1 ... A_max."""
        matches: list[Match] = []
        free = [] if any(d.feature is None for d in detections) else detections  # without features overlap alone
        known = [t for t in self._tracks if t.confirmed and t.age <= self.config.max_age]
        for level in range(1, self.config.max_age + 1):
            tracks = [t for t in known if t.misses == level]
            if not tracks or not free:
                continue
            squared = np.array([t.squared_mahalanobis(free) for t in tracks])
            cosine = np.array([[t.cosine_distance(d) for d in free] for t in tracks])
            in_gate = squared <= self.config.motion_gate  # b(1), equation 2: the 0.95 quantile of chi^2(4)
            similar = cosine <= self.config.max_cosine_distance  # b(2), equation 4; both must hold, equation 6
            found = _assign(np.where(in_gate, cosine, np.inf), self.config.max_cosine_distance)
            self._evidence += _evidence(squared, in_gate, similar, found, level)
            matches += [(tracks[i], free[j]) for i, j in found]
            free = [d for j, d in enumerate(free) if j not in {column for _, column in found}]
        taken = {detection.index for _, detection in matches}
        return matches, [d for d in detections if d.index not in taken]

    def _by_overlap(self, tracks: list[_Track], detections: list[_Detection]) -> tuple[list[Match], list[_Detection]]:
        """1 - IoU, as SORT does (Bewley et al. 2016)."""
        if not tracks or not detections:
            return [], detections
        overlap = _iou(np.array([t.expected_xyxy() for t in tracks]), np.array([d.xyxy for d in detections]))
        costs = np.where(overlap > 0, 1 - overlap, np.inf)
        found = _assign(costs, self.config.max_iou_distance)
        taken = {j for _, j in found}
        return [(tracks[i], detections[j]) for i, j in found], [d for j, d in enumerate(detections) if j not in taken]


def _assign(costs: Array, gate: float) -> list[tuple[int, int]]:
    """The cheapest assignment of rows to columns; a pair beyond the gate costs a little more, and is no match."""
    bounded = np.where(costs <= gate, costs, gate + REJECTED)
    return [(int(i), int(j)) for i, j in zip(*linear_sum_assignment(bounded), strict=True) if costs[i, j] <= gate]


def _evidence(squared: Array, in_gate: Any, similar: Any, found: list[tuple[int, int]], level: int) -> Evidence:
    """What appearance did at a level: motion alone would have matched who is nearest to one another in the gate."""
    distance = np.where(in_gate, squared, np.inf)
    nearest = in_gate & (distance == distance.min(axis=0)) & (distance == distance.min(axis=1, keepdims=True))
    return Evidence(
        by_appearance=len(found),
        appearance_decided=sum(not nearest[pair] for pair in found),
        recovered=len(found) if level > 1 else 0,
        vetoed=int((nearest & ~similar).sum()),
    )


def _iou(tracks: Array, detections: Array) -> Array:
    """Intersection over union of each of `(N, 4)` boxes with each of `(M, 4)`."""
    first, second = tracks[:, None], detections[None]
    sides = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    shared = np.maximum(sides, 0).prod(axis=-1)
    areas = [(boxes[..., 2:] - boxes[..., :2]).prod(axis=-1) for boxes in (first, second)]
    return np.asarray(shared / np.maximum(areas[0] + areas[1] - shared, 1e-300))


def _corners(x: float, y: float, aspect: float, height: float) -> Array:
    half = np.array([aspect * height, height]) / 2
    return np.concatenate(([x, y] - half, [x, y] + half))


def _last_above_zero(size: float, shrinking: float) -> float:
    """A size that has shrunk by so much a frame, as it was when it last was above zero."""
    if size > 0:
        return size
    step = max(shrinking, LEAST)
    return max(size + float(np.floor(-size / step) + 1) * step, LEAST)


def _usable_detections(
    xyxy: npt.ArrayLike,
    scores: npt.ArrayLike,
    class_ids: npt.ArrayLike | None,
    embeddings: npt.ArrayLike | None,
    frame_size: tuple[int, int] | None,
) -> list[_Detection]:
    """Boxes that are finite, have an area and lie near the picture."""
    boxes, values = np.asarray(xyxy, np.float64).reshape(-1, 4), np.asarray(scores, np.float32).reshape(-1)
    classes = np.zeros(len(boxes), np.int64) if class_ids is None else np.asarray(class_ids, np.int64)
    features = np.asarray([] if embeddings is None else embeddings, np.float32)
    found, size = [], np.array(frame_size or (np.inf, np.inf))
    for index, (box, score, class_id) in enumerate(zip(boxes, values.tolist(), classes.tolist(), strict=True)):
        if not np.isfinite([*box, score]).all() or (box[2:] - box[:2] <= LEAST).any() or (abs(box) > 1e6).any():
            continue
        if ((box[2:] < -size) | (box[:2] > 2 * size)).any():  # more than a whole frame away
            continue
        found.append(_Detection(index, box, score, class_id, _unit(features[index]) if features.size else None))
    return found


def _unit(feature: npt.NDArray[np.float32]) -> Array:
    length = float(np.linalg.norm(feature))
    return np.asarray(feature / length if 0 < length < np.inf else np.zeros(len(feature)), np.float64)


def _refuse_beyond(motion: npt.ArrayLike | None, known: npt.ArrayLike | None) -> None:
    if motion is not None and not np.array_equal(np.asarray(motion), np.eye(2, 3)):
        raise ValueError("motion of the camera goes beyond the paper; the reference tracker takes none")
    if known is not None:
        raise ValueError("known (appearance on demand) goes beyond the paper; the reference tracker takes none")


def _as_arrays(tracks: list[_Track]) -> Tracks:
    def column(name: str, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        return np.array([getattr(track, name) for track in tracks], dtype)

    boxes = np.array([track.told_xyxy() for track in tracks], np.float32).reshape(-1, 4)
    boxes[:, 2:] = np.maximum(boxes[:, 2:], np.nextafter(boxes[:, :2], np.float32(np.inf)))
    return Tracks(
        ids=column("id", np.int64),
        xyxy=boxes,
        scores=column("score", np.float32),
        class_ids=column("class_id", np.int64),
        detection_index=column("detection_index", np.int64),
        births=column("birth", np.int64),
    )
