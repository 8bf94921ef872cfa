"""The ring buffer of embeddings against a list."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.gallery import Gallery, normalise_rows


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 12))
def test_distance_is_the_smallest_over_the_last_embeddings(seed, size, num_pushed):
    rng = np.random.default_rng(seed)
    gallery = Gallery(size)
    gallery.reserve(4, 3)
    row = np.array([2])
    pushed = normalise_rows(rng.normal(size=(num_pushed, 3)))
    for vector in pushed:
        gallery.push(row, vector[None])
    queries = normalise_rows(rng.normal(size=(2, 3)))
    expected = 1 - (pushed[-size:] @ queries.T).max(axis=0)
    np.testing.assert_allclose(gallery.distances(np.array([2, 2]), queries), expected, atol=1e-6)


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_many_galleries_at_once_are_as_each_alone(seed, num_slots):
    """Galleries of different age with different numbers of rivals, asked for the nearest, and for near enough."""
    rng = np.random.default_rng(seed)
    gallery, known = Gallery(4), []
    gallery.reserve(num_slots, 3)
    for slot in range(num_slots):
        known.append(normalise_rows(rng.normal(size=(rng.integers(0, 7), 3))))
        for vector in known[slot]:
            gallery.push(np.array([slot]), vector[None])
    slots = np.repeat(rng.permutation(num_slots), rng.integers(0, 4, num_slots))
    queries, enough = normalise_rows(rng.normal(size=(len(slots), 3))), rng.uniform(-0.5, 1)
    smallest = [
        max(1 - (known[s][-4:] @ q).max(), 0) if len(known[s]) else 2 for s, q in zip(slots, queries, strict=True)
    ]
    np.testing.assert_allclose(gallery.distances(slots, queries), smallest, atol=1e-6)
    some = gallery.distances(slots, queries, enough)
    settled = np.array(smallest) <= enough
    np.testing.assert_allclose(some[~settled], np.array(smallest)[~settled], atol=1e-6)
    assert (some[settled] <= enough + 1e-6).all()
    assert (some >= np.array(smallest) - 1e-6).all()


def test_a_row_that_remembers_nothing_matches_nothing():
    gallery = Gallery(3)
    gallery.reserve(2, 3)
    assert gallery.distances(np.array([0]), np.eye(3, dtype=np.float32)[:1]).tolist() == [2.0]


def test_cleared_rows_forget_and_others_do_not():
    gallery = Gallery(3)
    gallery.reserve(2, 2)
    both = np.array([0, 1])
    vectors = np.eye(2, dtype=np.float32)
    gallery.push(both, vectors)
    gallery.clear(np.array([0]))
    np.testing.assert_allclose(gallery.distances(both, vectors), [2, 0], atol=1e-6)


def test_growing_keeps_what_is_known():
    gallery = Gallery(2)
    gallery.reserve(1, 2)
    gallery.push(np.array([0]), np.eye(2, dtype=np.float32)[:1])
    gallery.reserve(64, 2)
    assert gallery.distances(np.array([0]), np.eye(2, dtype=np.float32)[:1])[0] == pytest.approx(0)


def test_normalise_rows():
    """A row without a length, or with none that is finite, becomes zero."""
    rows = normalise_rows(np.array([[3, 4], [0, 0], [np.nan, 1], [np.inf, 1]], np.float32))
    np.testing.assert_allclose(rows, [[0.6, 0.8], [0, 0], [0, 0], [0, 0]], atol=1e-7)


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.sampled_from([0.0, 0.9]))
def test_slots_that_grow_and_are_cleared_against_lists(seed, size, momentum):
    rng, gallery, known = np.random.default_rng(seed), Gallery(size, momentum), [[] for _ in range(6)]
    gallery.reserve(6, 3)
    for _ in range(15):
        cleared, grows = np.flatnonzero(rng.random(6) < 0.1), np.flatnonzero(rng.random(6) < 0.6)
        seen = normalise_rows(rng.normal(size=(len(grows), 3)))
        gallery.clear(cleared)
        gallery.push(grows, seen)
        for slot in cleared:
            known[slot] = []
        for slot, vector in zip(grows, seen, strict=True):
            mean = momentum * known[slot][-1] + (1 - momentum) * vector if momentum and known[slot] else vector
            known[slot] = [*known[slot], mean / np.linalg.norm(mean)][-1 if momentum else -size :]
        query = normalise_rows(rng.normal(size=(6, 3)))
        expected = [max(1 - np.max(known[s] @ query[s]), 0) if known[s] else 2 for s in range(6)]
        np.testing.assert_allclose(gallery.distances(np.arange(6), query), expected, atol=1e-5)
