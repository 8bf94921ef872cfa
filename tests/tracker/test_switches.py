"""Each improvement does what it is for, and nothing where it is off."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tracker.scenes import crowd
from tracker import DeepSort, TrackerConfig
from tracker.votes import ClassVotes

BOX = [100.0, 50.0, 140.0, 150.0]


def shifted(dx):
    return [BOX[0] + dx, BOX[1], BOX[2] + dx, BOX[3]]


@pytest.mark.parametrize(("frame_s", "expected"), [(0.02, [1]), (0.2, [2])])
def test_recover_s_counts_time_and_not_frames(frame_s, expected):
    """Five missed frames are a tenth of a second at 50 frames a second, and a whole one at 5."""
    tracker = DeepSort(TrackerConfig(recover_s=0.3))
    script = [[BOX]] * 3 + [[]] * 5 + [[BOX]] * 3
    for index, boxes in enumerate(script):
        tracks = tracker.update(boxes, [0.9] * len(boxes), time_s=index * frame_s)
    assert tracks.ids.tolist() == expected


@pytest.mark.parametrize(("frame_s", "alive"), [(0.02, 1), (0.5, 0)])
def test_max_age_s_counts_time_and_not_frames(frame_s, alive):
    tracker = DeepSort(TrackerConfig(max_age=1, max_age_s=1.0))
    for index in range(7):
        boxes = [BOX] if index < 3 else []
        tracker.update(boxes, [0.9] * len(boxes), time_s=index * frame_s)
    assert len(tracker) == alive


def test_measured_noise_calms_boxes():
    def roughness(factor):
        rng, tracker, centres = np.random.default_rng(0), DeepSort(TrackerConfig(measured_noise=factor)), []
        for _ in range(60):
            tracks = tracker.update([np.array(BOX) + rng.normal(0, 4, 4)], [0.9])
            centres.extend(tracks.xyxy[:, 0].tolist())
        return np.abs(np.diff(centres)).mean()

    assert roughness(2.0) < 0.8 * roughness(1.0)


def test_score_noise_trusts_sure_detections_more():
    def distance(score):
        tracker = DeepSort(TrackerConfig(score_noise=0.9))
        for _ in range(5):
            tracker.update([BOX], [0.5])
        return abs(tracker.update([shifted(8)], [score]).xyxy[0, 0] - (BOX[0] + 8))

    assert distance(0.95) < 0.7 * distance(0.1)


@pytest.mark.parametrize(("penalty", "expected"), [(0.0, [1]), (0.5, [0])])
def test_doubt_penalty_prefers_the_sure_detection(penalty, expected):
    tracker = DeepSort(TrackerConfig(doubt_penalty=penalty))
    for _ in range(4):
        tracker.update([BOX], [0.9])
    assert tracker.update([shifted(4), shifted(1)], [0.95, 0.2]).detection_index.tolist() == expected


def rivals(penalty):
    """A confirmed track and a newborn one want the same detection, which lies a little nearer to the newborn."""
    tracker = DeepSort(TrackerConfig(tentative_penalty=penalty))
    for _ in range(4):
        tracker.update([BOX], [0.9])
    tracker.update([BOX, shifted(12)], [0.9, 0.9])
    return tracker.update([shifted(7)], [0.9]).detection_index.tolist()


def test_tentative_penalty_lets_the_confirmed_track_win():
    assert rivals(0.0) == [-1]
    assert rivals(0.3) == [0]


def test_a_moving_average_forgets_one_bad_crop():
    red, blue = [1.0, 0.0], [0.0, 1.0]
    decided = {}
    for momentum in (0.0, 0.9):
        config = TrackerConfig(appearance_momentum=momentum, gallery_size=1, max_cosine_distance=0.3)
        tracker = DeepSort(config)
        for feature in (red, red, red, red, blue):
            tracker.update([BOX], [0.9], embeddings=[feature])
        tracker.update([], [])
        tracker.update([], [])
        decided[momentum] = tracker.update([BOX], [0.9], embeddings=[red]).ids.tolist()
    assert decided == {0.0: [], 0.9: [1]}


@pytest.mark.parametrize(("vote", "expected"), [(False, 7), (True, 2)])
def test_one_odd_detection_does_not_rename_a_track(vote, expected):
    tracker = DeepSort(TrackerConfig(class_vote=vote))
    for class_id in (2, 2, 2, 7):
        tracks = tracker.update([BOX], [0.8], [class_id])
    assert tracks.class_ids.tolist() == [expected]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(1, 3)), max_size=30))
def test_votes_lead_to_a_class_with_the_most(cast):
    votes, sums = ClassVotes(), np.zeros((4, 6))
    for row, class_id, weight in cast:
        sums[row, class_id] += weight
        winner = votes.cast(np.array([row]), np.array([class_id]), np.array([weight], np.float32))
        assert sums[row, winner[0]] == sums[row].max()


def test_votes_of_a_dead_track_are_not_inherited():
    votes = ClassVotes()
    for _ in range(5):
        votes.cast(np.array([0]), np.array([3]), np.ones(1, np.float32))
    votes.clear(np.array([0, 9]))
    assert votes.cast(np.array([0]), np.array([1]), np.ones(1, np.float32)).tolist() == [1]


STRONG = TrackerConfig(
    iou_max_misses=2,
    recover_s=0.35,
    aspect_std=0.1,
    measured_noise=1.7,
    calibrated_scores=True,
    birth_score=0.6,
    confirm_evidence=2.0,
    miss_evidence=2.0,
    tentative_penalty=0.2,
    doubt_penalty=0.2,
)
ALL = {"overlap_first": True, "appearance_weight": 0.4, "birth_iou": 0.5, "class_vote": True, "score_noise": 0.5}


@pytest.mark.parametrize("config", [STRONG, TrackerConfig(**ALL), TrackerConfig(**ALL, appearance_momentum=0.9)])
def test_invariants_hold_with_the_switches_on(config):
    tracker, seen = DeepSort(config), 0
    for frame in crowd(seed=3, num_people=10, num_frames=60, clutter=2.0):
        tracks = tracker.update(frame.xyxy, frame.scores, embeddings=frame.features)
        assert len(set(tracks.ids.tolist())) == len(tracks)
        assert np.isfinite(tracks.xyxy).all()
        used = tracks.detection_index[tracks.detection_index >= 0].tolist()
        assert len(set(used)) == len(used)
        seen = max(seen, int(tracks.ids.max(initial=0)))
    assert seen >= 5
