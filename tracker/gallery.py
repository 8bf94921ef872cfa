"""What each track looks like: a ring buffer of its last embeddings, one row a track."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

__all__ = ["Gallery", "normalise_rows"]

Index = npt.NDArray[np.intp]
Embeddings = npt.NDArray[np.float32]


def normalise_rows(vectors: npt.NDArray[np.float32]) -> Embeddings:
    """`(N, D)` rows scaled to unit length, float32; a row of zeros stays zero."""
    rows = np.asarray(vectors, np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0), np.float32)


class Gallery:
    """The last `size` embeddings of each track (Wojke et al. 2017, section 2.2: the set R of a track).

    With a `momentum` above 0 there is instead one, the moving average that keeps this share of what it was at each
    update (Wang et al. 2020, JDE; Du et al. 2023, StrongSORT), so that one bad crop has little say.

    Rows are those of the track table. Memory is bounded by the most tracks alive at once, however long the
    video.
    """

    def __init__(self, size: int, momentum: float = 0.0) -> None:
        self.size = 1 if momentum else size
        self.momentum = momentum
        self._vectors = np.empty((0, size, 0), np.float32)
        self._pushed = np.zeros(0, np.int64)

    @property
    def dim(self) -> int:
        """Length D of an embedding; 0 before the first one."""
        return self._vectors.shape[2]

    def check_length(self, embeddings: Embeddings) -> None:
        """Raise `ValueError` when `(N, D)` embeddings, if there are any, have another length than those before."""
        count, dim = embeddings.shape
        if count and dim and self.dim not in (0, dim) and self._pushed.any():
            raise ValueError(
                f"embeddings have length {dim}, but this tracker has seen length {self.dim}; use one encoder"
            )

    def reserve(self, capacity: int, dim: int) -> None:
        """Make room for `capacity` rows of embeddings of length `dim`."""
        if capacity > len(self._pushed) or dim != self.dim:
            grown = np.empty((capacity, self.size, dim), np.float32)
            if dim == self.dim:
                grown[: len(self._vectors)] = self._vectors
            pushed = np.zeros(capacity, np.int64)
            pushed[: len(self._pushed)] = self._pushed
            self._vectors, self._pushed = grown, pushed

    def clear(self, rows: Index) -> None:
        """Forget the embeddings of `rows`, which now belong to nobody."""
        self._pushed[rows[rows < len(self._pushed)]] = 0

    def push(self, rows: Index, embeddings: Embeddings) -> None:
        """Remember one more embedding for each of `rows` (no row twice); a full row forgets its oldest."""
        if self.momentum:
            known = np.where(self._pushed[rows, None] > 0, self._vectors[rows, 0], embeddings)
            embeddings = normalise_rows(self.momentum * known + (1 - self.momentum) * embeddings)
        self._vectors[rows, self._pushed[rows] % self.size] = embeddings
        self._pushed[rows] += 1

    def distances(self, rows: Index, embeddings: Embeddings) -> npt.NDArray[np.float64]:
        """Smallest cosine distance (eq. 2) between the gallery of `rows[i]` and `embeddings[i]`, `(P,)`.

        `rows` must be grouped (equal rows adjacent): each gallery is multiplied once with all its candidates. A row
        that remembers nothing is as far as can be (2).
        """
        nearest = np.full(len(rows), 2.0)
        borders = np.flatnonzero(np.diff(rows, prepend=-1, append=-1)).tolist()
        for start, stop in itertools.pairwise(borders):
            row = rows[start]
            known = min(int(self._pushed[row]), self.size)
            if known:
                similarity = self._vectors[row, :known] @ embeddings[start:stop].T
                nearest[start:stop] = 1.0 - similarity.max(axis=0)
        return np.asarray(np.maximum(nearest, 0.0))
