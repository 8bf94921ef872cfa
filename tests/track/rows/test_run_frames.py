"""Which frames a run looked at: counted on the way, written into `summary.json`, read back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.track.runs import FAST, Track, Walker, read_txt, write_sequence
from track.rows.run_frames import RunFrames, frames_of, read_run_frames
from track.rows.types import FrameTracks
from track.run.counts import Counts


def _run_frames(frames: Sequence[int]) -> RunFrames:
    counts = Counts()
    for frame in frames:
        counts.add(FrameTracks.empty(frame, frame / 10))
    return counts.run_frames


def _written(folder: Path, frames: Any) -> Path:
    (folder / "summary.json").write_text(json.dumps({"source": {"frames": frames}}))
    return folder


@given(st.lists(st.integers(0, 60), unique=True).map(sorted))
def test_what_is_missing_is_what_did_not_go_by(frames: list[int]) -> None:
    found = _run_frames(frames)
    missing = [frame for first, last in found.missing.tolist() for frame in range(first, last + 1)]
    assert sorted(missing + frames) == (list(range(frames[0], frames[-1] + 1)) if frames else [])
    assert (found.first, found.last) == ((frames[0], frames[-1]) if frames else (None, None))


def test_it_is_written_from_1_on_and_read_back(tmp_path: Path) -> None:
    found = _run_frames([5, 6, 9, 10, 12])
    assert found.to_json() == {"first": 6, "last": 13, "missing": [[8, 9], [12, 12]]}
    again = read_run_frames(_written(tmp_path, found.to_json()))
    assert (again.first, again.last, again.missing.tolist()) == (5, 12, [[7, 8], [11, 11]])


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param(RunFrames().to_json(), id="no frame went by"),
        pytest.param(None, id="of an older version"),
        pytest.param({"first": 1, "last": "x", "missing": []}, id="a word"),
        pytest.param({"first": 9, "last": 1, "missing": []}, id="ends before it begins"),
        pytest.param({"first": 1, "last": 9, "missing": [[3]]}, id="half a stretch"),
        pytest.param({"first": 1, "last": 9, "missing": [[5, 3]]}, id="a stretch backwards"),
        pytest.param({"first": 1, "last": 9, "missing": [[6, 7], [3, 4]]}, id="out of order"),
        pytest.param({"first": 1, "last": 9, "missing": [[8, 12]]}, id="beyond the end"),
        pytest.param({"first": 1, "last": 1e400, "missing": []}, id="no end"),
    ],
)
def test_what_says_nothing_sensible_says_nothing(tmp_path: Path, frames: Any) -> None:
    found = read_run_frames(_written(tmp_path, frames))
    assert (found.first, found.last, len(found.missing)) == (None, None, 0)
    assert frames_of(tmp_path / "tracks.txt") is None


@pytest.mark.parametrize("start", ["0.5", "0.52", "0.55", "0.58", "0.6"])
def test_frames_of_a_run_begin_with_the_first_that_it_tracked(track: Track, tmp_path: Path, start: str) -> None:
    """There is somebody in each frame."""
    sequence = write_sequence(tmp_path / "s", [Walker(2, 4)])
    track("run", sequence, *FAST, "--detector", "public", "--start", start, "--out", "o")
    frames = read_txt(Path("o"))[:, 0]
    assert frames_of(Path("o/tracks.txt")) == (frames[0], frames[-1])
    assert frames_of(Path("o/other.txt")) is None, "of which run that is, nobody knows"
