"""Names of sources and presets go into a picture as they are: no formula, and whatever bytes they have."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from registry.shipped import preset_path
from tests.track.runs import Track, write_sequence


@pytest.mark.parametrize("name", ["no formula $x_{$", "not UTF-8 \udcff", "a line\nend"])
def test_a_comparison_is_drawn_whatever_its_source_and_presets_are_called(
    track: Track, tmp_path: Path, name: str
) -> None:
    os.rename(write_sequence(tmp_path / "s", num_frames=5), tmp_path / name)  # noqa: PTH104 (no UTF-8)
    (tmp_path / f"{name}.yaml").write_bytes(preset_path("deepsort").read_bytes())
    result = track("compare", name, "--reid", "none", "--tracker", f"{name}.yaml,strong", "--out", "o")
    assert result.code == 0, result.err
    assert (tmp_path / "o" / "plot.png").exists() or list((tmp_path / "o").glob("*.png"))
