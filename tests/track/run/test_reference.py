"""`--tracker reference` runs, and gives what `--tracker deepsort` gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.track.runs import Track


@pytest.mark.parametrize("every", [1, 3])
def test_the_tracks_of_a_sequence(shared: Path, tmp_path: Path, track: Track, every: int) -> None:
    written = []
    for tracker in ("deepsort", "reference"):
        out = tmp_path / tracker
        given = ("--detector", "public", "--reid", "none", "--every", every, "--tracker", tracker, "--out", out)
        assert track("run", shared / "data/mot15/TUD-Campus", "--no-video", *given).code == 0
        written.append((out / "tracks.txt").read_bytes())
    assert written[0] == written[1]
    assert written[0].count(b"\n") > 100
