"""Which crops make a batch: P identities with K crops each, as a function of the seed and the epoch alone."""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

__all__ = ["epoch_batches"]

Indices = npt.NDArray[np.int64]


def epoch_batches(labels: Indices, *, ids_per_batch: int, crops_per_id: int, seed: int, epoch: int) -> Indices:
    """The batches of one epoch, `(B, P * K)` indices into `labels`; K neighbours share an identity.

    The crops of an identity are shuffled and cut into groups of K, the last one filled up with crops of its own, drawn
    again. Groups of an identity are spread evenly over the epoch, so that identities with many crops do not end up
    alone. There are as many batches as the groups fill, the same in each epoch; where the last ones lack different
    identities, others are drawn again. What remains has its turn in the next epoch.

    Args:
        labels: `(N,)` identity of each crop.
        ids_per_batch: P.
        crops_per_id: K.
        seed: of the training.
        epoch: from 0; another epoch gives another order.

    Raises:
        ValueError: fewer than P identities.
    """
    num_labels = len(np.unique(labels))
    if num_labels < ids_per_batch:
        hint = f"use --batch {num_labels}x{crops_per_id}" if num_labels >= 2 else "add people, expected 2 or more"
        raise ValueError(f"a batch needs {ids_per_batch} identities, but the training data has {num_labels}; {hint}")
    rng = np.random.default_rng((seed, epoch))
    groups = _groups(labels, crops_per_id, rng)
    by_label = {label: crops for _, label, crops in groups}
    waiting = deque((label, crops) for _, label, crops in sorted(groups, key=lambda group: group[0]))
    batches = []
    for _ in range(len(groups) // ids_per_batch):
        batch = _take(waiting, ids_per_batch)
        others = [label for label in by_label if label not in batch]
        extra = rng.choice(others, ids_per_batch - len(batch), replace=False) if len(batch) < ids_per_batch else ()
        batches.append(np.concatenate([*batch.values(), *(by_label[int(label)] for label in extra)]))
    return np.stack(batches)


def _groups(labels: Indices, size: int, rng: np.random.Generator) -> list[tuple[float, int, Indices]]:
    """`(time in the epoch from 0 to 1, identity, (size,) crops)`, in the order of the identities."""
    groups = []
    order = np.argsort(labels, kind="stable")
    for crops in np.split(order, np.flatnonzero(np.diff(labels[order])) + 1):
        shuffled = rng.permutation(crops)
        missing = -len(crops) % size
        # Without repetition where the identity has enough crops that are not already in the last group.
        others = shuffled[: len(crops) - len(crops) % size]
        if missing and len(others) >= missing:
            extra = rng.choice(others, missing, replace=False)
        else:
            extra = rng.choice(shuffled, missing)
        rows = np.concatenate([shuffled, extra]).reshape(-1, size)
        times = (np.arange(len(rows)) + rng.random(len(rows))) / len(rows)
        groups += [(float(time), int(labels[crops[0]]), row) for time, row in zip(times, rows, strict=True)]
    return groups


def _take(waiting: deque[tuple[int, Indices]], count: int) -> dict[int, Indices]:
    """The first groups of at most `count` different identities, by identity, removed from `waiting`."""
    taken: dict[int, Indices] = {}
    passed = []
    while waiting and len(taken) < count:
        label, crops = waiting.popleft()
        if label in taken:
            passed.append((label, crops))
        else:
            taken[label] = crops
    waiting.extendleft(reversed(passed))
    return taken
