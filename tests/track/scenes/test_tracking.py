"""A scene that is tracked in memory gives the rows that `track run` writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluation.reading import read_rows
from tests.track.runs import Walker, run_config, write_sequence
from track.run.run import run
from track.scenes.cache import EntryCache
from track.scenes.cached import scene_of
from track.scenes.tracking import track_scene, without_classes
from track.terminal.progress import Silent
from tracker.presets import load_preset

WALKERS = (Walker(2, 4, speed=1.5), Walker(80, 36, speed=-1.0, score=0.6), Walker(40, 10, first=6, last=26))

WAYS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "online": {"online": True},
    "smoothed": {"smooth": True},
    "linked": {"offline": True},
    "each second frame": {"every": 2},
    "strong": {"tracker": load_preset("strong")},
    "realtime": {"tracker": load_preset("realtime")},
    "the reference": {"tracker": load_preset("reference")},
}


@pytest.mark.parametrize("more", WAYS.values(), ids=WAYS.keys())
def test_rows_are_those_of_track_run(tmp_path: Path, more: dict[str, Any]) -> None:
    folder = write_sequence(tmp_path / "walk", WALKERS, 30)
    config = run_config(folder, "public", tmp_path / "out", **more)
    run(config, Silent())
    expected = read_rows(tmp_path / "out" / "tracks.txt")
    _, scene = scene_of(config, EntryCache(tmp_path / "cache"), Silent(), "walk")
    rows = without_classes(track_scene(scene, config, 10))
    assert len(expected) > 20
    order = np.lexsort((rows.ids, rows.frames))
    assert rows.frames[order].tolist() == expected.frames.tolist()
    assert rows.ids[order].tolist() == expected.ids.tolist()
    assert rows.tlwh[order] == pytest.approx(expected.tlwh, abs=1e-9)


def test_a_scene_is_detected_once(tmp_path: Path) -> None:
    folder, cache = write_sequence(tmp_path / "walk", WALKERS, 10), EntryCache(tmp_path / "cache")
    config = run_config(folder, "public", tmp_path / "out")
    key, scene = scene_of(config, cache, Silent(), "walk")
    assert cache.find(key) is not None
    again_key, again = scene_of(config, cache, Silent(), "walk")
    assert again_key == key
    assert np.array_equal(again.xyxy, scene.xyxy)
    assert again.class_names == scene.class_names
