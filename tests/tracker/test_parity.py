"""`DeepSort` against the tracker of the paper, one object a track: the same ids, boxes and evidence in every frame."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.tracker.scenes import crowd
from tracker import DeepSort, TrackerConfig
from tracker.reference import ReferenceDeepSort

TOLERANCE_PX = 1e-3
EXACT = ("ids", "births", "class_ids", "detection_index", "scores")


def assert_same_tracks(frames, config=None, *, frame_size=None, every=1):
    """`frames`: (xyxy, scores, features) of each frame; returns how many boxes were reported."""
    ours, oracle = DeepSort(config), ReferenceDeepSort(config)
    num_boxes = 0
    for number, (xyxy, scores, features) in enumerate(frames):
        if number % every:
            found = [tracker.coast() for tracker in (ours, oracle)]
        else:
            classes = np.arange(len(xyxy)) % 3
            found = [t.update(xyxy, scores, classes, features, frame_size=frame_size) for t in (ours, oracle)]
        for tracks, expected in (found, [tracker.tentative() for tracker in (ours, oracle)]):
            for name in EXACT:
                np.testing.assert_array_equal(getattr(tracks, name), getattr(expected, name), f"{name}, frame {number}")
            scale = np.maximum(1, np.abs(expected.xyxy) / 1000)
            np.testing.assert_array_less(np.abs(tracks.xyxy - expected.xyxy) / scale, TOLERANCE_PX, f"frame {number}")
        num_boxes += len(found[0])
    assert ours.evidence == oracle.evidence
    assert len(ours) == len(oracle)
    return num_boxes


def of_scene(frames, *, features=True):
    return [(f.xyxy, f.scores, f.features if features else None) for f in frames]


@pytest.mark.parametrize("features", [True, False], ids=["with embeddings", "without"])
@pytest.mark.parametrize("seed", range(4))
def test_a_crowd_that_crosses_and_vanishes(seed, features):
    frames = crowd(seed, num_people=4 + 4 * seed, num_frames=60)
    assert assert_same_tracks(of_scene(frames, features=features)) > 100


def test_a_gallery_that_overflows():
    frames = crowd(seed=7, num_people=3, num_frames=60, clutter=0.1)
    assert assert_same_tracks(of_scene(frames), TrackerConfig(gallery_size=10)) > 100


def test_so_many_that_candidates_are_searched_for():
    assert assert_same_tracks(of_scene(crowd(0, num_people=270, num_frames=5), features=False)) > 300


def test_a_detector_that_looks_at_each_third_frame():
    assert assert_same_tracks(of_scene(crowd(1, num_people=8, num_frames=90)), every=3) > 100


@given(
    seed=st.integers(0, 2**32 - 1),
    config=st.builds(
        TrackerConfig,
        max_age=st.integers(1, 12),
        n_init=st.integers(1, 4),
        gallery_size=st.integers(1, 6),
        max_cosine_distance=st.floats(0, 2),
        max_iou_distance=st.floats(0, 1),
        motion_gate=st.floats(0.5, 100),
        iou_max_misses=st.integers(1, 4),
        aspect_std=st.floats(1e-3, 0.3),
    ),
)
@example(
    0,
    TrackerConfig(max_age=2, n_init=1, gallery_size=1, max_cosine_distance=1.5, max_iou_distance=0.0, motion_gate=44.0),
)
@settings(max_examples=15, deadline=None)
def test_any_settings_of_the_paper(seed, config):
    """Also with boxes that are rejected, and sizes that are driven through zero."""
    frames = [[*frame] for frame in of_scene(crowd(seed, num_people=5, num_frames=25, clutter=2))]
    rng = np.random.default_rng(seed)
    for xyxy, _, features in frames:
        spoiled = rng.random(len(xyxy)) < 0.1
        xyxy[spoiled, 2:] = rng.choice([np.nan, -100.0, 1e7, 3000.0])
        without = rng.random(len(xyxy)) < 0.05
        value = rng.choice([0, np.nan])
        if config.max_cosine_distance < 1:  # else these, 1 from everything, make assignments of exactly the same cost
            features[without] = value
    assert_same_tracks(frames, config, frame_size=(640, 360))


@pytest.mark.parametrize("features", [True, False], ids=["made-up embeddings", "without"])
@pytest.mark.parametrize("sequence", ["ADL-Rundle-6", "ETH-Bahnhof", "KITTI-17", "TUD-Campus", "TUD-Stadtmitte"])
def test_real_detections(shared, sequence, features):
    assert assert_same_tracks(of_sequence(shared, sequence, 80, features=features)) > 100


@pytest.mark.slow
@pytest.mark.parametrize("features", [True, False], ids=["made-up embeddings", "without"])
@pytest.mark.parametrize("sequence", ["ADL-Rundle-6", "ETH-Bahnhof", "KITTI-17", "TUD-Campus", "TUD-Stadtmitte"])
def test_whole_sequences(shared, sequence, features):
    assert assert_same_tracks(of_sequence(shared, sequence, 10_000, features=features)) > 100


def of_sequence(shared, sequence, num_frames, *, features):
    """No images, so features are made up: they drift with the place, and keep appearance busy without deciding all."""
    rows = np.loadtxt(shared / "data" / "mot15" / sequence / "det" / "det.txt", delimiter=",")
    rows = rows[rows[:, 0] <= num_frames]
    rng = np.random.default_rng(0)
    place = np.column_stack((rows[:, 2:6] / 100, np.sin(rows[:, 2] / 150)))
    made_up = (np.tanh(place @ rng.normal(size=(5, 32))) + 0.4 * rng.normal(size=(len(rows), 32))).astype(np.float32)
    for frame in range(1, int(rows[:, 0].max()) + 1):
        here = rows[:, 0] == frame
        boxes = rows[here, 2:6]
        xyxy = np.column_stack((boxes[:, :2], boxes[:, :2] + boxes[:, 2:]))
        yield xyxy, rows[here, 6], made_up[here] if features else None


@pytest.mark.parametrize(
    "setting",
    [
        {"birth_score": 0.5},
        {"measured_noise": 2.0},
        {"motion_in_seconds": True},
        {"class_groups": "1 2"},
        {"max_age_s": 2.0},
    ],
    ids=lambda setting: next(iter(setting)),
)
def test_what_goes_beyond_the_paper_is_refused_by_name(setting):
    (name,) = setting
    with pytest.raises(ValueError, match=f"^{name} is .*the reference tracker has the paper's settings alone"):
        ReferenceDeepSort(TrackerConfig(**setting))


@pytest.mark.parametrize(
    ("argument", "message"), [({"motion": 2 * np.eye(2, 3)}, "motion of the camera"), ({"known": [True]}, "known")]
)
def test_arguments_beyond_the_paper_are_refused(argument, message):
    with pytest.raises(ValueError, match=message):
        ReferenceDeepSort().update([[0, 0, 10, 20]], [0.9], **argument)
