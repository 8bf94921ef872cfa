"""Outlines of galleries: which of their embeddings can't be near to a query, without a look at them.

Who is lost keeps their gallery unchanged, and is compared with whoever is new, frame after frame. Angles obey the
triangle inequality: with p the mean of a gallery, an embedding g in it and a query e, all of unit length,

    e . g <= (e . p)(g . p) + sqrt(1 - (e . p)^2) sqrt(1 - (g . p)^2),

so two numbers for each g, worked out once, mostly rule out all but a few embeddings of somebody else's gallery. They
are drawn in `loops_appearance.draw` and asked in `loops_appearance.distances`; in NumPy they would cost more than they
save.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["ROUNDING", "Outlines"]

Embeddings = npt.NDArray[np.float32]
Index = npt.NDArray[np.intp]

ROUNDING = 2e-6
"""Added under both roots, so that the bound stands above what float32 loses: where a query or an embedding is nearly
parallel to p, a root turns 1e-7 into 3e-4."""


class Outlines:
    """One outline a slot, drawn when its gallery is asked in a second frame without having changed.

    Attributes:
        centre: `(capacity, D)`, p.
        shares: `(capacity, size, 2)`, g . p, and what is left of the length of g.
        asked_at, drawn_at: `(capacity,)`, how many embeddings the gallery had ever been given then; -1 for never.
    """

    def __init__(self, capacity: int, size: int, dim: int) -> None:
        self.centre = np.zeros((capacity, dim), np.float32)
        self.shares = np.zeros((capacity, size, 2), np.float32)
        self.asked_at = np.full(capacity, -1, np.int64)
        self.drawn_at = np.full(capacity, -1, np.int64)

    def forget(self, slots: Index) -> None:
        """The galleries of `slots` are empty now."""
        self.asked_at[slots] = self.drawn_at[slots] = -1
