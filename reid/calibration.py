"""Where to put the gate: distances between images of one person against distances between different people.

The pairs are those of the ranking protocol, on identities that training has not seen. Same: each query with each of its
matches, so under another camera where cameras are known, which is harder than what a tracker meets within one view.
Different: queries with gallery images of other people, strangers included, under any camera. All pairs, or where there
are more, a sample by seed.

A pair counts as a match where its distance is at most the gate, as in the tracker. False match rate: share of the
different pairs that match. False non-match rate: share of the same pairs that do not. (ISO/IEC 19795-1 has the terms.)

How far a rate can be trusted depends on the people, not on the pairs: two pairs of one person are nearly one. So the
intervals take each identity as one trial, which is the widest they can be (`reid.intervals`), and a gate that rests on
fewer than `FEWEST_IDENTITIES` is measured and told, but belongs into no checkpoint.
"""

from __future__ import annotations

import dataclasses
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from registry.words import counted
from reid.data.types import JUNK
from reid.gates import GateCurve, fit_curve
from reid.intervals import wilson
from reid.ranking import Labels, Relevance, cosine_blocks

__all__ = [
    "FEWEST_IDENTITIES",
    "OVERLAP_LIMIT",
    "Calibration",
    "Distances",
    "Histogram",
    "calibrate",
    "calibrate_distances",
    "pair_distances",
    "too_few_for_a_gate",
    "warn_of_overlap",
]

logger = logging.getLogger(__name__)

Floats = npt.NDArray[np.floating[Any]]
Integers = npt.NDArray[np.int64]

OVERLAP_LIMIT = 0.4
"""Beyond, appearance cannot decide: whatever the gate, both error rates sum to more, about one pair in five of either
kind being wrong."""
FEWEST_IDENTITIES = 20
"""A gate from fewer people says little of others: of 20 people, a rate of 0 still allows 16 % of the next (Wilson)."""
MAX_PAIRS = 2_000_000
BINS = 120
STEPS = 1_000_000
"""In one unit of distance; gates are rounded down to such a step, coarser than float32 noise, finer than any use."""


@dataclass(frozen=True)
class Distances:
    """Cosine distances, 0 to 2.

    Attributes:
        same: `(S,)` between images of one identity.
        different: `(D,)` between images of different identities.
        num_same: pairs there are; more than S where they were sampled.
        num_different: likewise.
        num_identities: people who have a same pair.
    """

    same: Floats
    different: Floats
    num_same: int
    num_different: int
    num_identities: int


@dataclass(frozen=True)
class Histogram:
    """Where the distances lie.

    Attributes:
        edges: `(B + 1,)` borders of the bins, from 0 to the largest distance.
        same: `(B,)` pairs of one identity in each bin.
        different: `(B,)` pairs of different identities.
    """

    edges: npt.NDArray[np.float64]
    same: Integers
    different: Integers


@dataclass(frozen=True)
class Calibration:
    """A gate, and what it costs.

    Attributes:
        gate: largest cosine distance, in steps of 1e-6, at which the false match rate is at most the one asked for; 0
            where even that cannot keep it, since too many different people look identical to the network.
        asked_rate: that rate.
        false_match_rate: at the gate.
        false_non_match_rate: at the gate.
        eer: equal error rate, where both rates meet.
        eer_gate: the gate at which they do.
        auc: probability that a same pair is nearer than a different one.
        overlap: least sum of both rates over all gates: 0 where the histograms are apart, 1 where they coincide.
        num_same: pairs measured.
        num_different: pairs measured.
        histogram: of both kinds.
        num_identities: people whom the figures rest on; 0 where the distances alone were given.
        curve: the gate by the number of people about; `None` likewise.
    """

    gate: float
    asked_rate: float
    false_match_rate: float
    false_non_match_rate: float
    eer: float
    eer_gate: float
    auc: float
    overlap: float
    num_same: int
    num_different: int
    histogram: Histogram = field(repr=False)
    num_identities: int = 0
    curve: GateCurve | None = field(default=None, repr=False)

    @property
    def takes_gate(self) -> bool:
        """Whether the gate rests on enough people to be stored (see `FEWEST_IDENTITIES`)."""
        return self.num_identities >= FEWEST_IDENTITIES

    @property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """Name of a rate at the gate -> where it lies with 95 % confidence, each person as one trial."""
        names = ("false_match_rate", "false_non_match_rate")
        return {name: wilson(getattr(self, name), self.num_identities) for name in names}

    @property
    def undecided(self) -> bool:
        """Whether the histograms overlap so much that appearance cannot decide (see `OVERLAP_LIMIT`)."""
        return self.overlap > OVERLAP_LIMIT

    def scores(self) -> dict[str, float]:
        """What a checkpoint keeps among its scores."""
        kept = ("auc", "eer", "overlap", "false_match_rate", "false_non_match_rate", "num_identities")
        return {name: round(float(getattr(self, name)), 6) for name in kept}


def calibrate(
    query: Floats,
    gallery: Floats,
    labels: Labels,
    *,
    false_match_rate: float = 0.01,
    max_pairs: int = MAX_PAIRS,
    seed: int = 0,
) -> Calibration:
    """The gate of an encoder, from `(Q, D)` and `(G, D)` embeddings of people that it has not been trained on.

    Args and errors: see `pair_distances` and `calibrate_distances`.
    """
    found = pair_distances(query, gallery, labels, max_pairs=max_pairs, seed=seed)
    measured = calibrate_distances(found.same, found.different, false_match_rate=false_match_rate)
    curve = fit_curve(found.different, found.num_identities)
    return dataclasses.replace(measured, num_identities=found.num_identities, curve=curve)


def calibrate_distances(same: Floats, different: Floats, *, false_match_rate: float = 0.01) -> Calibration:
    """The gate that lets at most a share `false_match_rate` of the different pairs match, and its facts.

    Args:
        same: `(S,)` distances between images of one identity.
        different: `(D,)` distances between images of different identities.
        false_match_rate: above 0, below 1.

    Raises:
        ValueError: a rate outside, no pairs of one kind, or distances that are not finite.
    """
    if not 0 < false_match_rate < 1:
        raise ValueError(f"--false-match-rate is {false_match_rate:g}, expected a number above 0 and below 1, as 0.01")
    if not len(same) or not len(different):
        raise ValueError(
            f"{len(same)} pairs of one identity and {len(different)} of different ones: a gate needs both; expected"
            " several identities with several images each"
        )
    if not (np.isfinite(same).all() and np.isfinite(different).all()):
        raise ValueError("distances must be finite, but some are not; the encoder's weights are broken: train it anew")
    near, far = np.sort(same.astype(np.float64)), np.sort(different.astype(np.float64))
    gate = _gate(far, false_match_rate)
    gates = np.unique(np.concatenate([near, far]))
    matched, missed = _rates(near, far, gates)
    equal = int(np.argmin(np.abs(matched - missed)))
    at_gate = _rates(near, far, np.array([gate]))
    return Calibration(
        gate=gate,
        asked_rate=false_match_rate,
        false_match_rate=float(at_gate[0][0]),
        false_non_match_rate=float(at_gate[1][0]),
        eer=float(matched[equal] + missed[equal]) / 2,
        eer_gate=float(gates[equal]),
        auc=_auc(near, far),
        overlap=min(1.0, float((matched + missed).min())),
        num_same=len(near),
        num_different=len(far),
        histogram=_histogram(near, far, gate),
    )


def _histogram(near: Floats, far: Floats, gate: float) -> Histogram:
    edges = np.linspace(0, max(near[-1], far[-1], gate, 1 / STEPS), BINS + 1)
    return Histogram(edges, np.histogram(near, edges)[0], np.histogram(far, edges)[0])


def _gate(far: Floats, rate: float) -> float:
    """The largest step below the first different pair that may not match."""
    first_refused = float(far[math.floor(rate * len(far))])
    steps = math.floor(first_refused * STEPS)
    while steps / STEPS >= first_refused:  # it must be below, also after rounding
        steps -= 1
    return max(steps / STEPS, 0.0)


def _rates(near: Floats, far: Floats, gates: Floats) -> tuple[Floats, Floats]:
    """False match and false non-match rate at each gate, of sorted distances."""
    matched = np.searchsorted(far, gates, side="right") / len(far)
    missed = 1 - np.searchsorted(near, gates, side="right") / len(near)
    return matched, missed


def _auc(near: Floats, far: Floats) -> float:
    """Share of all (same, different) pairs of pairs in the right order; equal distances count half."""
    below = np.searchsorted(far, near, side="left")
    at_most = np.searchsorted(far, near, side="right")
    return 1 - float(np.mean(below + at_most)) / (2 * len(far))


def pair_distances(
    query: Floats, gallery: Floats, labels: Labels, *, max_pairs: int = MAX_PAIRS, seed: int = 0
) -> Distances:
    """Distances of same and of different pairs, at most `max_pairs` of each kind.

    Args:
        query: `(Q, D)` embeddings of unit length.
        gallery: `(G, D)` embeddings of unit length.
        labels: who they show.
        max_pairs: beyond, so many pairs are drawn at random.
        seed: of that draw.
    """
    rng = np.random.default_rng(seed)
    relevance = Relevance(labels)
    matches = [relevance.matches(row)[0] for row in range(len(query))]
    rows, columns = np.repeat(np.arange(len(query)), [len(found) for found in matches]), np.concatenate(matches)
    num_same = len(rows)
    if num_same > max_pairs:
        drawn = np.sort(rng.choice(num_same, max_pairs, replace=False))
        rows, columns = rows[drawn], columns[drawn]
    others, num_different = _different_pairs(labels, max_pairs, rng)
    same, different = _distances(query, gallery, [(rows, columns), others])
    with_match = [row for row, found in enumerate(matches) if len(found)]
    num_identities = len(np.unique(labels.query_ids[with_match]))
    return Distances(same, different, num_same, num_different, num_identities)


def _different_pairs(labels: Labels, max_pairs: int, rng: np.random.Generator) -> tuple[tuple[Integers, Integers], int]:
    """Rows of query and gallery that show different people, and how many such pairs there are."""
    queries, gallery = labels.query_ids, labels.gallery_ids
    usable = np.flatnonzero(gallery != JUNK)
    people, counts = np.unique(gallery[usable], return_counts=True)
    images_of = dict(zip(people.tolist(), counts.tolist(), strict=True))
    total = len(queries) * len(usable) - sum(images_of.get(identity, 0) for identity in queries.tolist())
    if len(queries) * len(usable) <= max_pairs:
        rows, columns = np.nonzero(queries[:, None] != gallery[usable])
        return (rows, usable[columns]), total
    rows = np.sort(rng.integers(0, len(queries), max_pairs))
    columns = usable[rng.integers(0, len(usable), max_pairs)]
    differ = queries[rows] != gallery[columns]
    return (rows[differ], columns[differ]), total


def _distances(query: Floats, gallery: Floats, pairs: list[tuple[Integers, Integers]]) -> list[Floats]:
    """Cosine distance of pairs in ascending rows, within 0 to 2 whatever the rounding.

    They are picked from the product of all with all, which is many times faster than gathering rows pair by pair.
    """
    picked: list[list[Floats]] = [[np.empty(0, np.float32)] for _ in pairs]
    for start, distances in cosine_blocks(query, gallery):
        for values, (rows, columns) in zip(picked, pairs, strict=True):
            part = slice(*np.searchsorted(rows, [start, start + len(distances)]))
            values.append(distances[rows[part] - start, columns[part]])
    return [np.clip(np.concatenate(values), 0, 2) for values in picked]


def too_few_for_a_gate(calibration: Calibration) -> str:
    """Why a gate is not stored, and what to do; empty where it can be."""
    if calibration.takes_gate:
        return ""
    people = counted(calibration.num_identities, "person", "people")
    return (
        f"no gate was stored: {people} measured, {FEWEST_IDENTITIES} or more are needed for one that holds for others; "
        "add people, or try the measured one by track run ... --max-cosine"
    )


def warn_of_overlap(name: str, scores: Mapping[str, float]) -> None:
    """Log a warning where a checkpoint says that appearance cannot decide."""
    overlap = scores.get("overlap", 0.0)
    if overlap > OVERLAP_LIMIT:
        logger.warning(
            "%s: its distances between same and different people overlap by %.0f %% (limit %.0f %%), so appearance"
            " cannot decide; train it longer or on more data, take another --reid, or use --reid none",
            name,
            100 * overlap,
            100 * OVERLAP_LIMIT,
        )
