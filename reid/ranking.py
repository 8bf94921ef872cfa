"""How well embeddings find a person again: mAP, CMC and mINP by the protocol of Market-1501.

Each query ranks the gallery by cosine distance. Left out of its ranking are gallery images of the same identity under
the same camera (Zheng et al. 2015), the query's own image, and junk. A query without any match left is not counted.

Average precision is the mean, over the matches of a query, of the precision at the rank of each: hits so far divided by
rank. That is what torchreid and fast-reid compute, and what papers have reported since; the first Matlab code of
Market-1501 integrated the curve by trapezoids instead and gives slightly lower numbers. mINP (Ye et al., "Deep Learning
for Person Re-identification: A Survey and Outlook", TPAMI 2021, eq. 6): the number of matches divided by the rank of
the last one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from reid.data.types import JUNK, Split
from reid.intervals import wilson

__all__ = [
    "CMC_RANKS",
    "DistanceBlock",
    "Labels",
    "RankingScores",
    "Relevance",
    "cosine_blocks",
    "rank",
    "rank_distances",
]

Floats = npt.NDArray[np.floating[Any]]
Integers = npt.NDArray[np.int64]

CMC_RANKS = (1, 5, 10)
BLOCK_BYTES = 64 << 20
"""Of one block of distances; two live at once, the second sorted."""


@dataclass(frozen=True)
class Labels:
    """Who is on the images, and where they were taken.

    Attributes:
        query_ids: `(Q,)` int64.
        gallery_ids: `(G,)` int64; -1 is junk, other negative numbers match nobody.
        query_cameras: `(Q,)` int64; negative where unknown: nothing is left out by camera then.
        gallery_cameras: `(G,)` int64, likewise.
        own_rows: `(Q,)` row of the gallery that is the query's own image, -1 for none; `None` where no query is in the
            gallery.
    """

    query_ids: Integers
    gallery_ids: Integers
    query_cameras: Integers
    gallery_cameras: Integers
    own_rows: Integers | None = None

    @classmethod
    def of(cls, query: Split, gallery: Split) -> Labels:
        """Those of a data set; a query's own image is known by its path."""
        row_of = {path: row for row, path in enumerate(gallery.paths)}
        own = np.array([row_of.get(path, -1) for path in query.paths], np.int64)
        return cls(query.identities, gallery.identities, query.cameras, gallery.cameras, own)


@dataclass(frozen=True)
class RankingScores:
    """Scores from 0 to 1 over the queries that have a match.

    Attributes:
        mAP: mean average precision.
        cmc: rank k -> share of queries with a match among the first k.
        mINP: mean inverse negative penalty: how far down the hardest match lies.
        num_queries: queries that have a match.
        num_without_match: queries that have none and are not counted.
        leave_one_out: whether any query's camera is unknown, so that only its own image was left out of its ranking.
            Such scores are higher: images taken moments apart count as matches.
        num_identities: people among these queries.
        rank1_interval: where rank-1 lies with 95 % confidence, each person as one trial (`reid.intervals.wilson`).
    """

    mAP: float  # noqa: N815 (as the field writes it)
    cmc: dict[int, float]
    mINP: float  # noqa: N815
    num_queries: int
    num_without_match: int
    leave_one_out: bool
    num_identities: int
    rank1_interval: tuple[float, float]


DistanceBlock = tuple[int, npt.NDArray[np.float32]]
"""First query of the block, and `(n, G)` distances of its queries; the receiver may overwrite them."""


def rank(query: Floats, gallery: Floats, labels: Labels) -> RankingScores:
    """Scores of `(Q, D)` query against `(G, D)` gallery embeddings of unit length, by cosine distance.

    Of gallery images at the same distance, to the bit, the one that comes first in the gallery ranks first.

    Raises:
        ValueError: shapes that do not fit together, embeddings that are not finite, or no query with a match.
    """
    return rank_distances(cosine_blocks(query, gallery), labels)


def cosine_blocks(query: Floats, gallery: Floats) -> Iterator[DistanceBlock]:
    """Cosine distances, 1 - cosine, of `(Q, D)` and `(G, D)` embeddings of unit length, some queries at a time.

    Yields:
        The first query's row and `(some queries, G)` distances, at most `BLOCK_BYTES` of them.

    Raises:
        ValueError: embeddings of other shapes, or some that are not finite.
    """
    if query.ndim != 2 or gallery.ndim != 2 or query.shape[1] != gallery.shape[1]:
        raise ValueError(f"embeddings must be (Q, D) and (G, D), but got {query.shape} and {gallery.shape}")
    if not (np.isfinite(query).all() and np.isfinite(gallery).all()):
        raise ValueError("embeddings must be finite, but some are not; the encoder's weights are broken: train it anew")
    columns = np.ascontiguousarray(gallery, np.float32).T
    step = max(1, BLOCK_BYTES // (4 * max(len(gallery), 1)))
    for start in range(0, len(query), step):
        products = np.asarray(query[start : start + step], np.float32) @ columns
        yield start, np.subtract(1, products, out=products)


def rank_distances(blocks: Iterator[DistanceBlock], labels: Labels) -> RankingScores:
    """The same from any distances, such as re-ranked ones; `blocks` cover all queries in order.

    Raises:
        ValueError: no query has a match.
    """
    relevance = Relevance(labels)
    rows = [_score_block(start, distances, relevance) for start, distances in blocks]
    precision, first, penalty = np.concatenate([np.empty((3, 0)), *rows], axis=1)
    counted = first > 0
    num = int(counted.sum())
    if not num:
        raise ValueError(
            f"none of {len(labels.query_ids)} queries has a match in the gallery of {len(labels.gallery_ids)} images"
            " (same identity, another camera or image), so nothing can be measured"
        )
    cmc = {k: float((first[counted] <= k).mean()) for k in CMC_RANKS}
    people = len(np.unique(labels.query_ids[counted]))
    return RankingScores(
        mAP=float(precision[counted].mean()),
        cmc=cmc,
        mINP=float(penalty[counted].mean()),
        num_queries=num,
        num_without_match=len(first) - num,
        leave_one_out=bool((labels.query_cameras < 0).any()),
        num_identities=people,
        rank1_interval=wilson(cmc[1], people),
    )


class Relevance:
    """Which gallery images are a query's matches, and which are kept out of its ranking.

    Attributes:
        junk: rows of the gallery that are kept out of every ranking.
    """

    def __init__(self, labels: Labels) -> None:
        self._labels = labels
        self._by_identity = np.argsort(labels.gallery_ids, kind="stable")
        ordered = labels.gallery_ids[self._by_identity]
        self._begins = np.searchsorted(ordered, labels.query_ids, side="left")
        self._ends = np.searchsorted(ordered, labels.query_ids, side="right")
        self.junk: Integers = np.flatnonzero(labels.gallery_ids == JUNK)

    def matches(self, query: int) -> tuple[Integers, Integers]:
        """Ascending rows of the gallery that are matches of that query, and rows that are kept out beside junk."""
        labels = self._labels
        if labels.query_ids[query] < 0:
            same: Integers = np.empty(0, np.int64)
        else:
            same = self._by_identity[self._begins[query] : self._ends[query]]
        camera = labels.query_cameras[query]
        out = (labels.gallery_cameras[same] == camera) & (camera >= 0)
        own = -1 if labels.own_rows is None else int(labels.own_rows[query])
        out |= same == own
        kept_out = same[out]
        if own >= 0 and own not in kept_out:
            kept_out = np.append(kept_out, own)
        return same[~out], kept_out


def _score_block(start: int, distances: npt.NDArray[np.float32], relevance: Relevance) -> Floats:
    """`(3, n)` average precision, rank of the first match (0 without one), and inverse penalty of each query."""
    distances[:, relevance.junk] = np.inf
    columns = []
    for row, of_query in enumerate(distances):
        matches, kept_out = relevance.matches(start + row)
        of_query[kept_out] = np.inf
        columns.append(matches)
    scores = np.zeros((3, len(distances)))
    for row, nearest_first in enumerate(np.sort(distances, axis=1)):
        if len(columns[row]):
            scores[:, row] = _score_query(distances[row], nearest_first, columns[row])
    return scores


def _score_query(distances: Floats, nearest_first: Floats, matches: Integers) -> tuple[float, float, float]:
    """The same of one query.

    The rank of a match is one more than the number of gallery images that are nearer, found by bisection; images at
    exactly its distance count where they come before it in the gallery. So the distances are sorted, not the gallery.
    """
    own = distances[matches]
    nearer = np.searchsorted(nearest_first, own, side="left")
    at_most = np.searchsorted(nearest_first, own, side="right")
    for index in np.flatnonzero(at_most - nearer > 1):  # ties, which real embeddings hardly have
        nearer[index] += np.count_nonzero(distances[: matches[index]] == own[index])
    ranks = np.sort(nearer) + 1
    hits = np.arange(1, len(ranks) + 1)
    return float((hits / ranks).mean()), float(ranks[0]), float(len(ranks) / ranks[-1])
