"""DeepSORT once more, as plainly as the paper tells it: the oracle for `tracker.DeepSort`.

One object a track, 8x8 matrices, full cost matrices, one `linear_sum_assignment` a level: nothing that the array code
does to be fast. Follows Wojke et al. 2017 and the behaviour of the published implementation.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

GATE = 9.4877
F = np.eye(8) + np.eye(8, k=4)
H = np.eye(4, 8)


def xyah(tlwh):
    x, y, w, h = tlwh
    return np.array([x + w / 2, y + h / 2, w / h, h])


def noise(height, aspect, weight):
    return np.diag(np.square([weight * height, weight * height, aspect, weight * height]))


def block(a, b):
    return np.block([[a, np.zeros((4, 4))], [np.zeros((4, 4)), b]])


@dataclass
class Track:
    mean: np.ndarray
    covariance: np.ndarray
    number: int
    hits: int = 1
    since: int = 0
    confirmed: bool = False
    deleted: bool = False
    gallery: list = field(default_factory=list)

    @staticmethod
    def start(tlwh, number):
        z = xyah(tlwh)
        covariance = block(noise(z[3], 1e-2, 2 / 20), noise(z[3], 1e-5, 10 / 160))
        return Track(np.r_[z, np.zeros(4)], covariance, number)

    def predict(self):
        height = self.mean[3]
        q = block(noise(height, 1e-2, 1 / 20), noise(height, 1e-5, 1 / 160))
        self.mean, self.covariance = F @ self.mean, F @ self.covariance @ F.T + q
        self.since += 1

    def expected(self):
        return H @ self.mean, H @ self.covariance @ H.T + noise(self.mean[3], 1e-1, 1 / 20)

    def update(self, tlwh):
        mean, s = self.expected()
        gain = self.covariance @ H.T @ np.linalg.inv(s)
        self.mean = self.mean + gain @ (xyah(tlwh) - mean)
        self.covariance = self.covariance - gain @ s @ gain.T
        self.hits += 1
        self.since = 0

    def tlwh(self):
        x, y, a, h = self.mean[:4]
        return np.array([x - a * h / 2, y - h / 2, a * h, h])


def iou(a, b):
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    overlap = max(width, 0) * max(height, 0)
    return overlap / (a[2] * a[3] + b[2] * b[3] - overlap)


def unit(v):
    return np.asarray(v, np.float32) / np.linalg.norm(np.asarray(v, np.float32))


class ReferenceDeepSort:
    """`step` takes `(N, 4)` tlwh boxes and `(N, D)` features; gives `{number: tlwh}` as the original writes it."""

    def __init__(self, max_cosine=0.2, budget=100, max_iou=0.7, max_age=30, n_init=3):
        self.max_cosine, self.budget, self.max_iou = max_cosine, budget, max_iou
        self.max_age, self.n_init = max_age, n_init
        self.tracks, self.started = [], 0

    def step(self, boxes, features):
        for track in self.tracks:
            track.predict()
        matches, free_detections = self._cascade(boxes, features)
        matched = {id(track) for track, _ in matches}
        candidates = [t for t in self.tracks if not t.confirmed or (t.since == 1 and id(t) not in matched)]
        costs = [[1 - iou(t.tlwh(), boxes[d]) for d in free_detections] for t in candidates]
        more, free_detections = self._solve(candidates, free_detections, costs, self.max_iou)
        matches += more
        matched = {id(track) for track, _ in matches}
        for track, d in matches:
            track.update(boxes[d])
            track.gallery.append(unit(features[d]))
            track.gallery = track.gallery[-self.budget :]
            track.confirmed = track.confirmed or track.hits >= self.n_init
        for track in self.tracks:
            if id(track) not in matched:
                track.deleted = not track.confirmed or track.since > self.max_age
        for d in free_detections:
            self.started += 1
            track = Track.start(boxes[d], self.started)
            track.gallery.append(unit(features[d]))
            self.tracks.append(track)
        self.tracks = [t for t in self.tracks if not t.deleted]
        return {t.number: t.tlwh() for t in self.tracks if t.confirmed and t.since <= 1}

    def _cascade(self, boxes, features):
        matches, free = [], list(range(len(boxes)))
        for level in range(1, self.max_age + 1):
            tracks = [t for t in self.tracks if t.confirmed and t.since == level]
            costs = [[self._appearance(t, boxes[d], features[d]) for d in free] for t in tracks]
            more, free = self._solve(tracks, free, costs, self.max_cosine)
            matches += more
        return matches, free

    def _appearance(self, track, box, feature):
        mean, s = track.expected()
        residual = xyah(box) - mean
        if residual @ np.linalg.inv(s) @ residual > GATE:
            return 1e5
        return min(1 - float(known @ unit(feature)) for known in track.gallery)

    @staticmethod
    def _solve(tracks, detections, costs, gate):
        if not tracks or not detections:
            return [], detections
        matrix = np.array(costs, float)
        matrix[matrix > gate] = gate + 1e-5
        pairs = [(i, j) for i, j in zip(*linear_sum_assignment(matrix), strict=True) if matrix[i, j] <= gate]
        taken = {detections[j] for _, j in pairs}
        return [(tracks[i], detections[j]) for i, j in pairs], [d for d in detections if d not in taken]
