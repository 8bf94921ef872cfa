"""Candidate pairs and the cascade against brute force."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker import kalman
from tracker.association import iou_pairs, motion_pairs, mutually_nearest
from tracker.boxes import pairwise_iou
from tracker.pairs import Pairs, are_few, are_many

seeds = st.integers(0, 2**32 - 1)


def random_xyxy(rng, count):
    corner = rng.uniform(0, 300, (count, 2))
    return np.concatenate((corner, corner + rng.uniform(5, 120, (count, 2))), axis=1)


def as_set(pairs):
    return set(zip(pairs.tracks.tolist(), pairs.detections.tolist(), strict=True))


@given(seeds, st.integers(0, 15), st.integers(0, 15), st.floats(0.1, 1))
def test_iou_pairs_are_all_pairs_that_overlap_enough(seed, num_tracks, num_detections, max_distance):
    rng = np.random.default_rng(seed)
    tracks, detections = random_xyxy(rng, num_tracks), random_xyxy(rng, num_detections)
    brute = {
        (i, j)
        for i in range(num_tracks)
        for j in range(num_detections)
        if 1 - pairwise_iou(tracks[i : i + 1], detections[j : j + 1])[0] <= max_distance
    }
    if max_distance < 1:  # at 1 pairs without any overlap count too; nobody asks for those
        assert as_set(iou_pairs(tracks, detections, max_distance)) == brute


@given(seeds, st.floats(0.1, 0.99), st.sampled_from([(90, 80), (260, 250)]))
@settings(max_examples=30, deadline=None)
def test_in_a_crowd_the_search_finds_the_same_pairs_as_a_look_at_all(seed, max_distance, sizes):
    rng = np.random.default_rng(seed)
    tracks, detections = (random_xyxy(rng, size) for size in sizes)
    detections[0, 2:] = detections[0, :2] + 2000  # one box far larger than the others must not spoil the search
    assert not are_few(*sizes)
    assert are_many(*sizes) == (sizes == (260, 250))
    i, j = np.indices((len(tracks), len(detections))).reshape(2, -1)
    costs = 1 - pairwise_iou(tracks[i], detections[j])
    found, everything = iou_pairs(tracks, detections, max_distance), costs <= max_distance
    assert found.tracks.tolist() == i[everything].tolist()
    assert found.detections.tolist() == j[everything].tolist()
    assert found.costs.tolist() == costs[everything].tolist()


@given(seeds, st.integers(0, 12), st.integers(0, 12))
def test_motion_pairs_are_all_pairs_inside_the_gate(seed, num_tracks, num_detections):
    rng = np.random.default_rng(seed)
    size = np.array([0.4, 100.0])
    start = np.column_stack((rng.uniform(0, 200, (num_tracks, 2)), np.tile(size, (num_tracks, 1))))
    measured = np.column_stack((rng.uniform(0, 200, (num_detections, 2)), np.tile(size, (num_detections, 1))))
    noise = kalman.MotionNoise()
    expected, innovation = kalman.project(*kalman.initiate(start, noise), noise)
    brute = {
        (i, j)
        for i in range(num_tracks)
        for j in range(num_detections)
        if np.sum((measured[j] - expected[i]) ** 2 / innovation[i]) <= kalman.CHI2_GATE_4
    }
    assert as_set(motion_pairs(expected, innovation, measured, kalman.CHI2_GATE_4)) == brute


def pairs(*rows):
    tracks, detections, costs = zip(*rows, strict=True) if rows else ((), (), ())
    return Pairs(np.array(tracks, np.intp), np.array(detections, np.intp), np.array(costs, float))


def test_mutually_nearest():
    candidates = pairs((0, 0, 1.0), (0, 1, 2.0), (1, 1, 3.0), (2, 2, 4.0))
    assert mutually_nearest(candidates).tolist() == [True, False, False, True]
    assert mutually_nearest(candidates, candidates.contested()).tolist() == [True, False, False, True]
    assert mutually_nearest(pairs()).tolist() == []
