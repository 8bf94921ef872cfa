"""Rauch-Tung-Striebel smoothing of a finished track."""

from __future__ import annotations

import numpy as np
import pytest
from filterpy.kalman import KalmanFilter, rts_smoother

from tracker.boxes import xyah_to_xyxy, xyxy_to_xyah
from tracker.kalman import MotionNoise
from tracker.offline.smoothing import smooth_paths, smooth_track


def walk(num_frames, jitter, seed=0):
    rng = np.random.default_rng(seed)
    centre = np.column_stack((100 + 3.0 * np.arange(num_frames), np.full(num_frames, 200.0)))
    true = np.concatenate((centre - [20, 50], centre + [20, 50]), axis=1)
    return true, true + rng.normal(0, jitter, true.shape)


def error(boxes, true):
    return np.sqrt(np.mean(np.square(boxes - true)))


def test_smoothed_boxes_are_closer_to_the_truth_than_the_detections():
    true, measured = walk(80, jitter=4)
    smoothed = smooth_track(np.arange(80), measured)
    assert error(smoothed, true) < 0.6 * error(measured, true)


def test_a_gap_is_bridged_from_both_sides():
    true, measured = walk(40, jitter=0)
    seen = measured.copy()
    seen[15:25] = np.nan
    smoothed = smooth_track(np.arange(40), seen)
    assert np.abs(smoothed[15:25] - true[15:25]).max() < 3


def test_frames_left_out_count_as_time():
    true, measured = walk(40, jitter=0)
    frames = np.r_[0:15, 25:40]
    np.testing.assert_allclose(smooth_track(frames, measured[frames]), true[frames], atol=3)


def test_one_box_stays_as_it_is():
    _, measured = walk(1, jitter=0)
    np.testing.assert_allclose(smooth_track(np.array([7]), measured), measured)


def test_the_first_box_must_be_a_detection():
    with pytest.raises(ValueError, match="first box of a track must be a detection"):
        smooth_track(np.arange(2), np.array([[np.nan] * 4, [0, 0, 1, 1]]))


def by_filterpy(frames, xyxy, noise, shares=None):
    """The same with full 8x8 matrices, by filterpy; `shares` of the measured variance of each box."""
    transition = np.block([[np.eye(4), np.eye(4)], [np.zeros((4, 4)), np.eye(4)]])
    kf = KalmanFilter(dim_x=8, dim_z=4)
    kf.F, kf.H = transition, np.eye(4, 8)
    measured = dict(zip(frames.tolist(), xyxy_to_xyah(xyxy), strict=True))
    share_at = dict(zip(frames.tolist(), np.ones(len(frames)) if shares is None else shares, strict=True))

    def variances(weight, aspect):
        spread = (weight * abs(kf.x[3])) ** 2
        return [spread, spread, aspect**2, spread]

    kf.x = np.concatenate((measured[int(frames[0])], np.zeros(4)))
    start = variances(2 * noise.weight_position, noise.aspect) + variances(10 * noise.weight_velocity, 1e-5)
    kf.P = np.diag(start)
    means, covariances, noises = [kf.x.copy()], [kf.P.copy()], []
    for frame in range(int(frames[0]) + 1, int(frames[-1]) + 1):
        noises.append(np.diag(variances(noise.weight_position, noise.aspect) + variances(noise.weight_velocity, 1e-5)))
        kf.predict(Q=noises[-1])
        if frame in measured:
            own = np.array(variances(noise.weight_position, noise.aspect_measured)) * noise.measured_factor**2
            kf.update(measured[frame], R=np.diag(own) * share_at[frame])
        means.append(kf.x.copy())
        covariances.append(kf.P.copy())
    smoothed, *_ = rts_smoother(
        np.array(means), np.array(covariances), [transition] * len(means), [*noises, np.zeros((8, 8))]
    )
    return xyah_to_xyxy(smoothed[frames - frames[0], :4])


def test_equals_filterpy_for_many_tracks_at_once():
    rng, noise = np.random.default_rng(3), MotionNoise(aspect=0.1, measured_factor=2.2)
    tracks = []
    for length in (1, 40, 7, 90, 40):
        frames = 5 + np.sort(rng.choice(100, length, replace=False))
        tracks.append((frames, walk(110, jitter=3, seed=length)[1][frames]))
    for (frames, xyxy), path in zip(tracks, smooth_paths(tracks, noise), strict=True):
        expected = by_filterpy(frames, xyxy, noise)
        np.testing.assert_allclose(xyah_to_xyxy(path[frames - frames[0], :, 0]), expected, rtol=1e-8, atol=1e-6)
        np.testing.assert_allclose(smooth_track(frames, xyxy, noise), expected, rtol=1e-8, atol=1e-6)


def test_a_share_of_the_measured_variance_equals_filterpy_too():
    noise, frames = MotionNoise(aspect=0.1, measured_factor=2.2), np.arange(0, 60, 2)
    xyxy, shares = walk(60, jitter=3)[1][frames], np.random.default_rng(5).uniform(0.1, 1, 30)
    (path,) = smooth_paths([(frames, xyxy)], noise, [shares])
    expected = by_filterpy(frames, xyxy, noise, shares)
    np.testing.assert_allclose(xyah_to_xyxy(path[frames, :, 0]), expected, rtol=1e-8, atol=1e-6)
