"""Presets that ship with the package: `configs/<name>.yaml` for tracking, `configs/reid/<name>.yaml` for training."""

from __future__ import annotations

from pathlib import Path

__all__ = ["preset_names", "preset_path", "recipe_names", "recipe_path"]

_FOLDER = Path(__file__).parent
_RECIPES = _FOLDER / "reid"


def preset_names() -> tuple[str, ...]:
    """Names of the tracking presets, in alphabetical order."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


def preset_path(name: str) -> Path:
    """The file of the preset `name`, one of `preset_names()`."""
    return _FOLDER / f"{name}.yaml"


def recipe_names() -> tuple[str, ...]:
    """Names of the training recipes, in alphabetical order."""
    return tuple(sorted(path.stem for path in _RECIPES.glob("*.yaml")))


def recipe_path(name: str) -> Path:
    """The file of the recipe `name`, one of `recipe_names()`."""
    return _RECIPES / f"{name}.yaml"
