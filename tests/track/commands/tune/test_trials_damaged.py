"""A study that somebody has changed is told of, and no gain is measured with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from track.commands.tune.trials import Study

HEAD: dict[str, Any] = {"data": "d", "preset": {}, "scoring": [], "seed": 0, "code": "c"}
PRESET: dict[str, Any] = {"search": None, "number": 0, "values": {}, "scores": {"-1": 50.0, "0": 50.0}}
OTHER: dict[str, Any] = {**PRESET, "number": 1, "values": {"max_age": 3.0}}


@pytest.mark.parametrize(
    "lines",
    [
        [OTHER, PRESET],
        [{**PRESET, "scores": {"0": 50.0}}],
        [PRESET, {**OTHER, "scores": {"-1": float("nan")}}],
        [PRESET, {**OTHER, "values": {"max_age": "three"}}],
    ],
    ids=["another order", "no score of the preset", "a score that is none", "a value that is none"],
)
def test_a_changed_study_is_told_of(tmp_path: Path, lines: list[dict[str, Any]]) -> None:
    path = tmp_path / "study.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in [{"head": HEAD, "num_shared": 2}, *lines]))
    with pytest.raises(ValueError, match="damaged"):
        Study(path, HEAD, 2)


def test_one_that_is_whole_is_read(tmp_path: Path) -> None:
    path = tmp_path / "study.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in [{"head": HEAD, "num_shared": 2}, PRESET, OTHER]))
    assert [trial.step.number for trial in Study(path, HEAD, 2).trials] == [0, 1]
