"""Re-ranking against the equations of Zhong et al. 2017, written down with sets and loops."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reid.ranking import Labels, rank, rank_distances
from reid.rerank import reranked_blocks

Matrix = npt.NDArray[np.float64]


def people(seed: int, num_ids: int, per_id: int, noise: float) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Noisy unit vectors around a centre for each identity."""
    rng = np.random.default_rng(seed)
    ids = np.repeat(np.arange(num_ids), per_id)
    rows = rng.normal(size=(num_ids, 8))[ids] + noise * rng.normal(size=(len(ids), 8))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), ids


def transcription(query: Matrix, gallery: Matrix, k1: int, k2: int, weight: float) -> Matrix:
    """d*, eq. 12, image by image."""
    images = np.concatenate([gallery, query])
    count = len(images)
    d = 1 - images @ images.T
    np.fill_diagonal(d, 0)
    d = d / d.max(axis=1, keepdims=True)
    order = [[p, *(g for g in np.argsort(d[p], kind="stable") if g != p)] for p in range(count)]

    def nearest(p: int, k: int) -> set[int]:
        return {int(g) for g in order[p][: k + 1]}

    def reciprocal(p: int, k: int) -> set[int]:
        return {g for g in nearest(p, k) if p in nearest(g, k)}  # eq. 3

    v = np.zeros((count, count))
    for p in range(count):
        members = set(reciprocal(p, k1))
        for q in reciprocal(p, k1):
            half = reciprocal(q, round(k1 / 2))
            if 3 * len(reciprocal(p, k1) & half) >= 2 * len(half):  # eq. 4
                members |= half
        for g in members:
            v[p, g] = math.exp(-d[p, g])  # eq. 7
    v = np.stack([v[[int(g) for g in order[p][:k2]]].mean(axis=0) for p in range(count)])  # eq. 11
    result = np.empty((len(query), len(gallery)))
    for i in range(len(query)):
        for g in range(len(gallery)):
            p = len(gallery) + i
            jaccard = 1 - np.minimum(v[p], v[g]).sum() / np.maximum(v[p], v[g]).sum()  # eq. 10
            result[i, g] = (1 - weight) * jaccard + weight * d[p, g]  # eq. 12
    return result


@settings(max_examples=25)
@given(
    seed=st.integers(0, 1000),
    num_ids=st.integers(1, 5),
    k1=st.integers(1, 9),
    k2=st.integers(1, 4),
    weight=st.floats(0, 1),
)
def test_distances_are_those_of_the_equations(seed: int, num_ids: int, k1: int, k2: int, weight: float) -> None:
    rows, _ = people(seed, num_ids, per_id=5, noise=0.6)
    query, gallery = rows[::4], np.delete(rows, np.s_[::4], axis=0)
    blocks = reranked_blocks(query, gallery, k1=k1, k2=k2, weight=weight)
    found = np.concatenate([distances for _, distances in blocks])
    wanted = transcription(query.astype(np.float64), gallery.astype(np.float64), k1, k2, weight)
    np.testing.assert_allclose(found, wanted, atol=2e-5)


def test_it_finds_what_the_distance_alone_misses() -> None:
    rows, ids = people(3, num_ids=30, per_id=10, noise=0.6)
    is_query = np.arange(len(ids)) % 5 == 0
    cameras = np.where(is_query, 1, 2)
    labels = Labels(ids[is_query], ids[~is_query], cameras[is_query], cameras[~is_query])
    plain = rank(rows[is_query], rows[~is_query], labels)
    reranked = rank_distances(reranked_blocks(rows[is_query], rows[~is_query], k1=8, k2=3), labels)
    assert reranked.mAP > plain.mAP + 0.02


def test_a_query_that_stands_in_the_gallery_is_one_image_not_two() -> None:
    """Leave-one-out: the query set adds nothing to the gallery."""
    rows, _ = people(5, num_ids=4, per_id=5, noise=0.5)
    own = np.arange(len(rows))
    found = np.concatenate([d for _, d in reranked_blocks(rows, rows, own_rows=own, k1=4, k2=2)])
    assert found.shape == (20, 20)
    assert np.diag(found) == pytest.approx(np.zeros(20), abs=1e-5)


def test_blocks_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, _ = people(6, num_ids=4, per_id=5, noise=0.5)
    whole = np.concatenate([d for _, d in reranked_blocks(rows[:6], rows[6:])])
    monkeypatch.setattr("reid.ranking.BLOCK_BYTES", 1)
    monkeypatch.setattr("reid.rerank.IMAGES_AT_ONCE", 3)
    monkeypatch.setattr("reid.rerank.PAIRS_AT_ONCE", 7)
    np.testing.assert_allclose(np.concatenate([d for _, d in reranked_blocks(rows[:6], rows[6:])]), whole, atol=1e-6)
