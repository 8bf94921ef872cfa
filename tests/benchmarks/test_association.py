"""The association benchmark runs and writes what it measured; how fast anything is, is no matter of a test."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from benchmarks.association import OURS, Timing, exponent, main
from benchmarks.association_scene import crowd


def test_a_small_run_writes_a_line_a_tracker_and_size_and_a_picture(tmp_path, capsys):
    report, picture = tmp_path / "times.json", tmp_path / "growth.png"
    arguments = ["--sizes", "3,5", "--warm-up", "1", "--turns", "2", "--json", str(report), "--plot", str(picture)]
    main(arguments)
    timings = json.loads(report.read_text())["timings"]
    assert [(t["tracker"], t["size"]) for t in timings] == [(name, size) for size in (3, 5) for name in OURS]
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "strong, features" in capsys.readouterr().out


def test_exponent_of_times_that_grow_as_a_known_power():
    timings = [Timing("x", size, 0, 0, 0, 0.01 * size**1.5) for size in (10, 100, 400, 2000)]
    assert exponent(timings) == pytest.approx(1.5)


def test_the_same_seed_gives_the_same_crowd_and_people_look_like_themselves():
    once, again = list(crowd(20, 3, seed=1)), list(crowd(20, 3, seed=1))
    assert all(np.array_equal(a.xyxy, b.xyxy) for a, b in zip(once, again, strict=True))
    similarity = once[0].embeddings @ once[1].embeddings.T
    assert np.median(similarity.max(axis=1)) > 0.8 > 0.6 > np.median(similarity)
