"""Candidate pairs against brute force."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tracker.pairs import Pairs, are_many, pairs_within, search_pairs, sweep_pairs, touching_pairs

seeds = st.integers(0, 2**32 - 1)


@given(seeds, st.integers(0, 20), st.integers(0, 20))
def test_sweep_finds_exactly_the_pairs_inside(seed, num_ranges, num_values):
    rng = np.random.default_rng(seed)
    low = rng.integers(0, 20, num_ranges).astype(float)
    high = low + rng.integers(-2, 8, num_ranges)
    values = rng.integers(0, 25, num_values).astype(float)
    found = set(zip(*(array.tolist() for array in sweep_pairs(low, high, values)), strict=True))
    brute = {(i, j) for i in range(num_ranges) for j in range(num_values) if low[i] <= values[j] <= high[i]}
    assert found == brute


@given(
    seeds, st.integers(1, 40), st.integers(1, 40), st.sampled_from([1.0, 1e-3, 1e5]), st.sampled_from([0.0, -1e6, 1e6])
)
def test_no_point_of_a_rectangle_is_missed_and_the_order_is_by_rectangle_then_point(
    seed, count, num_points, scale, origin
):
    """On a lattice, so that many points lie on the edges; and where rounding is coarse."""
    rng = np.random.default_rng(seed)
    low = origin + scale * rng.integers(-5, 30, (count, 2))
    high = low + scale * rng.integers(-1, 12, (count, 2))
    points = origin + scale * rng.integers(0, 25, (num_points, 2))
    inside = (low[:, None] <= points).all(axis=2) & (points <= high[:, None]).all(axis=2)
    for find in (pairs_within, search_pairs):
        rectangles, found = find(low.T, high.T, points.T)
        pairs = list(zip(rectangles.tolist(), found.tolist(), strict=True))
        assert pairs == sorted(set(pairs))
        assert set(zip(*(part.tolist() for part in inside.nonzero()), strict=True)) <= set(pairs)


@given(seeds, st.integers(0, 12), st.integers(0, 12))
def test_rectangles_touch_where_they_share_a_point(seed, count, num_others):
    rng = np.random.default_rng(seed)
    corners = [rng.integers(0, 12, (number, 2)) for number in (count, num_others)]
    (low, high), (other_low, other_high) = [(low, low + rng.integers(0, 5, low.shape)) for low in corners]
    shared = np.minimum(high[:, None], other_high) >= np.maximum(low[:, None], other_low)
    brute = [part.tolist() for part in shared.all(axis=2).nonzero()]
    assert [part.tolist() for part in touching_pairs(low.T, high.T, other_low.T, other_high.T)] == brute


def test_candidates_grow_with_the_neighbours_and_not_with_all():
    rng = np.random.default_rng(0)
    points = rng.uniform(0, 1000, (2000, 2))
    assert are_many(len(points), len(points))
    rectangles, _ = pairs_within(points.T - 10, points.T + 10, points.T)
    assert len(rectangles) < 3 * 2000 * (2000 * 20 * 20 / 1000**2 + 1)


def test_contested_are_those_that_share_a_track_or_detection_with_another_valid_pair():
    pairs = Pairs(np.array([0, 0, 1, 2, 3]), np.array([0, 1, 2, 2, 4]), np.zeros(5))
    assert pairs.contested().tolist() == [0, 1, 2, 3]
    assert pairs[np.array([0, 2, 3, 4])].contested().tolist() == [1, 2]
    assert pairs[np.empty(0, np.intp)].contested().tolist() == []
