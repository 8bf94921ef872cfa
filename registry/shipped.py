"""Presets that ship with the packages: `configs/<name>.yaml` for tracking, `configs/reid/<name>.yaml` for training.

They are data: no package, which a user's own folder `configs` could hide. In the source tree they lie beside the
packages; the wheel puts them into this one, since `site-packages` is shared with others (see pyproject.toml).
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["preset_names", "preset_path", "recipe_names", "recipe_path"]


def preset_names() -> tuple[str, ...]:
    """Names of the tracking presets, in alphabetical order."""
    return tuple(sorted(path.stem for path in _folder().glob("*.yaml")))


def preset_path(name: str) -> Path:
    """The file of the preset `name`, one of `preset_names()`."""
    return _folder() / f"{name}.yaml"


def recipe_names() -> tuple[str, ...]:
    """Names of the training recipes, in alphabetical order."""
    return tuple(sorted(path.stem for path in _recipes().glob("*.yaml")))


def recipe_path(name: str) -> Path:
    """The file of the recipe `name`, one of `recipe_names()`."""
    return _recipes() / f"{name}.yaml"


def _folder() -> Path:
    """Where the YAML lies: in this package where it was installed, beside it in the source tree."""
    package = Path(__file__).parent
    installed = package / "configs"
    return installed if installed.is_dir() else package.parent / "configs"


def _recipes() -> Path:
    return _folder() / "reid"
