"""A crowd for timing trackers: people who speed up and turn, come and go, and are missed; their embeddings are noisy.

No tracker's motion model is true here: velocities wander. Appearance is an identity with a part common to all plus
noise, so that two embeddings of one person are about 0.1 apart (cosine distance), of two people about 0.5, and one in
twenty is spoiled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["FRAME_SIZE", "Sight", "crowd"]

Array = npt.NDArray[np.float64]

FRAME_SIZE = (3840, 2160)
"""Width and height, px."""
_DIM = 128
_HEIGHTS = (30, 90)
"""px; 1000 people then cover a fifth of the picture in sum, 5000 all of it."""
_MISSED, _REPLACED, _SPOILED, _CLUTTER = 0.04, 0.004, 0.05, 0.01
"""Shares of the people, each frame: not detected, gone with somebody new elsewhere, badly seen; false detections."""


@dataclass(frozen=True)
class Sight:
    """The detections of one frame: `(N, 4)` xyxy px, `(N,)` scores, `(N, 128)` embeddings of unit length."""

    xyxy: Array
    scores: npt.NDArray[np.float32]
    embeddings: npt.NDArray[np.float32]


def _identities(rng: np.random.Generator, common: Array, count: int) -> Array:
    return _unit(common + rng.normal(size=(count, _DIM)) / np.sqrt(_DIM))


def _unit(vectors: Array) -> Array:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def crowd(num_people: int, num_frames: int, seed: int = 0) -> Iterator[Sight]:
    """Frames of `num_people` in a 3840x2160 px picture; the same seed gives the same frames."""
    rng = np.random.default_rng(seed)
    size, common = np.array(FRAME_SIZE, np.float64), _unit(rng.normal(size=(1, _DIM)))[0]
    place, velocity = rng.uniform(0, size, (num_people, 2)), rng.normal(0, 3, (num_people, 2))
    height, aspect = rng.uniform(*_HEIGHTS, num_people), rng.uniform(0.35, 0.5, num_people)
    appearance = _identities(rng, common, num_people)
    for _ in range(num_frames):
        velocity = 0.97 * velocity + rng.normal(0, 0.7, velocity.shape)
        place = place + velocity
        velocity = np.where((place < 0) | (place > size), -velocity, velocity)
        place = np.clip(place, 0, size)
        new = np.flatnonzero(rng.random(num_people) < _REPLACED)
        place[new], appearance[new] = rng.uniform(0, size, (len(new), 2)), _identities(rng, common, len(new))
        yield _look_at(rng, place, height, aspect, appearance)


def _look_at(rng: np.random.Generator, place: Array, height: Array, aspect: Array, appearance: Array) -> Sight:
    """What a detector and an encoder make of it, in any order."""
    seen = np.flatnonzero(rng.random(len(place)) >= _MISSED)
    num_false = rng.binomial(len(place), _CLUTTER)
    centres = np.concatenate((place[seen], rng.uniform(0, FRAME_SIZE, (num_false, 2))))
    heights = np.concatenate((height[seen], rng.uniform(*_HEIGHTS, num_false)))
    widths = np.concatenate((aspect[seen], rng.uniform(0.35, 0.5, num_false))) * heights
    halves = np.column_stack((widths, heights)) / 2
    corners = np.concatenate((centres - halves, centres + halves), axis=1)
    corners += rng.normal(0, 0.02, corners.shape) * heights[:, None]
    embeddings = np.concatenate((appearance[seen], _unit(rng.normal(size=(num_false, _DIM)))))
    noise = np.where(rng.random(len(embeddings)) < _SPOILED, 1.0, 0.35)[:, None]
    embeddings = _unit(embeddings + noise * rng.normal(size=embeddings.shape) / np.sqrt(_DIM))
    scores = np.concatenate((rng.uniform(0.5, 0.98, len(seen)), rng.uniform(0.1, 0.6, num_false)))
    order = rng.permutation(len(corners))
    return Sight(corners[order], scores[order].astype(np.float32), embeddings[order].astype(np.float32))
