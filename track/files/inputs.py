"""Files that a command reads must not be those that its results replace."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from registry.user_folders import expanded

__all__ = ["files_in", "refuse_to_replace"]


def files_in(configuration: Any) -> Iterator[Path]:
    """Every file on the disk that a configuration names, at whatever depth of dataclasses, mappings and sequences.

    A text counts where a file of that name exists: options such as `--detector` take a name or a file.
    """
    if dataclasses.is_dataclass(configuration) and not isinstance(configuration, type):
        configuration = {field.name: getattr(configuration, field.name) for field in dataclasses.fields(configuration)}
    if isinstance(configuration, Mapping):
        configuration = tuple(configuration.values())
    if isinstance(configuration, (list, tuple, set, frozenset)):
        for value in configuration:
            yield from files_in(value)
    elif isinstance(configuration, (str, Path)) and str(configuration):
        path = expanded(configuration)
        if _is_file(path):
            yield path


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError, RuntimeError):  # a name that is none, such as one that is too long
        return False


def refuse_to_replace(reads: Iterable[Path], writes: Iterable[Path]) -> None:
    """Compare what is read with what would be replaced, by what lies on the disk: a link, a hard link and another case
    of letters are the same file.

    Raises:
        ValueError: one of them is both.
    """
    targets = {stamp: path for path in writes if (stamp := _identity(path)) is not None}
    for path in reads:
        target = targets.get(_identity(path) or (-1, -1))
        if target is not None:
            same = "" if os.path.abspath(path) == os.path.abspath(target) else f", which is {target},"  # noqa: PTH100
            raise ValueError(f"{path}{same} would be replaced by the results of its own run: choose another --out")


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from every other one; `None` where there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino
