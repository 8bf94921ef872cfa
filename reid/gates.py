"""The gate as a curve: which share of strangers would match at which cosine distance.

One number holds against one stranger. At a false match rate of 1 % a gallery of a hundred lets 63 % of new people match
somebody; so a run asks the curve for the distance at which all the strangers about together keep the rate:
`1 - (1 - rate) ** (1 / strangers)` for each of them.

A curve says nothing of rates that its pairs cannot show: its first distance, at which none of them matches, holds for
all rarer ones. Where not even that keeps a rate, since too many different people are identical to the network, it is 0.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["RATE", "GateCurve", "fit_curve", "parse_curve"]

Floats = npt.NDArray[np.floating[Any]]

RATE = 0.01
"""Of strangers that may match, as `track eval-reid` chooses one gate."""
KNOTS = 32
LARGEST_RATE = 0.5
STEPS = 1_000_000
"""In one unit of distance, as in `reid.calibration`."""


@dataclass(frozen=True)
class GateCurve:
    """False match rate against cosine distance.

    Attributes:
        rates: ascending, above 0; of different pairs that match.
        distances: ascending or equal, 0 to 2; the largest at which no more than that rate match.
        num_pairs: of different people that it rests on.
        num_people: in these pairs.
    """

    rates: tuple[float, ...]
    distances: tuple[float, ...]
    num_pairs: int
    num_people: int

    def at(self, rate: float) -> float:
        """The distance at which that share of strangers matches; between knots by the logarithm of the rate."""
        return float(np.interp(math.log(rate), np.log(self.rates), self.distances))

    def against(self, strangers: int, rate: float = RATE) -> float:
        """The distance at which somebody new matches one of so many strangers with that probability."""
        return self.at(1 - (1 - rate) ** (1 / max(strangers, 1)))


def fit_curve(different: Floats, num_people: int) -> GateCurve:
    """The curve of `(D,)` distances between different people.

    Raises:
        ValueError: no pairs, or distances that are not finite.
    """
    if not len(different) or not np.isfinite(different).all():
        raise ValueError(f"a gate needs finite distances of different people, but got {len(different)}")
    far = np.sort(different.astype(np.float64))
    smallest = min(0.5 / len(far), RATE)  # less than one pair: nobody seen so far matches
    rates = np.unique(np.append(np.geomspace(smallest, LARGEST_RATE, KNOTS), RATE))
    first_refused = far[np.minimum(np.floor(rates * len(far)).astype(int), len(far) - 1)]
    below = (np.ceil(first_refused * STEPS) - 1) / STEPS  # the pair that may not match is farther
    distances = np.maximum.accumulate(np.clip(below, 0, 2))
    return GateCurve(tuple(rates.tolist()), tuple(distances.tolist()), len(far), num_people)


def parse_curve(value: Any) -> GateCurve | None:
    """A curve as a file holds it.

    Raises:
        ValueError: it is none, or cannot be one.
    """
    if value is None:
        return None
    if not isinstance(value, Mapping) or value.keys() != {"rates", "distances", "num_pairs", "num_people"}:
        raise ValueError("gate_curve must have rates, distances, num_pairs and num_people")
    rates, distances = (tuple(map(float, value[name])) for name in ("rates", "distances"))
    grows = all(a < b for a, b in itertools.pairwise(rates)) and all(a <= b for a, b in itertools.pairwise(distances))
    if not (rates and len(rates) == len(distances) and grows and rates[0] > 0 and rates[-1] <= 1):
        raise ValueError("gate_curve must have as many distances as rates, both ascending, rates above 0 and up to 1")
    if not (distances[0] >= 0 and distances[-1] <= 2):
        raise ValueError("gate_curve must have distances from 0 to 2")
    return GateCurve(rates, distances, int(value["num_pairs"]), int(value["num_people"]))
