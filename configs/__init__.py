"""Presets that ship with the package: `configs/<name>.yaml`."""

from __future__ import annotations

from pathlib import Path

__all__ = ["preset_names", "preset_path"]

_FOLDER = Path(__file__).parent


def preset_names() -> tuple[str, ...]:
    """Names of the tracking presets, in alphabetical order."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


def preset_path(name: str) -> Path:
    """The file of the preset `name`, one of `preset_names()`."""
    return _FOLDER / f"{name}.yaml"
