"""`--repeats`: what comes of other draws of the detections, and which differences are noise."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from tests.track.commands.compare.clips import compare, rows_of, table_of
from tests.track.runs import Track, assert_one_line
from track.commands.compare.repeats import differences_in_words, disturbed, spread_of
from track.commands.compare.result import Row
from track.scenes.scene import Embedded, Scene


def _scene(num_frames: int = 400, boxes: int = 5) -> Scene:
    number = num_frames * boxes
    corners = np.random.default_rng(0).uniform(0, 500, (number, 2))
    return Scene(
        frame_indices=np.arange(num_frames),
        times_s=np.arange(num_frames) / 25,
        counts=np.full(num_frames, boxes),
        motions=np.empty((0, 2, 3)),
        xyxy=np.concatenate([corners, corners + (40.0, 100.0)], axis=1),
        scores=np.arange(number, dtype=np.float32),
        class_ids=np.zeros(number, np.int64),
        features=np.empty((number, 0), np.float32),
        facts={},
    )


def test_a_draw_moves_boxes_a_little_and_leaves_a_few_out() -> None:
    scene = _scene()
    draw, vectors = disturbed(scene, Embedded(scene.scores[:, None], {}), 3)
    assert vectors is not None
    kept = draw.scores.astype(int)  # each box is known by its score, and by its embedding
    np.testing.assert_array_equal(vectors.rows[:, 0], draw.scores)
    assert 1 - len(kept) / scene.num_boxes == pytest.approx(0.02, abs=0.01)
    assert draw.counts.sum() == len(kept)
    np.testing.assert_array_equal(draw.counts, np.bincount(kept // 5, minlength=400))
    moved = (draw.xyxy - scene.xyxy[kept]) / (40, 100, 40, 100)
    assert moved.std() == pytest.approx(0.015, rel=0.05)
    again, _ = disturbed(scene, None, 3)
    np.testing.assert_array_equal(again.xyxy, draw.xyxy)
    assert not np.array_equal(disturbed(scene, None, 4)[0].counts, draw.counts)


def test_a_draw_leaves_no_box_without_an_area(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("track.commands.compare.repeats.JITTER", 2.0)
    draw, _ = disturbed(_scene(), None, 1)
    assert (draw.xyxy[:, 2:] > draw.xyxy[:, :2]).all()


@dataclasses.dataclass(frozen=True)
class _Scores:
    percentages: dict[str, float]

    def __getitem__(self, name: str) -> float:
        return self.percentages[name]


@dataclasses.dataclass(frozen=True)
class _Report:
    combined: _Scores


def _row(encoder: str, *hota: float) -> Row:
    reports = tuple(_Report(_Scores({"HOTA": value, "IDF1": 50.0})) for value in hota)
    return cast(Row, _Named(encoder, "strong", cast(Any, reports)))


@dataclasses.dataclass(frozen=True)
class _Named:
    encoder: str
    tracker: str
    repeats: tuple[Any, ...]


def test_which_differences_are_noise() -> None:
    """`b` is ahead of `a` in each draw by about 2, though all of them go up and down by 10; `c` is ahead at times."""
    rows = [_row("a", 50, 60, 55, 45), _row("b", 52.1, 61.9, 57.0, 47.0), _row("c", 50, 63, 54, 49)]
    assert spread_of(rows[0].repeats, "HOTA").mean == 52.5
    assert spread_of(rows[0].repeats, "HOTA").deviation == pytest.approx(6.4550, abs=1e-4)
    lines = differences_in_words(rows)
    assert lines[0].startswith("HOTA: b with strong over a with strong: +2.00 (+1.87 to +2.13), more than noise")
    assert lines[1].startswith("HOTA: b with strong over c with strong: +0.50 (")
    assert lines[1].endswith("which is noise")
    assert lines[2] == "IDF1: a with strong over b with strong: +0.00 (+0.00 to +0.00), which is noise"
    assert differences_in_words(rows[:1]) == []


@pytest.mark.usefixtures("colours")
def test_the_table_has_mean_and_deviation(track: Track, clip: Path) -> None:
    plain = compare(track, "--gt", "gt.txt", "--tracker", "deepsort,strong", out="plain")
    result = compare(track, "--gt", "gt.txt", "--tracker", "deepsort,strong", "--repeats", "3")
    assert (plain.code, result.code) == (0, 0), plain.err + result.err
    assert "mean and deviation of 3 draws of the detections (edges shifted by 1.5% of the sides" in result.out
    assert sum(line.startswith("HOTA: ") for line in result.out.splitlines()) == 3
    for before, line in zip(table_of(plain)[1:], table_of(result)[1:], strict=True):
        assert line.split()[2] == before.split()[2], "the figure of the detections themselves stays"
        assert line.count("±") == 5
    rows = rows_of(Path("o/compare.csv").read_text())
    assert {"HOTA_mean", "HOTA_sd", "IDSW_mean"} <= set(rows[0])
    facts = json.loads(Path("o/compare.json").read_text())["rows"][0]
    assert float(rows[0]["HOTA_mean"]) == pytest.approx(np.mean([draw["HOTA"] for draw in facts["repeats"]]))
    assert len({draw["HOTA"] for draw in facts["repeats"]}) > 1
    assert Path("o/compare.png").read_bytes() != Path("plain/compare.png").read_bytes()


def test_bad_words_are_one_line(track: Track, clip: Path) -> None:
    assert_one_line(compare(track, "--repeats", "3"), "--repeats", "needs a ground truth: add --gt")
    assert_one_line(
        compare(track, "--repeats", "1", "--gt", "gt.txt"), "--repeats is 1, expected a number from 2 to 100"
    )
