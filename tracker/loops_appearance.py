"""How much tracks and detections look alike, number by number: what numba compiles for `steps_compiled`.

The loops do what `gallery` does with arrays, without copies of the embeddings. Sums of float32 numbers are in
another order, and so may differ in their last bit. A loop must be plain enough for numba: no calls of one another.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["ANY_ORDER", "distances", "draw", "normalised", "push"]

Array = npt.NDArray[np.float64]
Counters = npt.NDArray[np.int64]
Embeddings = npt.NDArray[np.float32]
Index = npt.NDArray[np.intp]

ANY_ORDER = frozenset({"reassoc", "contract"})
"""What the compiler may do with sums here. It stands in this file since numba compiles anew only where that changed."""


def distances(
    vectors: Embeddings,
    newest: Embeddings,
    pushed: Counters,
    centre: Embeddings,
    shares: Embeddings,
    drawn_at: Counters,
    slots: Index,
    embeddings: Embeddings,
    detections: Index,
    gate: float,
    exact: int,
    rounding: float,
) -> Array:
    """As `gallery.Gallery.distances`, of galleries `slots[i]` to the rows `detections[i]` of `embeddings`.

    Args:
        centre, shares, drawn_at: the outlines, see `draw`.
        exact: 1 to find the smallest distances, 0 to find those up to the gate.
        rounding: as `outline.ROUNDING`.
    """

    def product(first: Embeddings, second: Embeddings) -> np.float32:
        total = np.float32(0)
        for k in range(first.size):
            total += first[k] * second[k]
        return total

    nearest = np.empty(slots.size)
    size, one, slack = vectors.shape[1], np.float32(1), np.float32(rounding)
    for at in range(slots.size):
        slot = slots[at]
        query, count = embeddings[detections[at]], min(pushed[slot], size)
        if count == 0:
            nearest[at] = 2.0
            continue
        best = one - product(newest[slot], query)
        if size > 1 and pushed[slot] > 1 and (exact or best > gate):
            outlined = not exact and drawn_at[slot] == pushed[slot]
            towards = product(centre[slot], query) if outlined else one
            aside = np.sqrt(max(one - towards * towards, slack) + slack)
            for back in range(count):
                row = (pushed[slot] - 1 - back) % size  # the newest first: they are the likeliest to be near
                if outlined and shares[slot, row, 0] * towards + shares[slot, row, 1] * aside < 1 - gate:
                    continue
                best = min(best, one - product(vectors[slot, row], query))
                if not exact and best <= gate:
                    break
        nearest[at] = max(np.float64(best), 0.0)
    return nearest


def draw(
    vectors: Embeddings,
    pushed: Counters,
    centre: Embeddings,
    shares: Embeddings,
    asked_at: Counters,
    drawn_at: Counters,
    slots: Index,
    rounding: float,
) -> None:
    """Draw the `outline.Outlines` of those of `slots` that were asked before, and have not changed since.

    Args:
        rounding: as `outline.ROUNDING`.
    """
    for slot in slots:
        if asked_at[slot] != pushed[slot] or drawn_at[slot] == pushed[slot]:
            continue
        drawn_at[slot] = pushed[slot]
        centre[slot] = 0
        count = min(pushed[slot], vectors.shape[1])
        for row in range(count):
            centre[slot] += vectors[slot, row]
        length = np.sqrt(np.sum(centre[slot] * centre[slot]))
        centre[slot] /= max(length, np.float32(1e-30))
        for row in range(count):
            share = np.sum(centre[slot] * vectors[slot, row])
            aside = np.sqrt(max(1 - share * share, rounding) + rounding)
            shares[slot, row, 0], shares[slot, row, 1] = share, aside
    for slot in slots:  # only now: a slot that stands here twice was asked once
        asked_at[slot] = pushed[slot]


def push(
    vectors: Embeddings, newest: Embeddings, pushed: Counters, slots: Index, embeddings: Embeddings, matched: Index
) -> None:
    """As `gallery.Gallery.push` without a momentum, of the rows `matched` of `embeddings`."""
    for at in range(slots.size):
        slot, embedding = slots[at], embeddings[matched[at]]
        vectors[slot, pushed[slot] % vectors.shape[1]] = embedding
        newest[slot] = embedding
        pushed[slot] += 1


def normalised(vectors: Embeddings) -> Embeddings:
    """As `gallery.normalise_rows`."""
    unit = np.empty_like(vectors)
    for i in range(vectors.shape[0]):
        square = np.float32(0)
        for k in range(vectors.shape[1]):
            square += vectors[i, k] * vectors[i, k]
        length = np.sqrt(square)
        usable = length > 0 and length < np.inf
        for k in range(vectors.shape[1]):
            unit[i, k] = vectors[i, k] / length if usable else np.float32(0)
    return unit
