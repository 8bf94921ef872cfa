"""The YAML that ships: data, found by path."""

from __future__ import annotations

from pathlib import Path

from registry.settings import read_settings
from registry.shipped import preset_names, preset_path, recipe_names, recipe_path

ROOT = Path(__file__).parents[2]


def test_every_name_has_its_file() -> None:
    presets, recipes = map(preset_path, preset_names()), map(recipe_path, recipe_names())
    assert {"deepsort", "strong", "realtime"} <= set(preset_names())
    assert {"default", "smoke"} <= set(recipe_names())
    assert all(read_settings(path, "keys")["description"] for path in (*presets, *recipes))


def test_configs_holds_data_alone() -> None:
    kinds = {
        path.suffix for path in (ROOT / "configs").rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }
    assert kinds == {".yaml"}
