"""Re-ranking by k-reciprocal neighbours (Zhong et al., "Re-ranking Person Re-identification with k-reciprocal
Encoding", CVPR 2017, arXiv:1701.08398).

Two images of one person are among each other's nearest, and they share their neighbours. The paper's equations, over
all query and gallery images together, with two choices that it leaves open: N(p, k) holds p itself and the k nearest
others, and distances are cosine distances divided by the largest that the image has to any other, so that neither
exp(-d) nor the final sum depends on how tightly a network packs its embeddings.

Neighbour sets and encodings are sparse matrices, so memory grows with the number of images and not with its square.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from reid.ranking import DistanceBlock, cosine_blocks

__all__ = ["reranked_blocks"]

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

PAIRS_AT_ONCE = 100_000
IMAGES_AT_ONCE = 4096


def reranked_blocks(
    query: npt.NDArray[np.floating[Any]],
    gallery: npt.NDArray[np.floating[Any]],
    *,
    own_rows: Integers | None = None,
    k1: int = 20,
    k2: int = 6,
    weight: float = 0.3,
) -> Iterator[DistanceBlock]:
    """Re-ranked distances of `(Q, D)` to `(G, D)` embeddings of unit length, for `ranking.rank_distances`.

    Args:
        query: unit length.
        gallery: unit length.
        own_rows: `(Q,)` row of the gallery that is the query's own image, -1 for none; it is then one image, not two.
        k1: neighbours that the reciprocal sets look at (paper: 20).
        k2: neighbours whose encodings are averaged (paper: 6).
        weight: lambda of eq. 12: of the original distance beside the Jaccard distance (paper: 0.3).
    """
    own = np.full(len(query), -1, np.int64) if own_rows is None else own_rows
    added = own < 0
    images = np.concatenate([gallery, query[added]]).astype(np.float32)
    where = own.copy()
    where[added] = len(gallery) + np.arange(int(added.sum()))
    neighbours, largest = _neighbours(images, max(k1, k2))
    encoding = _encoding(images, neighbours[:, : k1 + 1], largest, half=round(k1 / 2))
    if k2 > 1:
        nearest = _membership(neighbours[:, :k2])
        encoding = (nearest @ encoding).tocsr() / np.float32(min(k2, neighbours.shape[1]))  # eq. 11
    jaccard = _JaccardDistance(encoding.tocsr()[: len(gallery)])
    for start, distances in cosine_blocks(images[where], images[: len(gallery)]):
        for row, original in enumerate(distances):
            image = where[start + row]
            original *= weight / largest[image]
            original += (1 - weight) * jaccard(encoding[image])  # eq. 12
        yield start, distances


def _neighbours(images: Floats, k: int) -> tuple[Integers, Floats]:
    """`(N, k + 1)` each image and its k nearest others, nearest first; `(N,)` the distance to its furthest."""
    count = min(k + 1, len(images))
    found = np.empty((len(images), count), np.int64)
    largest = np.empty(len(images), np.float32)
    for start, distances in cosine_blocks(images, images):
        rows = np.arange(len(distances))
        largest[start + rows] = distances.max(axis=1)
        distances[rows, start + rows] = -1  # itself first, whatever the rounding, and copies of it after
        nearest = np.argpartition(distances, count - 1, axis=1)[:, :count]
        order = np.argsort(np.take_along_axis(distances, nearest, axis=1), axis=1, kind="stable")
        found[start + rows] = np.take_along_axis(nearest, order, axis=1)
    return found, np.maximum(largest, np.finfo(np.float32).tiny)


def _membership(members: Integers, kept: npt.NDArray[np.bool_] | None = None) -> Any:
    """Sparse `(N, N)` 0/1 matrix: whether an image is in the set of another, a row of `(N, k)` indices."""
    count = len(members)
    rows = np.repeat(np.arange(count), members.shape[1])
    columns = members.ravel()
    if kept is not None:
        rows, columns = rows[kept.ravel()], columns[kept.ravel()]
    return sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=(count, count))


def _reciprocal(neighbours: Integers) -> Any:
    """R(p, k), eq. 3: those neighbours of p that have p among theirs."""
    mutual = np.empty(neighbours.shape, np.bool_)
    for start in range(0, len(neighbours), IMAGES_AT_ONCE):
        rows = slice(start, start + IMAGES_AT_ONCE)
        images = np.arange(len(neighbours))[rows, None, None]
        mutual[rows] = (neighbours[neighbours[rows]] == images).any(axis=2)
    return _membership(neighbours, mutual)


def _encoding(images: Floats, neighbours: Integers, largest: Floats, *, half: int) -> Any:
    """V, eq. 7: `(N, N)` sparse, exp(-d) where an image belongs to the expanded reciprocal set of another."""
    reciprocal, small = _reciprocal(neighbours), _reciprocal(neighbours[:, : half + 1])
    shared = reciprocal.multiply(reciprocal @ small.T).tocoo()  # |R(p, k) and R(q, k/2)| for each q in R(p, k)
    sizes = np.asarray(small.sum(axis=1)).ravel()
    enough = 3 * shared.data >= 2 * sizes[shared.col]  # eq. 4; whole numbers, so exact
    taken = sparse.csr_matrix(
        (np.ones(int(enough.sum()), np.float32), (shared.row[enough], shared.col[enough])), shared.shape
    )
    expanded = (reciprocal + taken @ small).tocoo()
    values = np.empty(len(expanded.row), np.float32)
    for start in range(0, len(values), PAIRS_AT_ONCE):
        pairs = slice(start, start + PAIRS_AT_ONCE)
        rows, columns = expanded.row[pairs], expanded.col[pairs]
        distance = 1 - np.einsum("nd,nd->n", images[rows], images[columns])
        values[pairs] = np.exp(-distance / largest[rows])
    return sparse.csr_matrix((values, (expanded.row, expanded.col)), expanded.shape)


class _JaccardDistance:
    """Eq. 10 between one encoding and all of the gallery, by way of the columns that the one uses."""

    def __init__(self, gallery: Any) -> None:
        self._columns = gallery.tocsc()
        self._sums = np.asarray(gallery.sum(axis=1)).ravel()

    def __call__(self, encoding: Any) -> Floats:
        """`(G,)` distances of a `(1, N)` sparse row."""
        used = self._columns[:, encoding.indices]
        smaller = np.minimum(used.data, np.repeat(encoding.data, np.diff(used.indptr)))
        both = np.bincount(used.indices, weights=smaller, minlength=len(self._sums))
        either = self._sums + encoding.data.sum() - both
        distance: Floats = (1 - both / either).astype(np.float32)
        return distance
