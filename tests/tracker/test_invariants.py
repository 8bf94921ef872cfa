"""What holds whatever happens: random boxes, random features, thousands of steps."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tracker.scenes import crowd
from tracker import DeepSort, TrackerConfig
from tracker.presets import load_preset


def random_frames(seed, num_frames, dim=4):
    """Boxes without any sense, some of them unusable; and now and then a frame without any."""
    rng = np.random.default_rng(seed)
    for _ in range(num_frames):
        count = int(rng.integers(0, 9)) if rng.random() < 0.9 else 0
        corner = rng.uniform(-200, 800, (count, 2))
        xyxy = np.concatenate((corner, corner + rng.uniform(-5, 300, (count, 2))), axis=1)
        spoiled = rng.random(count) < 0.05
        xyxy[spoiled, rng.integers(0, 4)] = rng.choice([np.nan, np.inf, -np.inf, 1e30])
        yield xyxy, rng.random(count), rng.normal(size=(count, dim)).astype(np.float32)


def check_frame(tracks, num_detections, alive_ids, dead_ids):
    """Ids unique and never reused, boxes finite, each detection used once."""
    ids = tracks.ids.tolist()
    assert len(set(ids)) == len(ids)
    assert not dead_ids & set(ids)
    assert np.isfinite(tracks.xyxy).all()
    used = tracks.detection_index[tracks.detection_index >= 0]
    assert len(set(used.tolist())) == len(used)
    assert (used < num_detections).all()
    return set(ids) | alive_ids


configs = st.builds(
    TrackerConfig,
    max_age=st.integers(1, 40),
    n_init=st.integers(1, 4),
    gallery_size=st.integers(1, 10),
    max_cosine_distance=st.floats(0, 2),
    max_iou_distance=st.floats(0, 1),
    iou_max_misses=st.integers(1, 5),
    birth_score=st.floats(0, 1),
    low_score=st.floats(0, 1),
)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), configs)
def test_invariants_hold_over_random_steps(seed, config):
    tracker = DeepSort(config)
    seen: set[int] = set()
    last_seen: dict[int, int] = {}
    for step, (xyxy, scores, features) in enumerate(random_frames(seed, 120)):
        tracks = tracker.update(xyxy, scores, embeddings=features)
        dead = {track_id for track_id, when in last_seen.items() if step - when > config.max_age + 2}
        seen = check_frame(tracks, len(xyxy), seen, dead)
        last_seen.update(dict.fromkeys(tracks.ids.tolist(), step))
        covariance = tracker._table.covariance
        assert (covariance[..., [0, 2]] > 0).all()
        assert (covariance[..., 0] * covariance[..., 2] > covariance[..., 1] ** 2).all()
    assert seen == set(range(1, len(seen) + 1))


@pytest.mark.parametrize("dim", [0, 8])
def test_memory_is_bounded_over_thousands_of_steps(dim):
    tracker = DeepSort(TrackerConfig(max_age=10, gallery_size=5))
    capacities = []
    for xyxy, scores, features in random_frames(1, 3000, dim):
        tracker.update(xyxy, scores, embeddings=features)
        capacities.append(tracker._table.capacity)
    assert capacities[-1] == capacities[300]
    assert len(tracker._table._free_slots) + len(tracker) == capacities[-1]
    assert len(tracker._gallery.pushed) <= capacities[-1]


@given(st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_the_same_input_gives_the_same_tracks_to_the_bit(seed):
    def run():
        tracker = DeepSort()
        found = []
        for frame in crowd(seed, num_people=6, num_frames=30):
            tracks = tracker.update(frame.xyxy, frame.scores, embeddings=frame.features)
            found.append((tracks.ids.tobytes(), tracks.xyxy.tobytes(), tracks.detection_index.tobytes()))
        return found

    assert run() == run()


@given(st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_shifting_the_picture_shifts_the_tracks(seed):
    """The origin means nothing to the tracker."""
    here, there = DeepSort(), DeepSort()
    for frame in crowd(seed, num_people=5, num_frames=25):
        tracks = here.update(frame.xyxy, frame.scores, embeddings=frame.features)
        moved = there.update(frame.xyxy + 1000, frame.scores, embeddings=frame.features)
        assert moved.ids.tolist() == tracks.ids.tolist()
        np.testing.assert_allclose(moved.xyxy, tracks.xyxy + 1000, atol=0.01)


PRESETS = {name: load_preset(name).config for name in ("deepsort", "strong", "realtime")}
ALL_ELSE = {"tentative_penalty": 0.2, "doubt_penalty": 0.2, "class_vote": True, "border_share": 0.7, "low_score": 0.3}
CONFIGS = PRESETS | {"all else": dataclasses.replace(PRESETS["strong"], calibrated_scores=False, **ALL_ELSE)}


class Wild:
    """Steps that no caller should take: boxes of any size that shrink, cameras that jump, times that go back."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.time_s = 0.0
        self._new_objects()

    def _new_objects(self):
        count = int(self.rng.integers(1, 7))
        self.centre, self.velocity = self.rng.uniform(0, 800, (count, 2)), self.rng.normal(0, 10, (count, 2))
        self.size = np.exp(self.rng.uniform(-3, 7, (count, 2)))
        self.growth = self.rng.choice([0.5, 0.8, 1.0, 1.0, 1.3], (count, 2))

    def step(self, tracker):
        """One `update` or `coast`, and how many boxes were given; arguments that are refused change nothing."""
        rng = self.rng
        if rng.random() < 0.03:
            self._new_objects()
        self.centre, self.size = self.centre + self.velocity, np.clip(self.size * self.growth, 1e-30, 1e5)
        named = {"time_s": self._time(), "motion": self._motion()}
        if rng.random() < 0.3:
            return refused_or(lambda motion: tracker.coast(**named | {"motion": motion}), named["motion"], tracker), 0
        xyxy = np.concatenate((self.centre - self.size / 2, self.centre + self.size / 2), axis=1)
        xyxy[rng.random(len(xyxy)) < 0.02] *= rng.choice([np.nan, np.inf, 1e30, 1e-30, -1.0, 1e3])
        scores = rng.choice([0.9, 0.9, 0.9, 0.5, 0.5, 0.0, -3.0, 7.0, 1e30, -1e30], len(xyxy))
        seen = rng.random(len(xyxy)) < 0.8
        appearance = {} if rng.random() < 0.2 else {"embeddings": rng.normal(size=(int(seen.sum()), 4))}
        size = None if rng.random() < 0.5 else (800, 600)
        return refused_or(
            lambda motion: tracker.update(
                xyxy[seen], scores[seen], **appearance, frame_size=size, **named | {"motion": motion}
            ),
            named["motion"],
            tracker,
        ), int(seen.sum())

    def _time(self):
        jump = self.rng.choice([0.04, 0.0, -1e9, 1e9, -0.5, 1e17], p=[0.9, 0.03, 0.01, 0.01, 0.04, 0.01])
        self.time_s = float(np.clip(self.time_s + jump, -1e18, 1e18))
        return None if self.rng.random() < 0.1 else self.time_s

    def _motion(self):
        """Mostly none; zooms in or out over many frames; or what no camera does."""
        kind = self.rng.random()
        if kind < 0.7:
            return None
        if kind < 0.72:
            return np.full((2, 3), self.rng.choice([1e6, 0.0, np.nan, np.inf, 1e300]))
        zoom = self.rng.choice([0.1, 0.9, 1.0, 1.1, 10.0], p=[0.1, 0.2, 0.2, 0.2, 0.3])
        angle = self.rng.uniform(-3, 3)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        return np.column_stack((zoom * 0.99 * turn if zoom > 1 else zoom * 1.01 * turn, self.rng.normal(0, 1e4, 2)))


def refused_or(act, motion, tracker):
    """What `act` does with a motion, or where no camera moves so, without: then nothing has changed before."""
    if motion is None or (np.isfinite(motion).all() and 0.05 < abs(np.linalg.det(motion[:, :2])) ** 0.5 < 20):
        return act(motion)
    before = tracker.confirmed().xyxy.tolist()
    with pytest.raises(ValueError, match="motion"):
        act(motion)
    assert tracker.confirmed().xyxy.tolist() == before
    return act(None)


def check_reported(tracks, num_detections, births_of):
    assert np.isfinite(tracks.xyxy).all()
    assert (tracks.xyxy[:, :2] < tracks.xyxy[:, 2:]).all(), tracks.xyxy
    assert (np.diff(tracks.births) > 0).all()
    assert len(set(tracks.ids.tolist())) == len(tracks)
    used = tracks.detection_index[tracks.detection_index >= 0]
    assert len(set(used.tolist())) == len(used)
    assert (used < num_detections).all()
    for track_id, birth in zip(tracks.ids.tolist(), tracks.births.tolist(), strict=True):
        assert births_of.setdefault(track_id, birth) == birth, "an id is of one track for ever"


def check_state(tracker):
    table = tracker._table
    assert np.isfinite(table.mean).all()
    assert np.isfinite(table.covariance).all()
    assert (table.covariance[..., [0, 2]] > 0).all()
    assert np.isfinite(table.seen_s).all()


def play_wild(config, seed, num_steps):
    tracker, wild, births_of, num_reported = DeepSort(config), Wild(seed), {}, 0
    for _ in range(num_steps):
        tracks, num_detections = wild.step(tracker)
        check_reported(tracks, num_detections, births_of)
        check_state(tracker)
        waiting = tracker.tentative()
        assert (waiting.xyxy[:, :2] < waiting.xyxy[:, 2:]).all()
        num_reported += len(tracks)
    never_shown = set(range(1, tracker._ids + 1)) - set(births_of)
    assert not never_shown or config.border_share, "but for those that the border cuts off, who has an id was shown"
    assert max(births_of) <= tracker._ids <= max(births_of.values())
    assert len(tracker) < 200
    return num_reported


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_boxes_are_boxes_whatever_happens(config):
    assert play_wild(config, seed=0, num_steps=1000) > 100


@pytest.mark.slow
@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_boxes_are_boxes_over_a_hundred_thousand_steps(config):
    assert play_wild(config, seed=1, num_steps=100_000) > 10_000


@given(
    heights=st.lists(st.floats(0.01, 3000), min_size=3, max_size=8),
    widths=st.lists(st.floats(0.01, 3000), min_size=8, max_size=8),
    num_coasts=st.integers(1, 60),
)
@settings(max_examples=100, deadline=None)
def test_coasting_from_sizes_that_change_fast(heights, widths, num_coasts):
    tracker = DeepSort(TrackerConfig(n_init=1, max_iou_distance=1.0, aspect_std=0.1))
    for height, width in zip(heights, widths, strict=False):
        tracker.update([[100 - width / 2, 100 - height / 2, 100 + width / 2, 100 + height / 2]], [0.9])
    for _ in range(num_coasts):
        check_reported(tracker.coast(), 0, {})


def test_a_coasting_box_keeps_the_last_size_that_is_one():
    """360 px high, then 320, ... 40 px: soon it would be predicted to be less than nothing."""
    tracker = DeepSort(TrackerConfig(max_iou_distance=1.0))
    for height in range(360, 0, -40):
        tracker.update([[100, 100, 200, 100 + height]], [0.9])
    heights = [float(np.diff(tracker.coast().xyxy[0, 1::2])[0]) for _ in range(10)]
    assert all(0.5 < height < 40 for height in heights)
    assert heights[-1] == pytest.approx(heights[1], abs=1e-3)


@pytest.mark.parametrize(
    "motion",
    [
        pytest.param(1e6 * np.eye(2, 3), id="zoom in"),
        pytest.param(1e-9 * np.eye(2, 3), id="zoom out"),
        pytest.param(np.zeros((2, 3)), id="to one point"),
        pytest.param([[1, 1, 0], [1, 1, 0]], id="to one line"),
        pytest.param([[1, 0, 1e9], [0, 1, 0]], id="shift"),
    ],
)
def test_what_no_camera_does_is_refused(motion):
    tracker = DeepSort()
    with pytest.raises(ValueError, match=r"expected that of a camera .*: a zoom from 0\.1 to 10"):
        tracker.update([[0, 0, 10, 20]], [0.9], motion=motion)
    with pytest.raises(ValueError, match="motion is"):
        tracker.coast(motion=motion)


def test_what_the_camera_carries_away_for_good_is_forgotten():
    tracker = DeepSort()
    for _ in range(4):
        tracker.update([[100, 100, 140, 200]], [0.9])
    for _ in range(12):
        tracker.coast(motion=9 * np.eye(2, 3))
    assert len(tracker) == 0


@pytest.mark.parametrize("back_s", [1e9, 0.5])
def test_a_time_that_goes_back_is_told_once_and_makes_nobody_immortal(back_s, caplog):
    tracker = DeepSort(TrackerConfig(max_age_s=1.01))
    for step in range(4):
        tracker.update([[100, 100, 140, 200]], [0.9], time_s=1e6 + step / 25)
    start = 1e6 - back_s
    for step in range(50):
        tracker.update([], [], time_s=start + step / 25)
        assert len(tracker) == (step <= 25), "a second after the last detection, to the frame"
    assert len(caplog.records) == 1
    assert "time_s went back to" in caplog.text


def test_a_score_of_any_scale_starts_a_track_where_no_score_is_asked_for():
    tracker = DeepSort(TrackerConfig(n_init=1))
    assert len(tracker.update([[0, 0, 10, 20], [50, 0, 60, 20]], [-3.0, 250.0])) == 2


def test_a_real_sequence_on_which_a_box_shrinks_through_nothing(shared):
    """TUD-Stadtmitte, each second frame: somebody is predicted with a height below zero in frame 36."""
    rows = np.loadtxt(shared / "data" / "mot15" / "TUD-Stadtmitte" / "det" / "det.txt", delimiter=",")
    tracker, num_vanished = DeepSort(PRESETS["realtime"]), 0
    for frame in range(1, 61):
        here, time_s = rows[rows[:, 0] == frame], frame / 25
        if frame % 2:
            xyxy = np.concatenate((here[:, 2:4], here[:, 2:4] + here[:, 4:6]), axis=1)
            tracks = tracker.update(xyxy, here[:, 6], frame_size=(640, 480), time_s=time_s)
        else:
            tracks = tracker.coast(time_s=time_s)
        assert (tracks.xyxy[:, 2:] - tracks.xyxy[:, :2] > 1).all(), f"frame {frame}"
        num_vanished += int((tracker._table.mean[:, 2:, 0] <= 0).any())
    assert num_vanished > 0, "the test is of no use where nothing shrinks so fast"
