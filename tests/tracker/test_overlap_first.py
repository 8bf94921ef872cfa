"""With `overlap_first`: overlap chooses, appearance decides between those who compete and finds those who are left."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.tracker.scenes import crowd
from tracker import AppearanceOnDemand, DeepSort, TrackerConfig

CONFIG = TrackerConfig(
    overlap_first=True, appearance_weight=0.4, lost_gate=0.6, max_cosine_distance=0.2, recover_s=0.5, max_age_s=3
)
LEFT, RIGHT, FAR = (100.0, 100.0, 140.0, 200.0), (130.0, 100.0, 170.0, 200.0), (150.0, 100.0, 190.0, 200.0)
RED, BLUE = np.eye(4, dtype=np.float32)[:2]


def near(appearance: np.ndarray, distance: float) -> np.ndarray:
    """An embedding at that cosine distance."""
    cosine = 1 - distance
    return cosine * appearance + np.sqrt(1 - cosine**2) * np.eye(4, dtype=np.float32)[3]


def standing(config: TrackerConfig, boxes, appearances) -> DeepSort:
    tracker = DeepSort(config)
    for _ in range(5):
        tracker.update(boxes, [0.9] * len(boxes), embeddings=appearances)
    return tracker


def test_of_two_who_compete_the_one_who_is_alike_wins():
    """Between both stands a detection a little nearer to the left one, that resembles the right one."""
    between = (112.0, 100.0, 152.0, 200.0)
    found = {}
    for weight in (0.0, 0.4):
        config = dataclasses.replace(CONFIG, appearance_weight=weight)
        tracker = standing(config, [LEFT, RIGHT], [RED, BLUE])
        before = tracker.evidence
        tracks = tracker.update([between], [0.9], embeddings=[BLUE])
        found[weight] = (
            tracks.ids[tracks.detection_index == 0].tolist(),
            tracker.evidence.appearance_decided - before.appearance_decided,
            tracker.evidence.by_appearance - before.by_appearance,
        )
    assert found == {0.0: ([1], 0, 0), 0.4: ([2], 1, 1)}


def test_where_no_appearance_is_known_it_decides_nothing():
    """Many compete; the matches are those of overlap."""
    tracker = DeepSort(CONFIG)
    for frame in crowd(5, num_people=14, num_frames=40):
        nothing = np.zeros_like(frame.features)
        tracker.update(frame.xyxy, frame.scores, embeddings=nothing, known=np.zeros(len(nothing), np.bool_))
    assert tracker.evidence.matches > 200
    assert tracker.evidence.appearance_decided == tracker.evidence.by_appearance == 0


def test_who_overlaps_alone_is_the_same_whatever_they_look_like():
    tracks = standing(CONFIG, [LEFT], [RED]).update([LEFT], [0.9], embeddings=[BLUE])
    assert tracks.ids[tracks.detection_index == 0].tolist() == [1]


@pytest.mark.parametrize(
    ("distance", "known"),
    [pytest.param(0.1, True, id="within 0.6 of the gate"), pytest.param(0.15, False, id="within the gate alone")],
)
def test_who_was_lost_is_known_again_under_a_stricter_gate(distance, known):
    tracker = standing(CONFIG, [LEFT], [RED])
    for _ in range(30):
        tracker.update([], [])
    tracks = tracker.update([LEFT], [0.9], embeddings=[near(RED, distance)])
    assert tracks.ids.tolist() == ([1] if known else [])


def test_who_was_lost_is_not_known_again_without_an_embedding():
    tracker = standing(CONFIG, [LEFT], [RED])
    for _ in range(30):
        tracker.update([], [])
    unknown = np.zeros((1, 4), np.float32)
    assert len(tracker.update([LEFT], [0.9], embeddings=unknown, known=[False])) == 0


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        pytest.param([LEFT, FAR], [False, False], id="each overlaps one track alone"),
        pytest.param([(125.0, 100.0, 165.0, 200.0)], [True], id="two tracks compete"),
        pytest.param([LEFT, (104.0, 100.0, 144.0, 200.0)], [True, True], id="two boxes on one track"),
        pytest.param([(300.0, 100.0, 340.0, 200.0)], [True], id="nobody is there"),
    ],
)
def test_what_overlap_decides_is_not_embedded(seen, wanted):
    tracker, demand = DeepSort(CONFIG), AppearanceOnDemand(refresh=30)
    for _ in range(5):
        tracker.update([LEFT, FAR], [0.9, 0.9], embeddings=[RED, BLUE])
        demand.note(tracker, np.ones(2, np.bool_))
    assert demand.wanted(tracker, seen).tolist() == wanted


def test_who_was_lost_for_too_long_to_overlap_is_embedded():
    tracker, demand = standing(CONFIG, [LEFT], [RED]), AppearanceOnDemand(refresh=1000)
    for step in range(30):
        tracker.update([], [], time_s=1 + step / 30)
        demand.note(tracker, np.zeros(0, np.bool_))
    assert demand.wanted(tracker, [LEFT], time_s=2.0).tolist() == [True]


@pytest.mark.parametrize("seed", range(4))
def test_matches_in_a_crowd_are_the_same_with_appearance_on_demand_and_always(seed):
    """What is not embedded was decided by overlap; of appearance, only how well it is remembered can differ."""
    always, sparing, demand = DeepSort(CONFIG), DeepSort(CONFIG), AppearanceOnDemand(refresh=1)
    embedded = total = 0
    for frame in crowd(seed, num_people=10, num_frames=40):
        known = demand.wanted(sparing, frame.xyxy)
        embedded, total = embedded + int(known.sum()), total + len(known)
        vectors = np.where(known[:, None], frame.features, 0)
        left = always.update(frame.xyxy, frame.scores, embeddings=frame.features)
        right = sparing.update(frame.xyxy, frame.scores, embeddings=vectors, known=known)
        demand.note(sparing, known)
        assert right.detection_index.tolist() == left.detection_index.tolist()
        assert right.ids.tolist() == left.ids.tolist()
    assert embedded <= total
