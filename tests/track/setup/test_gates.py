"""What sets the appearance gate while a run goes on, and who may."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reid.gates import GateCurve
from track.setup.config import RunConfig
from track.setup.gates import CurveGate, MeasuredGate, gate_of
from tracker import DeepSort
from tracker.presets import load_preset
from tracker.types import Tracks

CURVE = GateCurve((0.0001, 0.001, 0.01, 0.1), (0.05, 0.1, 0.2, 0.3), 10_000, 50)
DEEPSORT = load_preset("deepsort")


def config(**options: object) -> RunConfig:
    return RunConfig(**{"source": "clip.mp4", "tracker": DEEPSORT, "reid": "osnet-x0-25", **options})


@pytest.mark.parametrize(
    ("options", "number", "curve", "kind"),
    [
        pytest.param({}, 0.2, CURVE, CurveGate, id="a curve goes before a number"),
        pytest.param({}, 0.2, None, None, id="a number alone, as of the bundled encoders, holds throughout"),
        pytest.param({}, None, None, MeasuredGate, id="weights without a gate"),
        pytest.param({"max_cosine": 0.3}, None, CURVE, None, id="given by hand"),
        pytest.param({"reid_weights": Path("random")}, None, None, None, id="weights that mean nothing"),
    ],
)
def test_who_sets_the_gate(options: dict, number: float | None, curve: GateCurve | None, kind: type | None) -> None:
    found = gate_of(config(**options), number, curve, has_network=True)
    assert (found is None) if kind is None else isinstance(found, kind)


def test_without_a_network_nothing_is_measured() -> None:
    assert gate_of(config(reid="none"), None, None, has_network=False) is None


def boxes(count: int) -> np.ndarray:
    left = 100.0 * np.arange(count)
    return np.column_stack([left, np.zeros(count), left + 40, np.full(count, 90.0)])


def test_the_curve_is_asked_for_everybody_but_one() -> None:
    tracker, gate = DeepSort(), CurveGate(CURVE)
    gate.set(tracker)
    assert tracker.config.max_cosine_distance == pytest.approx(0.2), "an empty gallery: as against one"
    tracker.update(boxes(11), np.ones(11))
    gate.set(tracker)
    assert tracker.config.max_cosine_distance == pytest.approx(0.1, abs=1e-3), "ten others at one in a thousand each"
    facts = gate.facts()
    assert (facts["source"], facts["highest"], facts["pairs"]) == ("curve of the checkpoint", 0.2, 10_000)
    assert facts["lowest"] == tracker.config.max_cosine_distance


class Street:
    """People whose embeddings wander a little about their own direction."""

    def __init__(self, people: int) -> None:
        self._rng = np.random.default_rng(3)
        self._own = self._rng.normal(size=(people, 32))
        self.people = people

    def frame(self) -> tuple[np.ndarray, Tracks]:
        rows = self._own + 0.3 * self._rng.normal(size=self._own.shape)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        order = np.arange(self.people)
        empty = np.zeros(self.people, np.int64)
        tracks = Tracks(order + 1, boxes(self.people).astype(np.float32), empty.astype(np.float32), empty, order, order)
        return rows.astype(np.float32), tracks


def run(gate: MeasuredGate, people: int, seconds: float, fps: int = 10, *, same_box: bool = False) -> DeepSort:
    street, tracker = Street(people), DeepSort()
    where = np.repeat(boxes(1), people, 0) if same_box else boxes(people)
    for number in range(int(seconds * fps)):
        gate.set(tracker)
        rows, tracks = street.frame()
        gate.learn(number / fps, where, rows, tracks)
    return tracker


def test_pairs_of_one_frame_measure_a_gate_that_strangers_keep() -> None:
    gate = MeasuredGate(0.2)
    tracker = run(gate, people=8, seconds=5)
    facts = gate.facts()
    assert facts["source"] == "measured on this run"
    assert facts["people"] == 8
    assert 3 <= facts["until_s"] <= 4
    street = Street(8)
    first, second = street.frame()[0], street.frame()[0]
    distances = 1 - first @ second.T
    strangers = distances[~np.eye(8, dtype=bool)]
    assert tracker.config.max_cosine_distance <= np.quantile(strangers, 0.05)
    assert (distances.diagonal() <= tracker.config.max_cosine_distance).all(), "the same person still matches"
    assert facts["false_non_match_rate"] == 0


@pytest.mark.parametrize(
    ("people", "seconds", "same_box"),
    [
        pytest.param(8, 2.5, False, id="too early"),
        pytest.param(4, 90, False, id="too few people"),
        pytest.param(8, 5, True, id="boxes on one another may be one person, seen twice"),
    ],
)
def test_until_enough_was_seen_the_presets_number_holds(people: int, seconds: float, same_box: bool) -> None:
    gate = MeasuredGate(0.2)
    tracker = run(gate, people, seconds, same_box=same_box)
    assert tracker.config.max_cosine_distance == 0.2
    assert gate.facts()["source"] == "preset: too few people to measure one"
    assert gate.facts()["gate"] == 0.2


def test_detections_that_were_not_embedded_count_for_nobody() -> None:
    gate, street = MeasuredGate(0.2), Street(8)
    for number in range(60):
        rows, tracks = street.frame()
        gate.learn(number / 10, boxes(8), np.zeros_like(rows), tracks)
    assert gate.facts()["pairs"] == 0
