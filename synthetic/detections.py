"""A detector, simulated: boxes of a stated quality from any ground truth, seeded.

What a detector gets wrong is not independent from frame to frame: somebody is missed for a while, a box leans to one
side for a while, a poster is taken for a person as long as the light stays. So each of these has a memory: a latent
Gaussian process with correlation exp(-dt / tau), in seconds, for every person and every fault. At a third of the frame
rate, or backwards, it is the same detector. Scores tell how well somebody can be seen, with a noise of their own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter
from scipy.special import expit, logit, ndtr

__all__ = ["QUALITIES", "Drawn", "Quality", "Truth", "covered_share", "draw_detections", "inside_share"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_MOST_CERTAIN = 0.995
"""No detector finds anybody in every frame."""


@dataclass(frozen=True)
class Quality:
    """How good a simulated detector is.

    Attributes:
        recall: share of frames in which a person in full sight, large enough, is found.
        seen_half: visible share of a person at which half of that recall is left.
        height_half: height (px, of a picture 1080 px high) at which half of it is left.
        miss_s: seconds for which a miss or a find lasts (correlation time).
        hard_share: share of the variance of misses that is the person's own: who is missed now is missed later too.
        jitter: standard deviation of a box's sides, as a share of its height, for a person in full sight.
        jitter_s: seconds for which a box leans to one side.
        standing_false: false boxes that stay where they are, in each frame on average.
        flicker_false: false boxes that come and go, in each frame on average.
        doubles: share of boxes beside which stands a second one, of a part of the same person.
        score_noise: standard deviation of a score, in log-odds.
        has_scores: whether scores are told; without, all are 1.
    """

    recall: float
    seen_half: float
    height_half: float
    miss_s: float
    hard_share: float
    jitter: float
    jitter_s: float
    standing_false: float
    flicker_false: float
    doubles: float
    score_noise: float
    has_scores: bool = True


QUALITIES = {
    "sharp": Quality(0.98, 0.12, 25, 0.4, 0.5, 0.012, 0.5, 0.2, 0.05, 0.01, 0.8, has_scores=False),
    "middling": Quality(0.93, 0.35, 50, 0.4, 0.3, 0.03, 0.4, 0.8, 0.3, 0.03, 1.0),
    "weak": Quality(0.8, 0.5, 90, 0.4, 0.15, 0.05, 0.3, 1.5, 0.6, 0.06, 1.4),
}
"""From a large network of today to a small one of years ago. Recall by visible share, jitter, false boxes and length of
misses are about those of real detections: MOT17's of a modern network, YOLO11n's, MOT15's of Faster R-CNN."""


@dataclass(frozen=True)
class Truth:
    """Annotated people: `(N,)` frames from 0 and ids, `(N, 4)` xyxy px, `(N,)` visible share of each."""

    frames: Ints
    ids: Ints
    xyxy: Array
    visible: Array


@dataclass(frozen=True)
class Drawn:
    """Detections: `(M,)` frames from 0, `(M, 4)` xyxy px, `(M,)` scores; ordered by frame."""

    frames: Ints
    xyxy: Array
    scores: Array


def covered_share(frames: Ints, xyxy: Array) -> Array:
    """`(N,)`, how much of each box the nearer ones of its frame cover: at least what the worst of them covers.

    Who stands lower in the picture is nearer. For ground truth that does not tell visibility.
    """
    covered = np.zeros(len(frames))
    for frame in np.unique(frames):
        rows = np.flatnonzero(frames == frame)
        box = xyxy[rows]
        sides = np.minimum(box[:, None, 2:], box[None, :, 2:]) - np.maximum(box[:, None, :2], box[None, :, :2])
        shared = np.maximum(sides, 0).prod(2) * (box[None, :, 3] > box[:, None, 3])
        covered[rows] = shared.max(1) / np.maximum((box[:, 2:] - box[:, :2]).prod(1), 1e-9)
    return covered


def inside_share(xyxy: Array, frame_size: tuple[int, int]) -> Array:
    """`(N,)`, how much of each box lies inside of a picture of that width and height, px."""
    shown = np.minimum(xyxy[:, 2:], frame_size) - np.maximum(xyxy[:, :2], 0)
    return np.asarray(np.maximum(shown, 0).prod(1) / np.maximum((xyxy[:, 2:] - xyxy[:, :2]).prod(1), 1e-9))


def draw_detections(
    truth: Truth, quality: Quality, *, frame_rate: float, frame_size: tuple[int, int], num_frames: int, seed: int
) -> Drawn:
    """What a detector of that quality would give for these people.

    Args:
        truth: who is there.
        quality: of the detector.
        frame_rate: frames a second.
        frame_size: width and height, px.
        num_frames: of the sequence, also those without anybody.
        seed: the same seed gives the same detections.
    """
    rng = np.random.default_rng(seed)
    found, doubled = [], []
    for number in np.unique(truth.ids):
        rows = np.flatnonzero(truth.ids == number)
        rows = rows[np.argsort(truth.frames[rows], kind="stable")]
        person = _person(truth, rows, quality, frame_rate, frame_size[1], rng)
        found.append(person)
        doubled.append(_double(person, quality, frame_rate, rng))
    false = _false_boxes(truth, quality, frame_rate, frame_size, num_frames, rng)
    parts = [part for part in (*found, *doubled, false) if len(part.frames)]
    if not parts:
        return Drawn(np.empty(0, np.int64), np.empty((0, 4)), np.empty(0))
    frames, xyxy, scores = (
        np.concatenate(column) for column in zip(*((p.frames, p.xyxy, p.scores) for p in parts), strict=True)
    )
    order = np.lexsort((rng.random(len(frames)), frames))  # a detector knows no order of people
    width, height = frame_size
    xyxy = np.clip(xyxy[order], 0, [width, height, width, height])
    inside = (xyxy[:, 2:] - xyxy[:, :2] > 1).all(1)
    scores = scores[order] if quality.has_scores else np.ones(len(order))
    return Drawn(frames[order][inside], xyxy[inside], scores[inside])


def _person(
    truth: Truth, rows: Ints, quality: Quality, frame_rate: float, height: int, rng: np.random.Generator
) -> Drawn:
    """The detections of one person."""
    frames, box, visible = truth.frames[rows], truth.xyxy[rows], np.clip(truth.visible[rows], 0, 1)
    size = box[:, 2:] - box[:, :2]
    chance = quality.recall * expit(8 * (visible - quality.seen_half)) / expit(8 * (1 - quality.seen_half))
    chance = np.minimum(chance * expit(3 * np.log(size[:, 1] * 1080 / height / quality.height_half)), _MOST_CERTAIN)
    own = rng.normal()  # how hard this person is to find
    spell = _memory(frames, quality.miss_s * frame_rate, 1, rng)[:, 0]
    found = ndtr(np.sqrt(quality.hard_share) * own + np.sqrt(1 - quality.hard_share) * spell) < chance
    spread = quality.jitter * size[:, 1] / np.sqrt(np.maximum(visible, 0.2))
    drawn = box + _memory(frames, quality.jitter_s * frame_rate, 4, rng) * spread[:, None]
    mood = _memory(frames, quality.miss_s * frame_rate, 1, rng)[:, 0]
    scores = expit(logit(np.clip(chance, 0.02, 0.98)) + quality.score_noise * mood)
    return Drawn(frames[found], drawn[found], scores[found])


def _double(person: Drawn, quality: Quality, frame_rate: float, rng: np.random.Generator) -> Drawn:
    """A second box on a part of the person, for spells; weaker than the first."""
    if not len(person.frames):
        return person
    there = ndtr(_memory(person.frames, 0.3 * frame_rate, 1, rng)[:, 0]) < quality.doubles
    size = person.xyxy[:, 2:] - person.xyxy[:, :2]
    upper, wider = rng.uniform(0.45, 0.7), rng.uniform(-0.1, 0.25, 2)
    part = person.xyxy.copy()
    part[:, 3] = part[:, 1] + upper * size[:, 1]
    part[:, [0, 2]] += wider * size[:, :1]
    return Drawn(person.frames[there], part[there], 0.7 * person.scores[there])


def _false_boxes(
    truth: Truth,
    quality: Quality,
    frame_rate: float,
    frame_size: tuple[int, int],
    num_frames: int,
    rng: np.random.Generator,
) -> Drawn:
    """Boxes on nobody, of the sizes that people have here: some stand where they are, some flicker."""
    if not len(truth.frames):
        return Drawn(np.empty(0, np.int64), np.empty((0, 4)), np.empty(0))
    frames, boxes, scores = [], [], []
    share = 0.35  # of the time in which a place that fools the detector does so
    for _ in range(rng.poisson(quality.standing_false / share)):
        when = np.arange(num_frames)
        there = ndtr(_memory(when, 1.5 * frame_rate, 1, rng)[:, 0]) < share
        box = _somewhere(truth, frame_size, rng)
        lean = _memory(when, quality.jitter_s * frame_rate, 4, rng) * quality.jitter * (box[3] - box[1])
        frames.append(when[there])
        boxes.append((box + lean)[there])
        scores.append(expit(rng.normal(-1, 1) + 0.7 * rng.normal(size=there.sum())))
    flickering = rng.integers(0, max(num_frames, 1), rng.poisson(quality.flicker_false * num_frames))
    frames.append(np.sort(flickering))
    boxes.append(np.array([_somewhere(truth, frame_size, rng) for _ in flickering]).reshape(-1, 4))
    scores.append(expit(rng.normal(-1.5, 1, len(flickering))))
    return Drawn(np.concatenate(frames).astype(np.int64), np.concatenate(boxes), np.concatenate(scores))


def _somewhere(truth: Truth, frame_size: tuple[int, int], rng: np.random.Generator) -> Array:
    """The box of anybody at any time, moved aside by a few of its widths; who leaves the picture comes in opposite."""
    box = truth.xyxy[rng.integers(len(truth.xyxy))]
    size = box[2:] - box[:2]
    room = np.maximum(np.array(frame_size) - size, 1.0)
    left_top = (box[:2] + size * rng.normal(0, [4, 0.3])) % room
    return np.concatenate((left_top, left_top + size))


def _memory(frames: Ints, tau: float, width: int, rng: np.random.Generator) -> Array:
    """`(N, width)` standard normal, correlated by exp(-dt / tau) from frame to frame; `tau` in frames."""
    fresh = rng.normal(size=(len(frames), width))
    if not len(frames):
        return fresh
    steps = np.diff(frames)
    keep = np.exp(-steps / max(tau, 1e-9))
    fresh[1:] *= np.sqrt(1 - keep**2)[:, None]
    if (steps == 1).all():  # the usual case, a hundred times faster
        return np.asarray(lfilter([1.0], [1.0, -math.exp(-1 / max(tau, 1e-9))], fresh, axis=0))
    for row, kept in enumerate(keep, start=1):
        fresh[row] += kept * fresh[row - 1]
    return fresh
