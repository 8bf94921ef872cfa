"""Which boxes a track already explains, so that they start none."""

from __future__ import annotations

import numpy as np
import pytest

from tracker import DeepSort, TrackerConfig
from tracker.births import explained
from tracker.presets import load_preset

PERSON = (100.0, 100.0, 140.0, 200.0)
AND_BICYCLE = (95.0, 100.0, 165.0, 205.0)  # IoU 0.54
UPPER_HALF = (105.0, 102.0, 135.0, 150.0)  # inside, IoU 0.36
NEIGHBOUR = (125.0, 100.0, 165.0, 200.0)  # IoU 0.23
BEHIND = (118.0, 95.0, 150.0, 180.0)  # IoU 0.36, two thirds inside
EVERYTHING = {"birth_iou": 0.5, "birth_inside": 0.9}


def standing(config: TrackerConfig, frames: int = 5) -> DeepSort:
    tracker = DeepSort(config)
    for _ in range(frames):
        tracker.update([PERSON], [0.9])
    return tracker


@pytest.mark.parametrize(
    ("settings", "box", "is_explained"),
    [
        pytest.param(EVERYTHING, AND_BICYCLE, True, id="the same person with their bicycle"),
        pytest.param(EVERYTHING, UPPER_HALF, True, id="a part of the same person"),
        pytest.param(EVERYTHING, NEIGHBOUR, False, id="somebody beside them"),
        pytest.param(EVERYTHING, BEHIND, False, id="somebody half behind them"),
        pytest.param({"birth_iou": 0.5}, UPPER_HALF, False, id="by overlap alone a part is not"),
        pytest.param({"birth_inside": 0.9}, AND_BICYCLE, False, id="by what is inside alone the larger is not"),
        pytest.param({}, PERSON, False, id="switched off"),
    ],
)
def test_a_second_box_on_somebody_starts_no_track(settings, box, is_explained):
    tracker = standing(TrackerConfig(**settings))
    boxes, classes = np.array([box]), np.zeros(1, np.int64)
    assert explained(boxes, classes, tracker._table, tracker.config).tolist() == [is_explained]
    for _ in range(5):
        tracks = tracker.update([PERSON, box], [0.9, 0.8])
    assert len(tracks) == (1 if is_explained else 2)


def test_a_tentative_track_explains_nothing_nor_one_that_was_not_seen():
    boxes, classes = np.array([PERSON]), np.zeros(1, np.int64)
    tracker = standing(TrackerConfig(**EVERYTHING), frames=1)
    assert not explained(boxes, classes, tracker._table, tracker.config).any()
    tracker = standing(TrackerConfig(**EVERYTHING))
    tracker.update([], [])
    assert not explained(boxes, classes, tracker._table, tracker.config).any()


def test_somebody_in_front_of_a_bus_is_no_part_of_it():
    bus, person = (0.0, 0.0, 400.0, 300.0), (150.0, 120.0, 200.0, 280.0)
    tracker = DeepSort(load_preset("strong").config)
    for _ in range(8):
        tracks = tracker.update([bus, person], [0.9, 0.9], [5, 0])
    assert sorted(tracks.class_ids.tolist()) == [0, 5]
