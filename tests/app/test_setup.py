"""What the names on the command line come to mean, and what a run without tracks advises."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.runs import Track, Walker, read_summary, write_sequence


def test_auto_takes_the_public_detections_of_a_sequence_without_images(track: Track, tmp_path: Path) -> None:
    assert track("run", write_sequence(tmp_path / "seq"), "--reid", "none", "--out", "out").code == 0
    assert read_summary(Path("out"))["configuration"]["detector"] == {"asked": "auto", "used": "public"}


@pytest.mark.parametrize(
    ("walkers", "advice"),
    [
        pytest.param((), "the detector found no object; try a lower --conf", id="no detection"),
        pytest.param((Walker(2, 4, last=2),), "no object was seen in three frames in a row", id="too few"),
        pytest.param((Walker(2, 4, score=0.2),), "surely enough; try", id="too weak for the preset"),
    ],
)
def test_a_run_without_tracks_says_what_to_try(
    track: Track, tmp_path: Path, walkers: tuple[Walker, ...], advice: str
) -> None:
    done = track(
        "run", write_sequence(tmp_path / "seq", walkers), "--reid", "none", "--tracker", "strong", "--out", "o"
    )
    assert done.code == 0
    assert "nothing was tracked: " in done.out
    assert advice in done.out


def test_a_run_with_tracks_gives_no_advice(track: Track, tmp_path: Path) -> None:
    assert "nothing was tracked" not in track("run", write_sequence(tmp_path / "seq"), "--reid", "none").out
