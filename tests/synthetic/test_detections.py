"""What a simulated detector promises, each property by itself: of many people for long enough, within stated bounds."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest

from synthetic.detections import QUALITIES, Drawn, Quality, Truth, covered_share, draw_detections, inside_share

FPS, SIZE = 10.0, (4000, 1080)
PERFECT = Quality(
    recall=1.0,
    seen_half=-10,
    height_half=1e-6,
    miss_s=0.5,
    hard_share=0.0,
    jitter=0.0,
    jitter_s=0.5,
    standing_false=0.0,
    flicker_false=0.0,
    doubles=0.0,
    score_noise=0.0,
)
"""Finds nearly everybody, exactly: what one property adds to it is all that a test sees."""


def crowd(
    num_people: int = 100, num_frames: int = 200, *, height: float = 200, visible: float = 1.0, step: int = 1
) -> Truth:
    """People who stand in rows, far apart."""
    ids = np.repeat(np.arange(num_people), num_frames)
    frames = np.tile(np.arange(num_frames), num_people)
    left, top = 30.0 + 35 * (ids % 100), 50.0 + 300 * (ids // 100)
    xyxy = np.column_stack((left, top, left + 20, top + height)).astype(float)
    kept = frames % step == 0
    return Truth(frames[kept] // step, ids[kept], xyxy[kept], np.full(int(kept.sum()), visible))


def draw(truth: Truth, seed: int = 0, fps: float = FPS, size: tuple[int, int] = SIZE, **changed: float) -> Drawn:
    quality = dataclasses.replace(PERFECT, **changed)  # type: ignore[arg-type]
    num_frames = int(truth.frames.max(initial=-1)) + 1
    return draw_detections(truth, quality, frame_rate=fps, frame_size=size, num_frames=num_frames, seed=seed)


def found(truth: Truth, drawn: Drawn) -> np.ndarray:
    """`(people, frames)` who was found when; boxes are exact here."""
    person = {(box[0], box[1]): number for number, box in zip(truth.ids.tolist(), truth.xyxy.tolist(), strict=True)}
    seen = np.zeros((truth.ids.max() + 1, truth.frames.max() + 1), bool)
    for frame, box in zip(drawn.frames.tolist(), drawn.xyxy.tolist(), strict=True):
        seen[person[box[0], box[1]], frame] = True
    return seen


@pytest.mark.parametrize("quality", QUALITIES)
def test_the_same_seed_gives_the_same_and_another_one_something_else(quality: str) -> None:
    def drawn(seed: int) -> Drawn:
        return draw_detections(
            crowd(10, 50), QUALITIES[quality], frame_rate=FPS, frame_size=SIZE, num_frames=50, seed=seed
        )

    once, again, other = drawn(1), drawn(1), drawn(2)
    assert all(np.array_equal(getattr(once, name), getattr(again, name)) for name in ("frames", "xyxy", "scores"))
    assert len(once.frames) != len(other.frames) or not np.array_equal(once.xyxy, other.xyxy)


def test_nearly_everybody_is_found_where_nothing_is_in_the_way() -> None:
    truth = crowd()
    assert found(truth, draw(truth)).mean() == pytest.approx(0.995, abs=0.003)  # nobody is found in every frame


@pytest.mark.parametrize("recall", [0.5, 0.8, 0.95])
def test_recall_is_as_stated(recall: float) -> None:
    truth = crowd()
    assert found(truth, draw(truth, recall=recall)).mean() == pytest.approx(recall, abs=0.02)


def test_half_of_the_recall_is_left_where_the_quality_says_so() -> None:
    half_seen, half_tall = crowd(visible=0.4), crowd(height=60)
    assert found(half_seen, draw(half_seen, recall=0.9, seen_half=0.4)).mean() == pytest.approx(0.45, abs=0.03)
    assert found(half_tall, draw(half_tall, recall=0.9, height_half=60)).mean() == pytest.approx(0.45, abs=0.03)


def test_who_is_covered_or_small_is_missed_more() -> None:
    def share(truth: Truth, **changed: float) -> float:
        return len(draw(truth, **changed).frames) / len(truth.frames)

    shares = [share(crowd(visible=v), seen_half=0.5) for v in (0.2, 0.4, 0.6, 0.8)]
    assert all(low + 0.05 < high for low, high in pairwise(shares))
    heights = [share(crowd(height=h), height_half=60) for h in (20, 60, 200)]
    assert heights[0] + 0.2 < heights[1] < heights[2] - 0.2


def test_height_counts_as_in_a_picture_of_1080_px() -> None:
    truth = crowd(height=60)
    large = found(truth, draw(truth, size=(8000, 2160), height_half=120)).mean()
    small = found(truth, draw(truth, height_half=60)).mean()
    assert large < 0.3 < small  # 60 px of 2160 are 30 of 1080


@pytest.mark.parametrize("step", [1, 2, 3])
def test_misses_last_as_long_at_any_frame_rate(step: int) -> None:
    """With recall 1/2, two frames agree with probability 1/2 + asin(r) / pi, r = exp(-dt / tau) (Sheppard 1899)."""
    truth = crowd(100, 600, step=step)
    seen = found(truth, draw(truth, fps=FPS / step, recall=0.5, miss_s=0.5))
    lag = 6 // step  # 0.6 s
    agreement = (seen[:, lag:] == seen[:, :-lag]).mean()
    assert agreement == pytest.approx(0.5 + np.arcsin(np.exp(-0.6 / 0.5)) / np.pi, abs=0.015)


def test_a_person_who_is_hard_to_find_stays_so() -> None:
    truth = crowd(60, 400)
    easy, hard = (found(truth, draw(truth, recall=0.5, hard_share=share)).mean(axis=1).std() for share in (0.0, 0.6))
    assert easy < 0.1
    assert hard > 0.25


def test_boxes_lean_by_the_stated_share_of_the_height_for_the_stated_time() -> None:
    truth = crowd(100, 400)
    drawn = draw(truth, jitter=0.005, jitter_s=0.4)
    tall = drawn.xyxy[:, 3] - drawn.xyxy[:, 1]
    assert tall.std() / 200 == pytest.approx(0.005 * np.sqrt(2), rel=0.05)  # of two sides
    person = np.rint((drawn.xyxy[:, 0] - 30) / 35).astype(int)
    order = np.lexsort((drawn.frames, person))
    lean, frame, person = (drawn.xyxy[:, 0] - 30 - 35 * person)[order], drawn.frames[order], person[order]
    beside = (np.diff(frame) == 1) & (np.diff(person) == 0)
    correlation = np.corrcoef(lean[:-1][beside], lean[1:][beside])[0, 1]
    assert correlation == pytest.approx(np.exp(-0.1 / 0.4), abs=0.03)


def test_covered_people_have_looser_boxes() -> None:
    clear, covered = (np.std(draw(crowd(visible=v), jitter=0.005).xyxy[:, 3]) for v in (1.0, 0.3))
    assert covered == pytest.approx(clear / np.sqrt(0.3), rel=0.05)


def test_scores_tell_how_well_somebody_is_seen() -> None:
    noise = {"score_noise": 1.0, "seen_half": 0.4, "recall": 0.9}
    means = [draw(crowd(visible=v), **noise).scores.mean() for v in (0.3, 0.5, 0.7, 1.0)]
    assert all(low + 0.02 < high for low, high in pairwise(means))
    scores = draw(crowd(), **noise).scores
    assert ((scores > 0) & (scores < 1)).all()
    assert scores.std() > 0.05


def test_a_detector_without_scores_says_1() -> None:
    drawn = draw_detections(crowd(5, 50), QUALITIES["sharp"], frame_rate=FPS, frame_size=SIZE, num_frames=50, seed=0)
    assert (drawn.scores == 1).all()


FALSE = {
    "standing": ({"standing_false": 2.0}, 2.0),
    "flickering": ({"flicker_false": 3.0}, 3.0),
    "both": ({"standing_false": 2.0, "flicker_false": 3.0}, 5.0),
    "none": ({}, 0.0),
}


@pytest.mark.parametrize(("changed", "expected"), FALSE.values(), ids=FALSE.keys())
def test_false_boxes_are_as_many_as_stated(changed: dict[str, float], expected: float) -> None:
    truth = crowd(1, 300)
    num = [len(draw(truth, seed, **changed).frames) - len(draw(truth, seed).frames) for seed in range(40)]
    assert np.mean(num) / 300 == pytest.approx(expected, abs=0.4)


def test_a_standing_false_box_is_there_again_at_the_same_place() -> None:
    truth = crowd(1, 600)
    drawn = draw(truth, standing_false=1.5)
    false = drawn.xyxy[:, 0] != 30
    places, counts = np.unique(drawn.xyxy[false].round(6), axis=0, return_counts=True)
    assert 0 < len(places) < 20
    assert np.median(counts) > 50  # of 600 frames, in spells


def test_doubled_boxes_are_weaker_parts_of_a_person_who_was_found() -> None:
    truth = crowd(100, 300)
    drawn = draw(truth, doubles=0.1)
    double = ~np.isin(drawn.xyxy[:, 3], np.unique(truth.xyxy[:, 3]))
    assert double.sum() / (~double).sum() == pytest.approx(0.1, abs=0.02)
    assert drawn.scores[double].max() < drawn.scores[~double].min()
    assert (drawn.xyxy[double, 3] - drawn.xyxy[double, 1] <= 0.7 * 200 + 1e-9).all()


def test_boxes_stay_inside_of_the_picture_and_are_in_order_of_frames_but_not_of_people() -> None:
    truth = crowd(40, 100)
    drawn = draw(truth, size=(600, 200), jitter=0.1, standing_false=1, flicker_false=1)
    assert (drawn.xyxy >= 0).all()
    assert (drawn.xyxy <= [600, 200, 600, 200]).all()
    assert (drawn.xyxy[:, 2:] - drawn.xyxy[:, :2] > 1).all()
    assert (np.diff(drawn.frames) >= 0).all()
    first = drawn.xyxy[drawn.frames == 0, 0]
    assert (np.diff(first) < 0).any()


@pytest.mark.parametrize("num_frames", [0, 5])
def test_nobody_gives_nothing(num_frames: int) -> None:
    nobody = Truth(np.empty(0, np.int64), np.empty(0, np.int64), np.empty((0, 4)), np.empty(0))
    drawn = draw_detections(nobody, QUALITIES["weak"], frame_rate=FPS, frame_size=SIZE, num_frames=num_frames, seed=0)
    assert drawn.xyxy.shape == (0, 4)


def test_the_better_the_quality_the_more_is_found_and_the_less_is_false() -> None:
    truth = crowd(100, 200, height=120, visible=0.7)
    share = {}
    for name, quality in QUALITIES.items():
        drawn = draw_detections(truth, quality, frame_rate=FPS, frame_size=SIZE, num_frames=200, seed=0)
        share[name] = len(drawn.frames) / len(truth.frames)
    assert share["sharp"] > share["middling"] > share["weak"]


COVERED = {
    "alone": ([[0, 0, 10, 20]], [0.0]),
    "behind one who stands lower": ([[0, 0, 10, 20], [5, 0, 15, 30]], [0.5, 0.0]),
    "behind two: the worse of them counts": ([[0, 0, 10, 20], [5, 0, 15, 30], [8, 0, 18, 31]], [0.5, 0.7, 0.0]),
    "beside": ([[0, 0, 10, 20], [10, 0, 20, 30]], [0.0, 0.0]),
}


@pytest.mark.parametrize(("boxes", "expected"), COVERED.values(), ids=COVERED.keys())
def test_covered_share_looks_at_each_frame_by_itself(boxes: list[list[float]], expected: list[float]) -> None:
    xyxy = np.array(boxes, float)
    twice = covered_share(np.repeat([0, 1], len(xyxy)), np.tile(xyxy, (2, 1)))
    assert twice == pytest.approx(expected * 2)


INSIDE = {
    "inside": ([10, 10, 20, 30], 1.0),
    "half over the edge": ([-5, 0, 5, 10], 0.5),
    "beside": ([200, 0, 210, 9], 0.0),
}


@pytest.mark.parametrize(("box", "expected"), INSIDE.values(), ids=INSIDE.keys())
def test_inside_share(box: list[float], expected: float) -> None:
    assert inside_share(np.array([box], float), (100, 100)) == pytest.approx([expected])
