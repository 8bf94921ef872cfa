"""The appearance gate while a run goes on: by the number of people about, from a curve.

The curve is the checkpoint's, or where weights came without any gate, one that the run measures on its own first
seconds: two boxes in one frame are two people, and two boxes of one track some moments apart are one. Until then the
preset's number holds, and it stays where too few people were seen.
"""

from __future__ import annotations

import dataclasses
import logging
from typing import Any

import numpy as np
import numpy.typing as npt

from registry.words import counted
from reid.bundled import RANDOM
from reid.gates import RATE, GateCurve, fit_curve
from track.setup.config import RunConfig
from track.setup.parts import Gate
from tracker import Tracker
from tracker.types import Tracks

__all__ = ["CurveGate", "MeasuredGate", "gate_of"]

logger = logging.getLogger(__name__)

NOTE = {"note": True}
EVERY_S = 0.2
"""Between two frames of which pairs are taken: neighbours say the same."""
FIRST_S, LAST_S = 3.0, 60.0
"""After the first pair a gate is measured at the earliest, and at the latest."""
FEWEST_PEOPLE, FEWEST_PAIRS = 5, 200
APART = 0.1
"""IoU from which two boxes may be of one person, detected twice."""
MOMENT_S = 0.4
"""Between two boxes of one track that count as a pair of one person."""

Floats = npt.NDArray[np.floating[Any]]


def gate_of(config: RunConfig, number: float | None, curve: GateCurve | None, *, has_network: bool) -> Gate | None:
    """What sets the gate while a run goes on; `None` where one number holds: given by hand, or all that there is.

    Args:
        config: of the run.
        number: the gate that came with the weights, if any.
        curve: that came with them, if any.
        has_network: whether there are weights that a gate could have come with.
    """
    if config.max_cosine is not None or config.tracker.own_gate:
        return None
    if curve is not None:
        return CurveGate(curve)
    if number is None and has_network and str(config.reid_weights) != RANDOM:
        return MeasuredGate(config.tracker.config.max_cosine_distance)
    return None


class CurveGate:
    """A gate that follows the number of people about.

    Args:
        curve: of the checkpoint.
        source: where it is from, for `summary.json`.
    """

    def __init__(self, curve: GateCurve, source: str = "curve of the checkpoint") -> None:
        self.curve = curve
        self._source = source
        self._used: list[float] = []

    def set(self, tracker: Tracker) -> None:
        """Before an update: the gate that holds for everybody in the gallery but one."""
        gate = round(self.curve.against(len(tracker) - 1), 6)
        self._used = [min([gate, *self._used]), max([gate, *self._used])]
        set_gate(tracker, gate)

    def learn(self, time_s: float, xyxy: Floats, embeddings: Floats, tracks: Tracks) -> None:
        """Nothing: the curve is known."""

    def facts(self) -> dict[str, Any]:
        """What was used, for `summary.json`."""
        low, high = self._used or (None, None)
        return {
            "source": self._source,
            "false_match_rate": RATE,
            "lowest": low,
            "highest": high,
            "pairs": self.curve.num_pairs,
            "people": self.curve.num_people,
        }


class MeasuredGate:
    """A gate that is measured on the first seconds of the run that it is used in.

    Args:
        preset: the gate until then.
    """

    def __init__(self, preset: float) -> None:
        self._preset = preset
        self._found: CurveGate | None = None
        self._different: list[float] = []
        self._same: list[float] = []
        self._people: set[int] = set()
        self._last: dict[int, tuple[float, Floats]] = {}
        self._first_s: float | None = None
        self._seen_s = -np.inf
        self._given_up = False

    def set(self, tracker: Tracker) -> None:
        """Before an update: the preset's gate, later that of the curve."""
        if self._found is not None:
            self._found.set(tracker)

    def learn(self, time_s: float, xyxy: Floats, embeddings: Floats, tracks: Tracks) -> None:
        """After an update: take in the pairs of this frame.

        Args:
            time_s: of the frame.
            xyxy: `(N, 4)` px, of its detections.
            embeddings: `(N, D)` of unit length; rows of zeros are of nobody.
            tracks: confirmed ones; `detection_index` says which detection is theirs.
        """
        if self._found is not None or self._given_up or time_s - self._seen_s < EVERY_S:
            return
        self._seen_s = time_s
        seen = (tracks.detection_index >= 0).nonzero()[0]
        seen = seen[embeddings[tracks.detection_index[seen]].any(axis=1)]
        ids, rows = tracks.ids[seen].tolist(), tracks.detection_index[seen]
        self._take_same(time_s, ids, embeddings[rows])
        self._take_different(time_s, ids, xyxy[rows], embeddings[rows])
        self._decide(time_s)

    def facts(self) -> dict[str, Any]:
        """What was used, for `summary.json`."""
        measured = {"pairs": len(self._different), "people": len(self._people)}
        if self._found is None:
            return {"source": "preset: too few people to measure one", "gate": self._preset, **measured}
        missed = float(np.mean(np.array(self._same) > self._found.curve.at(RATE))) if self._same else None
        return {**self._found.facts(), "until_s": self._seen_s, "false_non_match_rate": missed}

    def _take_same(self, time_s: float, ids: list[int], embeddings: Floats) -> None:
        for identity, row in zip(ids, embeddings, strict=True):
            before = self._last.get(identity)
            if before is None or time_s - before[0] >= MOMENT_S:
                if before is not None:
                    self._same.append(float(1 - row @ before[1]))
                self._last[identity] = (time_s, row)

    def _take_different(self, time_s: float, ids: list[int], xyxy: Floats, embeddings: Floats) -> None:
        first, second = np.triu_indices(len(ids), 1)
        apart = _iou(xyxy[first], xyxy[second]) < APART
        first, second = first[apart], second[apart]
        if not len(first):
            return
        self._first_s = time_s if self._first_s is None else self._first_s
        self._different += np.clip(1 - (embeddings[first] * embeddings[second]).sum(axis=1), 0, 2).tolist()
        self._people.update(ids[row] for row in np.union1d(first, second).tolist())

    def _decide(self, time_s: float) -> None:
        if self._first_s is None or time_s - self._first_s < FIRST_S:
            return
        if len(self._people) >= FEWEST_PEOPLE and len(self._different) >= FEWEST_PAIRS:
            curve = fit_curve(np.array(self._different), len(self._people))
            self._found = CurveGate(curve, "measured on this run")
            logger.info(
                "gate measured on the first %.1f s of this run: %.3f against one stranger, %.3f against ten (%s of "
                "%d people)",
                time_s,
                curve.against(1),
                curve.against(10),
                counted(len(self._different), "pair"),
                len(self._people),
                extra=NOTE,
            )
        elif time_s - self._first_s > LAST_S:
            self._given_up = True


def set_gate(tracker: Tracker, gate: float) -> None:
    """Another appearance gate from the next update on; a tracker reads its configuration anew in each."""
    if tracker.config.max_cosine_distance != gate:
        tracker.config = dataclasses.replace(tracker.config, max_cosine_distance=gate)


def _iou(first: Floats, second: Floats) -> Floats:
    """`(P,)`, row by row of `(P, 4)` and `(P, 4)` boxes."""
    sides = np.minimum(first[:, 2:], second[:, 2:]) - np.maximum(first[:, :2], second[:, :2])
    shared = np.maximum(sides, 0).prod(axis=1)
    areas = sum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (first, second))
    return np.asarray(shared / np.maximum(areas - shared, 1e-9))
