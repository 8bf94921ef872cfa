"""The appearance of each track: a ring buffer of its last embeddings, one slot a track.

A full gallery of a thousand tracks is 50 MB, and reading it all takes longer than everything else in a frame. Mostly
the newest embedding already says enough, so the newest ones stand together in an array of their own, and the gallery is
opened only for those who are not yet near enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .state import State, array_from

__all__ = ["Gallery", "normalise_rows"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]
Embeddings = npt.NDArray[np.float32]


def normalise_rows(vectors: npt.NDArray[np.float32]) -> Embeddings:
    """`(N, D)` rows scaled to unit length, float32; a row that is zero, or not finite, becomes zero."""
    rows = np.asarray(vectors, np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    if np.count_nonzero(lengths) == len(rows) and np.add.reduce(lengths) < np.inf:  # as in almost every frame
        unit: Embeddings = rows / lengths[:, None]
        return unit
    usable = (lengths > 0) & (lengths < np.inf)
    return np.asarray(np.divide(rows, lengths[:, None], out=np.zeros_like(rows), where=usable[:, None]), np.float32)


class Gallery:
    """The last `size` embeddings of each track (Wojke et al. 2017, section 2.2: the set R of a track).

    With a `momentum` above 0 there is instead one, the moving average that keeps this share of what it was at each
    update (Wang et al. 2020, JDE; Du et al. 2023, StrongSORT), so that one bad crop has little say.

    Slots are those of the track table. Memory is bounded by the most tracks alive at once, however long the video.

    Attributes:
        vectors: `(capacity, size, D)`, ring buffers.
        newest: `(capacity, D)`, the last of each.
        pushed: `(capacity,)`, how many each slot has ever been given.
    """

    def __init__(self, size: int, momentum: float = 0.0) -> None:
        self.size = 1 if momentum else size
        self.momentum = momentum
        self.vectors = np.empty((0, self.size, 0), np.float32)
        self.newest = np.empty((0, 0), np.float32)
        self.pushed = np.zeros(0, np.int64)

    @property
    def dim(self) -> int:
        """Length D of an embedding; 0 before the first one."""
        return self.vectors.shape[2]

    def check_length(self, embeddings: Embeddings) -> None:
        """Raise `ValueError` when `(N, D)` embeddings, if there are any, have another length than those before."""
        count, dim = embeddings.shape
        if count and dim and dim != self.dim and self.pushed.any():
            raise ValueError(
                f"embeddings have length {dim}, but this tracker has seen length {self.dim}; use one encoder"
            )

    def reserve(self, capacity: int, dim: int) -> None:
        """Make room for `capacity` slots of embeddings of length `dim`."""
        known = len(self.pushed)
        if capacity <= known and dim == self.dim:
            return
        vectors, newest = np.zeros((capacity, self.size, dim), np.float32), np.zeros((capacity, dim), np.float32)
        if dim == self.dim:
            vectors[:known], newest[:known] = self.vectors, self.newest
        self.vectors, self.newest = vectors, newest
        self.pushed = np.concatenate((self.pushed, np.zeros(capacity - known, np.int64)))

    def clear(self, slots: Index) -> None:
        """Forget the embeddings of `slots`, which now belong to nobody."""
        slots = slots[slots < len(self.pushed)]
        self.pushed[slots] = 0

    def state_dict(self, slots: Index) -> State:
        """What `slots`, those of all live tracks in their order, remember."""
        slots = slots[slots < len(self.pushed)]  # all, or none while there was no embedding yet
        filled = self._filled(self.pushed[slots])
        rings = [self.vectors[slot, :count] for slot, count in zip(slots.tolist(), filled.tolist(), strict=True)]
        vectors = np.concatenate(rings) if rings else np.empty((0, self.dim), np.float32)
        return {"pushed": self.pushed[slots], "newest": self.newest[slots], "vectors": vectors}

    def load_state_dict(self, state: Mapping[str, Any], slots: Index, capacity: int) -> None:
        """Remember again what `state_dict` has kept, in a gallery that is new."""
        pushed = array_from(state, "pushed", (None,), np.int64)
        if len(pushed) not in (0, len(slots)) or (pushed < 0).any():
            raise ValueError(
                f"pushed in the state is {pushed.tolist()}, expected a count for each of {len(slots)} tracks"
            )
        newest = array_from(state, "newest", (len(pushed), None), np.float32)
        filled = self._filled(pushed)
        vectors = array_from(state, "vectors", (int(filled.sum()), newest.shape[1]), np.float32)
        if not newest.size:
            return
        self.reserve(capacity, newest.shape[1])
        self.pushed[slots], self.newest[slots] = pushed, newest
        for slot, ring in zip(slots.tolist(), np.split(vectors, np.cumsum(filled)[:-1]), strict=True):
            self.vectors[slot, : len(ring)] = ring

    def _filled(self, pushed: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """How many embeddings stand in the rings of slots that were given so many."""
        return np.minimum(pushed, self.size if self.size > 1 else 0)

    def push(self, slots: Index, embeddings: Embeddings) -> None:
        """Remember one more embedding for each of `slots` (no slot twice); a full gallery forgets its oldest."""
        pushed = self.pushed.take(slots)
        if self.momentum:
            known = np.where(pushed[:, None] > 0, self.newest[slots], embeddings)
            embeddings = normalise_rows(self.momentum * known + (1 - self.momentum) * embeddings)
        if self.size > 1:
            self.vectors[slots, pushed % self.size] = embeddings
        self.newest[slots] = embeddings
        self.pushed[slots] = pushed + 1

    def distances(self, slots: Index, embeddings: Embeddings, gate: float | None = None) -> Array:
        """Smallest cosine distance (eq. 3) between the gallery of `slots[i]` and `embeddings[i]`, `(P,)`.

        A slot that remembers nothing is as far as can be (2).

        Args:
            gate: when all that matters is who is at most this far away: the others get any distance beyond it, and who
                is near that of any embedding that is as near. By default each gets the smallest.
        """
        products = np.einsum("ij,ij->i", self.newest.take(slots, axis=0), embeddings)
        nearest = (1.0 - products).astype(np.float64)  # as the cascade compares it with its gate
        pushed = self.pushed.take(slots)
        if np.count_nonzero(pushed) < len(pushed):
            nearest[pushed == 0] = 2.0
        if self.size > 1:
            unsettled = (pushed > 1 if gate is None else (nearest > gate) & (pushed > 1)).nonzero()[0]
            if len(unsettled):
                found = self._nearest_of_all(slots.take(unsettled), embeddings.take(unsettled, axis=0))
                nearest[unsettled] = found
        return np.asarray(np.maximum(nearest, 0.0, out=nearest))

    def _nearest_of_all(self, slots: Index, embeddings: Embeddings) -> Embeddings:
        """As `distances`, by every embedding of each gallery, for slots that remember some.

        One by one: a product of a matrix and a vector reads a gallery where it stands, while a batched product of
        matrices first copies all of them together, and takes up to twice as long.
        """
        similarity = np.full((len(slots), self.size), -2.0, np.float32)  # less than any
        known = np.minimum(self.pushed.take(slots), self.size).tolist()
        for slot, count, vector, row in zip(slots.tolist(), known, embeddings, similarity, strict=True):
            np.dot(self.vectors[slot, :count], vector, out=row[:count])
        return np.asarray(1.0 - np.maximum.reduce(similarity, axis=1), np.float32)
