"""After a gap, and in a crossing: observations count more than guesses."""

from __future__ import annotations

import numpy as np
import pytest

from tracker import DeepSort, TrackerConfig, kalman
from tracker.observation import turning


def box(x, y=100.0):
    return [x - 20, y - 50, x + 20, y + 50]


def state_after_a_turn(in_the_gap, **settings):
    """Walks right, turns back while `in_the_gap` says what is seen (`None`: nothing), is found; the state then."""
    tracker = DeepSort(TrackerConfig(recover_s=1.0, max_iou_distance=0.95, **settings))
    for step in range(15):
        tracker.update([box(100 + 2.0 * step)], [0.9])
    for x in in_the_gap:
        tracker.update([] if x is None else [box(x)], [] if x is None else [0.9])
    assert tracker.update([box(121.0)], [0.9]).ids.tolist() == [1]
    return tracker._table.mean[0], tracker._table.covariance[0]


def test_a_replayed_gap_is_as_if_the_straight_way_had_been_seen():
    way = [128 - 1.0 * step for step in range(1, 7)]
    seen, replayed = state_after_a_turn(way), state_after_a_turn([None] * 6, replay_gaps=True)
    np.testing.assert_allclose(replayed[0], seen[0], atol=1e-9)
    np.testing.assert_allclose(replayed[1], seen[1], atol=1e-9)
    assert np.abs(state_after_a_turn([None] * 6)[0] - seen[0]).max() > 0.1


def test_a_track_without_a_gap_is_not_touched():
    frames = [box(100 + 3.0 * step) for step in range(12)]
    found = []
    for replay_gaps in (False, True):
        tracker = DeepSort(TrackerConfig(replay_gaps=replay_gaps))
        found.append([tracker.update([xyxy], [0.9]).xyxy.tolist() for xyxy in frames])
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        pytest.param((40.0, 0.0), 0.0, id="straight on"),
        pytest.param((0.0, 0.0), 1.0, id="back"),
        pytest.param((30.0, 10.0), 0.5, id="to the side"),
    ],
)
def test_turning(target, expected):
    path = np.array([[[30.0, 0.0], [20.0, 0.0], [10.0, 0.0], [0.0, 0.0]]])
    found = turning(path, np.array([target]), np.array([[10.0, -50.0, 50.0, 50.0]]))
    assert found[0] == pytest.approx(expected, abs=1e-6)


def test_who_stands_has_no_direction():
    found = turning(np.full((1, 4, 2), 7.0), np.array([[50.0, 0.0]]), np.array([[0.0, 0.0, 40.0, 100.0]]))
    assert found.tolist() == [0.5]


def test_direction_decides_between_detections_that_overlap_alike():
    """Two boxes lie equally far from where a walker should be; one of them would mean to turn round."""
    chosen = []
    for penalty in (0.0, 0.5):
        tracker = DeepSort(TrackerConfig(direction_penalty=penalty))
        for step in range(10):
            tracker.update([box(100 + 6.0 * step)], [0.9])
        expected = tracker._table.mean[0, 0].sum()
        tracks = tracker.update([box(expected - 9.9), box(expected + 10.0)], [0.9, 0.9])
        chosen.append(tracks.detection_index.tolist())
    assert chosen == [[0], [1]]


@pytest.mark.parametrize("angle", [0.0, 0.3])
def test_the_camera_takes_tracks_along(angle):
    """A shaken picture with the motion told is tracked as the still one, moved."""
    linear = 1.1 * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    affine = np.column_stack((linear, [40.0, -25.0]))
    mean, covariance = kalman.initiate(np.array([[100.0, 50.0, 0.4, 100.0]]), kalman.MotionNoise())
    mean[0, :, 1] = [3.0, -1.0, 0.0, 0.5]
    moved, spread = kalman.warp(mean, covariance, affine)
    np.testing.assert_allclose(moved[0, :2, 0], linear @ [100.0, 50.0] + affine[:, 2])
    np.testing.assert_allclose(moved[0, :2, 1], linear @ [3.0, -1.0])
    np.testing.assert_allclose(moved[0, 2:, 0], [0.4, 110.0])
    full = linear @ np.diag(covariance[0, :2, 0]) @ linear.T
    np.testing.assert_allclose(spread[0, :2, 0], np.diag(full))


def test_a_jump_of_the_camera_loses_nobody_when_it_is_told():
    found = {}
    for told in (False, True):
        tracker = DeepSort(TrackerConfig(replay_gaps=True))
        for step in range(20):
            jump = 300.0 if step >= 10 else 0.0
            motion = np.array([[1.0, 0, 300.0], [0, 1.0, 0]]) if told and step == 10 else None
            tracks = tracker.update([box(100 + 2.0 * step + jump)], [0.9], motion=motion)
        found[told] = tracks.ids.tolist()
    assert found == {False: [2], True: [1]}


@pytest.mark.parametrize("motion", [np.eye(3), [[1, 0, np.nan], [0, 1, 0]], [1, 2]])
def test_a_motion_that_is_none_is_refused(motion):
    with pytest.raises(ValueError, match=r"motion must be a finite affine map of shape \(2, 3\)"):
        DeepSort().update([box(100.0)], [0.9], motion=motion)
