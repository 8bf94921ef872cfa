"""Which files decide what a user's own code does, found without running any."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterable
from pathlib import Path

__all__ = ["files_of_module", "files_with_imports"]


def files_with_imports(file: Path) -> list[Path]:
    """A Python file, and those in its folder that it imports, one by way of another; none where it is not there."""
    folder = file.parent
    found: dict[Path, None] = {}
    waiting = [file]
    while waiting:
        path = waiting.pop()
        if path in found or not path.is_file():
            continue
        found[path] = None
        for name in sorted(_imported(path)):
            waiting += [folder / f"{name}.py", *sorted((folder / name).rglob("*.py"))]
    return list(found)


def files_of_module(name: str) -> list[Path]:
    """The file of a module, or all of its outermost package; none where there is none, or none in Python."""
    try:
        spec = importlib.util.find_spec(name.partition(".")[0])
    except (ImportError, ValueError):
        return []
    if spec is None:
        return []
    if spec.submodule_search_locations:
        return sorted(file for folder in spec.submodule_search_locations for file in Path(folder).rglob("*.py"))
    return [Path(spec.origin)] if spec.origin and spec.origin.endswith(".py") else []


def _imported(path: Path) -> Iterable[str]:
    """First words of what a file imports anywhere in it."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError):
        return ()
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names
