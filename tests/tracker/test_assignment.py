"""Assignment by components against the one big matrix."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from tracker.assignment import assign
from tracker.pairs import Pairs

GATE = 0.7


def pairs_of(matrix):
    """All finite entries of a cost matrix as pairs."""
    tracks, detections = np.nonzero(np.isfinite(matrix))
    return Pairs(tracks, detections, matrix[tracks, detections])


def matched(matrix):
    """Tracks and detections of the matched pairs."""
    chosen = pairs_of(matrix)[assign(pairs_of(matrix), GATE)]
    return chosen.tracks, chosen.detections


def one_matrix_cost(matrix):
    """Least total cost when every pair above the gate costs a little more than the gate, by one solve."""
    costs = np.where(matrix > GATE, GATE + 1e-5, matrix)
    return costs[linear_sum_assignment(costs)].sum()


def total_cost(matrix, tracks, detections):
    """Cost of a matching by the same rule: what is not matched counts as rejected."""
    return matrix[tracks, detections].sum() + (min(matrix.shape) - len(tracks)) * (GATE + 1e-5)


@st.composite
def sparse_costs(draw):
    shape = draw(st.tuples(st.integers(1, 12), st.integers(1, 12)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    matrix = rng.random(shape)
    matrix[rng.random(shape) < draw(st.floats(0, 1))] = np.inf
    return matrix


@given(sparse_costs())
def test_components_reach_the_optimum_of_the_one_matrix(matrix):
    tracks, detections = matched(matrix)
    assert (matrix[tracks, detections] <= GATE).all()
    assert len(set(tracks.tolist())) == len(tracks)
    assert len(set(detections.tolist())) == len(detections)
    assert total_cost(matrix, tracks, detections) == pytest.approx(one_matrix_cost(matrix), abs=1e-12)


@given(sparse_costs())
def test_matches_are_ordered_by_track(matrix):
    tracks, _ = matched(matrix)
    assert (np.diff(tracks) > 0).all()


def test_brute_force_agrees_on_a_small_component():
    matrix = np.array([[0.1, 0.2, 0.3], [0.1, 0.6, 0.65], [0.15, 0.2, 0.25]])
    tracks, detections = matched(matrix)
    best = min(sum(matrix[i, j] for i, j in enumerate(order)) for order in itertools.permutations(range(3)))
    assert matrix[tracks, detections].sum() == pytest.approx(best)


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        pytest.param([[0.5]], [(0, 0)], id="one pair"),
        pytest.param([[0.8]], [], id="above the gate"),
        pytest.param([[0.7]], [(0, 0)], id="on the gate"),
        pytest.param([[0.3, 0.2, 0.6]], [(0, 1)], id="one track, three detections"),
        pytest.param([[0.3], [0.2]], [(1, 0)], id="two tracks want the same"),
        pytest.param([[0.1, 0.2], [0.15, 0.9]], [(0, 1), (1, 0)], id="the second best for one serves both"),
        pytest.param([[0.1, 0.6], [0.6, np.inf]], [(0, 0)], id="one cheap match beats two dear ones"),
    ],
)
def test_situations(matrix, expected):
    tracks, detections = matched(np.array(matrix))
    assert list(zip(tracks.tolist(), detections.tolist(), strict=True)) == expected


def test_nothing_to_match():
    none = np.empty(0, np.intp)
    assert assign(Pairs(none, none, np.empty(0)), GATE).tolist() == []


@given(st.integers(0, 2**32 - 1), st.integers(100, 220), st.floats(0.3, 3))
@settings(max_examples=15, deadline=None)
def test_many_components_share_matrices_and_still_reach_the_optimum(seed, size, neighbours):
    rng = np.random.default_rng(seed)
    matrix = np.where(rng.random((size, size)) < neighbours / size, rng.random((size, size)), np.inf)
    tracks, detections = matched(matrix)
    assert (matrix[tracks, detections] <= GATE).all()
    assert len(set(tracks.tolist())) == len(set(detections.tolist())) == len(tracks)
    assert total_cost(matrix, tracks, detections) == pytest.approx(one_matrix_cost(matrix), abs=1e-9)
