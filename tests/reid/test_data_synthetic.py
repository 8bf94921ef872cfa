"""Drawn people as a data set: by their name, once, and anew when the renderer changes."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from reid.data import (
    load_reid_data,
    num_identities,
    synthetic_cache,
)


@pytest.mark.parametrize("source", ["synthetic:", "synthetic:3", "synthetic:500x2", "synthetic:many"])
def test_a_synthetic_name_that_means_nothing_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="expected synthetic:IDS with 10 identities or more"):
        load_reid_data([source])


def test_synthetic_people_are_drawn_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACK_CACHE", str(tmp_path))
    data = load_reid_data(["synthetic:10x4"])
    assert data.name == "synthetic:10x4"
    assert data.num_classes + num_identities(data.query) == 10
    folders = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert load_reid_data(["synthetic:10x4"]).train.paths == data.train.paths
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == folders


def test_a_changed_renderer_draws_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACK_CACHE", str(tmp_path))
    before = load_reid_data(["synthetic:10x4"]).train.paths[0]
    monkeypatch.setattr(synthetic_cache, "renderer_hash", lambda: "of-another-source")
    after = load_reid_data(["synthetic:10x4"]).train.paths[0]
    assert before.name == after.name
    assert "of-another-source" in str(after)
    assert before.parents[1] != after.parents[1]


def test_the_renderer_is_known_by_all_of_its_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one.py").write_text("a = 1")
    (tmp_path / "two.py").write_text("b = 2")
    spec = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(synthetic_cache, "find_spec", lambda name: spec)
    fresh = synthetic_cache.renderer_hash.__wrapped__
    first = fresh()
    assert fresh() == first
    (tmp_path / "two.py").write_text("b = 3")
    assert fresh() != first
