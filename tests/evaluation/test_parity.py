"""Every digit that TrackEval prints for MOTChallenge files, per sequence and combined, is ours too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evaluation import EvalOptions, GroundTruth, Pair, evaluate
from tests.evaluation.trackeval_command import COMBINED, Files, printed_by_trackeval, printed_by_us

ROOT = Path(__file__).resolve().parents[2]
LENGTHS = {"ADL-Rundle-6": 525, "ETH-Bahnhof": 1000, "KITTI-17": 145, "TUD-Campus": 71, "TUD-Stadtmitte": 179}


def _tracks_from(truth: Path, target: Path, seed: int) -> Path:
    """A prediction with every fault there is: jitter, gaps, switches, false boxes, fragments, frames without a box."""
    random = np.random.default_rng(seed)
    rows = np.loadtxt(truth, delimiter=",", usecols=range(6), ndmin=2)
    rows[:, 2:6] += random.normal(0, 0.08, (len(rows), 4)) * rows[:, 4:5]
    rows = rows[random.random(len(rows)) > 0.15]
    rows = rows[(rows[:, 0] % 23 > 0)]
    rows[:, 1] += 1000 * (rows[:, 0] // (20 + 7 * (rows[:, 1] % 5)))
    false = rows[random.random(len(rows)) > 0.9].copy()
    false[:, 1] += 10_000_00
    false[:, 2] += 2 * false[:, 4]
    rows = np.concatenate([rows, false])
    target.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{row[0]:.0f},{row[1]:.0f},{','.join(f'{v:.3f}' for v in row[2:6])},1,-1,-1,-1" for row in rows]
    target.write_text("\n".join(lines) + "\n")
    return target


def _assert_equal(tmp_path: Path, sequences: dict[str, Files], rules: str) -> None:
    theirs = printed_by_trackeval(tmp_path / "trackeval", sequences, rules.upper())
    pairs = [Pair(GroundTruth(name, files.truth, files.length), files.prediction) for name, files in sequences.items()]
    report = evaluate(pairs, EvalOptions(rules=rules))
    ours = {result.sequence: printed_by_us(result.scores) for result in report.results}
    ours[COMBINED] = printed_by_us(report.combined)
    assert ours == theirs


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(("KITTI-17", "TUD-Campus", "TUD-Stadtmitte"), id="short"),
        pytest.param(tuple(LENGTHS), id="all", marks=pytest.mark.slow),
    ],
)
def test_mot15_sequences(shared: Path, tmp_path: Path, names: tuple[str, ...]) -> None:
    folder = shared / "data" / "mot15"
    sequences = {}
    for number, name in enumerate(names):
        length = LENGTHS[name]
        truth = folder / name / "gt" / "gt.txt"
        sequences[name] = Files(truth, _tracks_from(truth, tmp_path / "made" / f"{name}.txt", number), length)
    _assert_equal(tmp_path, sequences, "mot15")


def test_plaza(tmp_path: Path) -> None:
    truth = ROOT / "videos" / "plaza" / "gt" / "gt.txt"
    files = Files(truth, _tracks_from(truth, tmp_path / "plaza.txt", 0), 300)
    _assert_equal(tmp_path, {"plaza": files}, "mot15")
    _assert_equal(tmp_path, {"plaza": files}, "mot17")


def _write_crowd(folder: Path, seed: int) -> Files:
    """Annotations with all thirteen classes and both flags, close together, and a prediction for all of them."""
    random = np.random.default_rng(seed)
    lines, places = [], random.uniform(0, 300, (26, 2))
    for frame in range(1, 31):
        places += random.normal(0, 3, places.shape)
        for number, (x, y) in enumerate(places):
            class_id = number % 13 + 1 if number < 16 else 1
            flag = int(class_id == 1 and random.random() > 0.1)
            lines.append(f"{frame},{number + 1},{x:.2f},{y:.2f},{40 + number},{90 + number},{flag},{class_id},0.5")
    truth = folder / f"crowd-{seed}.txt"
    truth.parent.mkdir(parents=True, exist_ok=True)
    truth.write_text("\n".join(lines) + "\n")
    return Files(truth, _tracks_from(truth, folder / f"tracks-{seed}.txt", seed), 30)


@pytest.mark.parametrize("rules", ["mot15", "mot16", "mot17", "mot20"])
def test_distractors_and_flags(tmp_path: Path, rules: str) -> None:
    _assert_equal(tmp_path, {f"crowd-{seed}": _write_crowd(tmp_path / "made", seed) for seed in range(2)}, rules)


@pytest.mark.parametrize("empty", [("a",), ("a", "b")], ids=["one of two", "both"])
def test_empty_predictions(tmp_path: Path, empty: tuple[str, ...]) -> None:
    """A tracker that found nothing; TrackEval gives such a sequence a MOTA of 0, and so do we."""
    sequences = {}
    for seed, name in enumerate("ab"):
        files = _write_crowd(tmp_path / "made", seed)
        if name in empty:
            files.prediction.write_text("")
        sequences[name] = files
    _assert_equal(tmp_path, sequences, "mot17")


def test_rules_matter(tmp_path: Path) -> None:
    """The comparison above could not tell a rule set from another if all gave the same figures."""
    files = _write_crowd(tmp_path, 0)
    pair = Pair(GroundTruth("crowd", files.truth, 30), files.prediction)
    figures = [evaluate([pair], EvalOptions(rules=rules)).combined["HOTA"] for rules in ("mot15", "mot17", "mot20")]
    assert len(set(figures)) == 3
    assert figures[1] == evaluate([pair], EvalOptions(rules="mot16")).combined["HOTA"]
