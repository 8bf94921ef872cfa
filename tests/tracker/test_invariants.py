"""What holds whatever happens: random boxes, random features, thousands of steps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tracker.scenes import crowd
from tracker import DeepSort, TrackerConfig


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
