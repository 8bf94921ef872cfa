"""The gate as a curve: by the number of strangers, by hand and against its definition."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from reid import create_backbone
from reid.backbone_encoder import create_backbone_encoder
from reid.calibration import calibrate
from reid.checkpoint import read_checkpoint, save_checkpoint, store_gate
from reid.gates import GateCurve, fit_curve, parse_curve
from reid.ranking import Labels

RNG = np.random.default_rng(0)
FAR = RNG.uniform(0.2, 1.2, 20_000)
CURVE = GateCurve((0.001, 0.01, 0.1), (0.1, 0.2, 0.3), 1000, 50)


@pytest.mark.parametrize("strangers", [1, 2, 5, 10, 50])
def test_so_many_strangers_together_keep_the_rate(strangers: int) -> None:
    """Drawn anew from the same distances: how often is one of them within the gate?"""
    gate = fit_curve(FAR, 100).against(strangers, rate=0.05)
    nearest = RNG.choice(FAR, (20_000, strangers)).min(axis=1)
    assert (nearest <= gate).mean() == pytest.approx(0.05, abs=0.008)


def test_one_number_would_let_two_thirds_of_new_people_match_in_a_gallery_of_a_hundred() -> None:
    curve = fit_curve(FAR, 100)
    nearest = RNG.choice(FAR, (5_000, 100)).min(axis=1)
    assert (nearest <= curve.against(1)).mean() == pytest.approx(0.63, abs=0.03)


@pytest.mark.parametrize(
    ("rate", "distance"),
    [
        (0.01, 0.2),
        (0.1, 0.3),
        pytest.param(np.sqrt(0.001), 0.25, id="half way between knots, by the logarithm"),
        pytest.param(1e-9, 0.1, id="rarer than the pairs can show: the first distance"),
        pytest.param(0.9, 0.3, id="beyond the last"),
    ],
)
def test_between_knots(rate: float, distance: float) -> None:
    assert CURVE.at(rate) == pytest.approx(distance)


@pytest.mark.parametrize("count", [1, 2, 7, 150, 5000])
def test_the_curve_lets_at_most_its_rates_match_and_grows(count: int) -> None:
    far = np.round(np.random.default_rng(count).uniform(0, 1, count), 2)  # many of the same
    curve = fit_curve(far, 9)
    for rate, distance in zip(curve.rates, curve.distances, strict=True):
        assert (far <= distance).mean() <= rate or distance == 0
    assert (np.diff(curve.distances) >= 0).all()
    assert parse_curve(json.loads(json.dumps(dataclasses.asdict(curve)))) == curve
    assert curve.against(10_000) <= far.min(), "nobody seen so far matches where the pairs are too few"


def test_against_one_it_is_the_gate_of_the_calibration() -> None:
    people = np.repeat(np.arange(30), 4)
    rows = RNG.normal(size=(30, 16))[people] + 0.4 * RNG.normal(size=(120, 16))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    unknown = np.full(120, -1)
    labels = Labels(people, people, unknown, unknown, np.arange(120))
    measured = calibrate(rows, rows, labels)
    assert measured.curve is not None
    assert measured.curve.against(1) == pytest.approx(measured.gate, abs=1e-6)
    assert (measured.curve.num_pairs, measured.curve.num_people) == (measured.num_different, 30)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rates": [0.1, 0.01, 0.2]}, "both ascending"),
        ({"rates": [0.1]}, "as many distances as rates"),
        ({"rates": [0.0, 0.1, 0.2]}, "above 0"),
        ({"distances": [0.3, 0.2, 0.4]}, "both ascending"),
        ({"distances": [0.1, 0.2, 2.4]}, "from 0 to 2"),
        ({"rates": [], "distances": []}, "as many"),
        ({"extra": 1}, "must have rates, distances, num_pairs and num_people"),
    ],
)
def test_a_damaged_curve_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_curve(dataclasses.asdict(CURVE) | change)


def test_no_pairs_give_no_curve() -> None:
    with pytest.raises(ValueError, match="distances of different people, but got 0"):
        fit_curve(np.empty(0), 0)


def test_a_checkpoint_holds_the_curve_and_its_encoder_tells_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    save_checkpoint(path, create_backbone("osnet-x0-25", input_size=(64, 32)))
    assert read_checkpoint(path).info.gate_curve is None
    store_gate(path, 0.2, {}, CURVE)
    assert read_checkpoint(path).info.gate_curve == CURVE
    given = {"weights": path, "device": "cpu", "seed": 0, "batch_size": 4}
    assert create_backbone_encoder("osnet-x0-25", runtime="torch", **given).gate_curve == CURVE
