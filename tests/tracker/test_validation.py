"""Boxes that cannot be tracked are rejected, with the reason."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker import DeepSort
from tracker.validation import REJECT_REASONS, admit, reject_reasons


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        pytest.param([0, 0, 10, 10], "", id="usable"),
        pytest.param([-5, -5, 10, 10], "", id="over the border"),
        pytest.param([-90, 10, -10, 50], "", id="just outside"),
        pytest.param([0, 0, 10, np.nan], "not finite", id="NaN"),
        pytest.param([-np.inf, 0, 10, 10], "not finite", id="infinite"),
        pytest.param([0, 0, 0, 10], "no area", id="no width"),
        pytest.param([0, 0, 10, -10], "no area", id="upside down"),
        pytest.param([0, 0, 5e-4, 10], "no area", id="thinner than a thousandth px"),
        pytest.param([0.2, 0.2, 0.202, 0.3], "", id="thin, as shares of the picture"),
        pytest.param([0, 0, 1e-200, 1e-200], "no area", id="an area that vanishes"),
        pytest.param([300, 10, 340, 50], "far outside the frame", id="far to the right"),
        pytest.param([10, -300, 40, -150], "far outside the frame", id="far above"),
    ],
)
def test_a_box_is_rejected_for_its_reason(box, reason):
    found = reject_reasons(np.array([box], float), np.array([0.5]), frame_size=(100, 100))
    assert REJECT_REASONS[found[0]] == reason


def test_without_a_frame_size_only_absurd_coordinates_are_far_outside():
    boxes = np.array([[5e4, 0, 5e4 + 10, 10], [1e7, 0, 1e7 + 10, 10]])
    assert reject_reasons(boxes, np.array([0.5, 0.5])).tolist() == [0, 3]


@given(st.integers(0, 2**32 - 1), st.integers(0, 12), st.sampled_from([None, (640, 360)]))
def test_the_quick_look_at_all_boxes_agrees_with_the_reasons_of_each(seed, count, frame_size):
    rng = np.random.default_rng(seed)
    low = rng.uniform(-500, 900, (count, 2))
    xyxy, scores = np.concatenate((low, low + rng.uniform(1, 300, (count, 2))), axis=1), rng.random(count)
    for spoil in (None, np.nan, np.inf, 1e7, -1e7):
        if spoil is not None and count:
            xyxy[rng.integers(count), rng.integers(4)] = spoil
            scores[rng.integers(count)] = rng.choice([0.5, np.nan, np.inf])
        usable = np.flatnonzero(reject_reasons(xyxy, scores, frame_size) == 0)
        admitted = admit(xyxy, scores, None, None, frame_size)
        assert admitted.source.tolist() == usable.tolist()
        assert admitted.rejected == count - len(usable)
        np.testing.assert_array_equal(admitted.xyxy, xyxy[usable])


@pytest.mark.parametrize("spread", [0, 0.9], ids=["the same to the last bit", "the same to the px"])
def test_of_many_boxes_at_one_place_the_best_hundred_are_kept(spread: float) -> None:
    """2,000 of them took minutes and gigabytes an update; a crowd beside them, and two at one place, stay whole."""
    rng = np.random.default_rng(0)
    crowd = np.array([[x, y, x + 5, y + 10] for x in range(0, 400, 8) for y in range(0, 400, 16)], float)
    heap = np.array([50.0, 50, 70, 90]) + spread * rng.random((2000, 1))
    pair = np.tile([7.0, 7, 9, 9], (2, 1))
    boxes = np.concatenate([crowd, heap, pair])
    scores = rng.random(len(boxes))
    places = rng.permutation(len(boxes))
    kept = places[reject_reasons(boxes[places], scores[places]) == 0]
    in_heap = kept[(kept >= len(crowd)) & (kept < len(crowd) + len(heap))]
    best = len(crowd) + np.argsort(-scores[len(crowd) : len(crowd) + len(heap)])[:100]
    assert sorted(in_heap) == sorted(best)
    assert len(kept) == len(crowd) + 100 + 2
    found = reject_reasons(boxes, scores)
    assert {REJECT_REASONS[code] for code in found} == {"", "at one place with 100 others"}


@pytest.mark.parametrize("count", [100, 101, 2000])
def test_the_tracker_itself_turns_them_away(count: int) -> None:
    tracker = DeepSort()
    for _ in range(4):
        tracks = tracker.update(np.tile([50.0, 50, 70, 90], (count, 1)), np.linspace(0.9, 0.5, count))
    assert len(tracks) <= 100
    assert tracker.evidence.rejected == 4 * max(0, count - 100)
    assert set(tracks.detection_index.tolist()) <= set(range(100)), "the best, by their rows as given"


@pytest.mark.parametrize(
    ("spread", "most"),
    [
        pytest.param(20.0, 400, id="some px: four cells at most, of a quarter of the width and more"),
        pytest.param(2000.0, 2000, id="over the whole picture: a real crowd"),
    ],
)
def test_boxes_spread_over_some_px_are_at_few_places(spread: float, most: int) -> None:
    """Each of 2,000 was a candidate for 2,000 tracks: 24 s and 4 GB an update."""
    corners = 500 + np.random.default_rng(0).uniform(0, spread, (2000, 2))
    boxes = np.concatenate([corners, corners + [60, 150]], axis=1)
    kept = np.count_nonzero(reject_reasons(boxes, np.full(2000, 0.5)) == 0)
    assert 100 <= kept <= most
    assert kept == 2000 or spread < 2000


def test_boxes_of_many_sizes_around_one_point_are_at_many_places() -> None:
    """A person, the head, the face: what is of another size is another thing, however many there are."""
    sides = np.repeat(2.0 ** np.arange(1, 9), 60)
    boxes = np.column_stack((0 * sides, 0 * sides, sides, 2 * sides))
    assert not reject_reasons(boxes, np.full(len(boxes), 0.5)).any()


def test_a_box_that_is_rejected_for_another_reason_is_none_of_the_hundred() -> None:
    boxes = np.tile([0.0, 0, 0.5, 0.5], (250, 1))
    boxes[:150, 2] = np.nan
    assert np.count_nonzero(reject_reasons(boxes, np.full(250, 0.5)) == 0) == 100
