"""A summary that somebody has changed tells nothing, and stops nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from track.formats.run_folder import read_track_set
from track.places.finished import source_of_run

ROWS = "frame,time_s,id,class,x1,y1,x2,y2,score,state\n1,0.0,1,person,1,1,5,5,0.9,detected\n"


@pytest.mark.parametrize(
    "source",
    [
        {"width": "abc", "height": "x", "fps": "y"},
        {"width": [1], "height": {}, "fps": [2]},
        {"width": 10**400, "height": 10, "fps": 10**400},
        {"width": -10, "height": 10, "fps": -3},
        {"width": 1e-300, "height": 10, "fps": 1e-300},
    ],
)
def test_sizes_and_rates_that_cannot_be_are_not_taken(tmp_path: Path, source: dict[str, Any]) -> None:
    (tmp_path / "tracks.csv").write_text(ROWS)
    (tmp_path / "summary.json").write_text(json.dumps({"source": source, "configuration": [1]}))
    tracks = read_track_set(tmp_path)
    assert (tracks.size, tracks.fps) == (None, 25.0)
    assert source_of_run(tmp_path) is None
