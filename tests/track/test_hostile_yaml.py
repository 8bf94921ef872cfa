"""Presets and recipes of others: what would take the memory or the time of the machine is one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.track.runs import Track, assert_one_line, write_sequence

LAUGHS = "a: &a [lol,lol]\n" + "".join(f"{n}: &{n} [*a,*a]\n" for n in "bcdefghijklmnopqrstuvwxyz")


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        pytest.param(LAUGHS, "more than 20 aliases", id="billion laughs"),
        pytest.param("[" * 5000, "nested more than 20 levels", id="nested lists"),
        pytest.param("a: &a {x: 1}\nb: {" + "<<: *a, " * 50_000 + "}", "more than 256 kB", id="merge keys"),
        pytest.param(f"description: {'x' * 300_000}", "more than 256 kB", id="a huge file"),
        pytest.param("\x00", "is not valid YAML", id="no text"),
        pytest.param("k: 1\n" * 4000, "k stands there twice", id="the same key again and again"),
    ],
)
@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("run", "s", "--reid", "none", "--no-video", "--tracker"), id="a preset"),
        pytest.param(("train-reid", "--data", "nothing", "--recipe"), id="a recipe"),
    ],
)
def test_yaml_of_others(track: Track, tmp_path: Path, arguments: tuple[str, ...], text: str, fragment: str) -> None:
    write_sequence(tmp_path / "s", num_frames=2)
    (tmp_path / "own.yaml").write_text(text)
    assert_one_line(track(*arguments, "own.yaml"), fragment)
