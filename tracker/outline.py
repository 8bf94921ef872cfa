"""Outlines of galleries: which of their embeddings can't be near to a query, without a look at them.

Who is lost keeps their gallery unchanged, and is compared with whoever is new, frame after frame. Angles obey the
triangle inequality: with p the mean of a gallery, an embedding g in it and a query e, all of unit length,

    e . g <= (e . p)(g . p) + sqrt(1 - (e . p)^2) sqrt(1 - (g . p)^2),

so two numbers for each g, worked out once, mostly rule out all but a few embeddings of somebody else's gallery.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["ROUNDING", "Outlines"]

Embeddings = npt.NDArray[np.float32]
Index = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]

ROUNDING = 1e-4
"""Cosines within this of a bound are looked at: far more than float32 loses on unit vectors."""


class Outlines:
    """One outline a slot, drawn when its gallery is asked for a second time without having changed.

    Attributes:
        centre: `(capacity, D)`, p.
        along, across: `(capacity, size)`, g . p, and what is left of the length of g.
        asked_at, drawn_at: `(capacity,)`, how many embeddings the gallery had ever been given then; -1 for never.
    """

    def __init__(self, capacity: int, size: int, dim: int) -> None:
        self.centre = np.zeros((capacity, dim), np.float32)
        self.along = np.zeros((capacity, size), np.float32)
        self.across = np.zeros((capacity, size), np.float32)
        self.asked_at = np.full(capacity, -1)
        self.drawn_at = np.full(capacity, -1)

    def forget(self, slots: Index) -> None:
        """The galleries of `slots` are empty now."""
        self.asked_at[slots] = self.drawn_at[slots] = -1

    def draw(self, slots: Index, pushed: npt.NDArray[np.int64], vectors: npt.NDArray[np.float32]) -> Mask:
        """Which of `slots` have an outline now, `(P,)`; those asked for again are drawn.

        Args:
            pushed: `(P,)`, how many embeddings each slot has ever been given.
            vectors: `(capacity, size, D)`, all galleries.
        """
        again = self.asked_at.take(slots) == pushed
        self.asked_at[slots] = pushed
        for at in (again & (self.drawn_at.take(slots) != pushed)).nonzero()[0].tolist():
            slot, count = slots[at], pushed[at]
            if self.drawn_at[slot] != count:  # a slot may stand here several times
                self._draw(slot, vectors[slot, :count])
                self.drawn_at[slot] = count
        return again

    def _draw(self, slot: int, gallery: Embeddings) -> None:
        centre = np.add.reduce(gallery)
        length = np.sqrt(centre.dot(centre))
        if length > 0:
            centre /= length
        along = gallery.dot(centre)
        self.centre[slot] = centre
        self.along[slot] = -1.0  # rows that are not there are opposite to everything
        self.across[slot] = 0.0
        self.along[slot, : len(gallery)] = along
        self.across[slot, : len(gallery)] = np.sqrt(np.maximum(1 - along * along, 0))

    def within_reach(self, slots: Index, embeddings: Embeddings, least: float) -> tuple[Index, Index]:
        """Which rows of which outlined galleries may be this similar or more: indices into `slots`, and rows, in order.

        Args:
            embeddings: `(P, D)`, a query for each of `slots`.
            least: cosine.
        """
        along = np.einsum("ij,ij->i", self.centre.take(slots, axis=0), embeddings)
        across = np.sqrt(np.maximum(1 - along * along, 0))
        most = self.along.take(slots, axis=0)
        most *= along[:, None]
        sideways = self.across.take(slots, axis=0)
        sideways *= across[:, None]
        most += sideways
        pairs, rows = (most >= least - ROUNDING).nonzero()
        return pairs, rows
