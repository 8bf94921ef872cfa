"""Ranking scores against hand arithmetic and a slow oracle written from the protocol's text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reid.data.types import DISTRACTOR, JUNK
from reid.ranking import Labels, RankingScores, cosine_blocks, rank, rank_distances


def labels(query: list[tuple[int, int]], gallery: list[tuple[int, int]], own: list[int] | None = None) -> Labels:
    """From rows of (identity, camera)."""
    (query_ids, query_cameras), (ids, cameras) = np.array(query).T, np.array(gallery).T
    return Labels(query_ids, ids, query_cameras, cameras, None if own is None else np.array(own))


def scores(distances: Any, of: Labels) -> RankingScores:
    return rank_distances(iter([(0, np.array(distances, np.float32))]), of)


BY_HAND = labels(
    [(1, 1), (2, 1)],
    [(1, 2), (1, 1), (JUNK, 2), (2, 2), (1, 3), (DISTRACTOR, 2), (2, 1)],
)
"""Seven gallery images: persons 1 and 2 under several cameras, a junk box, a distractor."""


def test_a_case_that_can_be_followed_by_hand() -> None:
    """Query 1 (camera 1): without junk and its own camera it ranks distractor, 1, 2, 1, 2: matches at 2 and 4.

    AP = (1/2 + 2/4) / 2 = 0.5, first match at 2, INP = 2/4. Query 2: its match (camera 2) comes 1st: AP = INP = 1.
    """
    found = scores([[0.2, 0.0, 0.05, 0.3, 0.4, 0.1, 0.5], [0.6, 0.5, 0.0, 0.1, 0.7, 0.2, 0.05]], BY_HAND)
    assert found.mAP == pytest.approx((0.5 + 1) / 2)
    assert found.cmc == {1: 0.5, 5: 1.0, 10: 1.0}
    assert found.mINP == pytest.approx((0.5 + 1) / 2)
    assert (found.num_queries, found.num_without_match, found.leave_one_out) == (2, 0, False)


def test_average_precision_is_the_mean_of_precisions_not_the_area_of_trapezoids() -> None:
    """One match, at rank 2: 1/2; the trapezoid of the first Matlab code would give (0 + 1/2) / 2."""
    found = scores([[0.5, 0.4]], labels([(1, 1)], [(1, 2), (2, 2)]))
    assert found.mAP == pytest.approx(0.5)


def test_without_cameras_only_the_own_image_is_left_out() -> None:
    everyone = [(1, -1), (1, -1), (2, -1)]
    found = scores([[0.0, 0.3, 0.2]], labels([(1, -1)], everyone, own=[0]))
    assert found.leave_one_out
    assert found.mAP == pytest.approx(0.5), "the other image of person 1 comes second, after person 2"


def test_a_query_without_match_is_counted_apart() -> None:
    found = scores([[0.1, 0.2], [0.1, 0.2]], labels([(1, 1), (2, 1)], [(1, 2), (2, 1)]))
    assert (found.num_queries, found.num_without_match, found.mAP) == (1, 1, 1.0)


def test_where_no_query_has_a_match_it_says_so() -> None:
    with pytest.raises(ValueError, match="none of 1 queries has a match in the gallery of 1 images"):
        scores([[0.1]], labels([(1, 1)], [(1, 1)]))


def test_images_at_the_same_distance_rank_as_they_stand_in_the_gallery() -> None:
    of = labels([(1, 1)], [(2, 2), (1, 2), (3, 2), (1, 3)])
    found = scores([[0.5, 0.5, 0.5, 0.5]], of)
    assert found.mAP == pytest.approx((1 / 2 + 2 / 4) / 2)


def test_distractors_do_not_match_one_another() -> None:
    with pytest.raises(ValueError, match="none of 1 queries"):
        scores([[0.1]], labels([(DISTRACTOR, 1)], [(DISTRACTOR, 2)]))


def test_embeddings_that_are_not_finite_are_refused() -> None:
    bad = np.full((1, 4), np.nan, np.float32)
    with pytest.raises(ValueError, match="embeddings must be finite"):
        rank(bad, np.eye(4, dtype=np.float32), labels([(1, 1)], [(1, 2)] * 4))


def test_blocks_are_distances_whatever_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    query, gallery = rng.normal(size=(7, 5)), rng.normal(size=(9, 5))
    monkeypatch.setattr("reid.ranking.BLOCK_BYTES", 2 * 4 * 9)
    blocks = list(cosine_blocks(query, gallery))
    assert [start for start, _ in blocks] == [0, 2, 4, 6]
    np.testing.assert_allclose(np.concatenate([b for _, b in blocks]), 1 - query @ gallery.T, atol=1e-5)


def oracle(distances: npt.NDArray[np.float32], of: Labels) -> tuple[float, dict[int, float], float] | None:
    """mAP, CMC and mINP one gallery image at a time, as the protocol reads."""
    precisions, firsts, penalties = [], [], []
    for q, row in enumerate(distances):
        hits, kept = [], 0
        for g in sorted(range(len(row)), key=lambda g: (row[g], g)):
            is_same = of.gallery_ids[g] == of.query_ids[q]
            is_own = of.own_rows is not None and of.own_rows[q] == g
            same_camera = of.gallery_cameras[g] == of.query_cameras[q] and of.query_cameras[q] >= 0
            if of.gallery_ids[g] == JUNK or is_own or (is_same and same_camera):
                continue
            kept += 1
            if is_same:
                hits.append(kept)
        if hits:
            precisions.append(sum((n + 1) / r for n, r in enumerate(hits)) / len(hits))
            firsts.append(hits[0])
            penalties.append(len(hits) / hits[-1])
    if not firsts:
        return None
    cmc = {k: sum(first <= k for first in firsts) / len(firsts) for k in (1, 5, 10)}
    return sum(precisions) / len(precisions), cmc, sum(penalties) / len(penalties)


@given(
    seed=st.integers(0, 10_000),
    shape=st.tuples(st.integers(1, 12), st.integers(1, 40)),
    people=st.integers(1, 8),
    cameras=st.integers(1, 4),
    ties=st.booleans(),
    known=st.booleans(),
)
def test_scores_equal_the_slow_oracle(
    seed: int, shape: tuple[int, int], people: int, cameras: int, ties: bool, known: bool
) -> None:
    rng = np.random.default_rng(seed)
    distances = rng.random(shape).astype(np.float32)
    if ties:
        distances = np.round(distances, 1)
    query_ids = rng.integers(0, people, shape[0])
    gallery_ids = rng.choice([JUNK, DISTRACTOR, *range(people)], shape[1])
    query_cameras, gallery_cameras = rng.integers(0, cameras, shape[0]), rng.integers(0, cameras, shape[1])
    of = Labels(query_ids, gallery_ids, query_cameras, gallery_cameras)
    if not known:
        own = rng.integers(-1, shape[1], shape[0])
        of = replace(of, query_cameras=np.full(shape[0], -1), gallery_cameras=np.full(shape[1], -1), own_rows=own)
    wanted = oracle(distances, of)
    if wanted is None:
        with pytest.raises(ValueError, match="has a match"):
            scores(distances, of)
        return
    found = scores(distances, of)
    assert found.mAP == pytest.approx(wanted[0], abs=1e-6)
    assert found.cmc == pytest.approx(wanted[1], abs=1e-6)
    assert found.mINP == pytest.approx(wanted[2], abs=1e-6)
