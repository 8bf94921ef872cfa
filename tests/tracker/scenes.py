"""Scenes for the tracker: people who walk, cross, vanish and come back, with noisy boxes and features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SceneFrame:
    xyxy: np.ndarray
    scores: np.ndarray
    features: np.ndarray


def crowd(seed: int, num_people: int = 12, num_frames: int = 80, dim: int = 16, clutter: float = 0.5):
    """Frames of a crowd: 85 % of the boxes are seen, features are an identity plus noise, and there is clutter."""
    rng = np.random.default_rng(seed)
    position = rng.uniform((0, 0), (640, 360), (num_people, 2))
    velocity = rng.normal(0, 3, (num_people, 2))
    height = rng.uniform(40, 160, num_people)
    identity = rng.normal(size=(num_people, dim))
    frames = []
    for _ in range(num_frames):
        position += velocity + rng.normal(0, 0.5, position.shape)
        seen = rng.random(num_people) < 0.85
        boxes = [
            _box(position[i], height[i] * rng.normal(1, 0.03), rng.normal(0.4, 0.02)) for i in np.flatnonzero(seen)
        ]
        features = [identity[i] + rng.normal(0, 0.35, dim) for i in np.flatnonzero(seen)]
        for _ in range(rng.poisson(clutter)):
            boxes.append(_box(rng.uniform((0, 0), (640, 360)), rng.uniform(40, 160), 0.4))
            features.append(rng.normal(size=dim))
        order = rng.permutation(len(boxes))
        frames.append(
            SceneFrame(
                np.array(boxes).reshape(-1, 4)[order],
                rng.uniform(0.3, 1, len(boxes)),
                np.array(features, np.float32).reshape(-1, dim)[order],
            )
        )
    return frames


def _box(centre, height, aspect):
    half = np.array([aspect * height, height]) / 2
    return np.concatenate((centre - half, centre + half))


def tlwh(xyxy):
    return np.column_stack((xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]))
