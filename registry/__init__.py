"""Public names and what they stand for, looked up with a helpful error.

`detectors` and `reid` each keep their registries. Targets are import paths, resolved on first use, so that listing the
names (or answering `track --help`) imports neither torch nor OpenCV.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

__all__ = ["Entry", "Registry", "unknown_name"]


def unknown_name(kind: str, name: str, known: Iterable[str], *, hint: str = "") -> ValueError:
    """The error for a name that is not known: lists the closest match and all known names."""
    choices = sorted(known)
    close = difflib.get_close_matches(name.lower(), choices, n=1, cutoff=0.5)
    guess = f" Did you mean {close[0]!r}?" if close else ""
    more = f" {hint}" if hint else ""
    return ValueError(f"unknown {kind} {name!r}.{guess} Known: {', '.join(choices)}.{more}")


@dataclass(frozen=True)
class Entry:
    """One public name: where its factory lives (`"package.module:attribute"`) and what it is, in one line."""

    name: str
    target: str
    summary: str

    def load(self) -> Any:
        """Import and return the factory."""
        module, _, attribute = self.target.partition(":")
        return getattr(importlib.import_module(module), attribute)


class Registry:
    """Public name -> factory, for one kind of thing (`"detector"`, `"backbone"`, ...)."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, Entry] = {}

    def add(self, name: str, target: str, summary: str) -> None:
        """Register `name`; a name that is taken raises `ValueError`."""
        if name in self._entries:
            raise ValueError(f"{self.kind} {name!r} is already registered as {self._entries[name].target}")
        self._entries[name] = Entry(name, target, summary)

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def names(self) -> tuple[str, ...]:
        """Known names in the order in which they were registered."""
        return tuple(self._entries)

    def entries(self) -> tuple[Entry, ...]:
        """Known entries in the order in which they were registered."""
        return tuple(self._entries.values())

    def load(self, name: str, *, hint: str = "") -> Any:
        """The factory behind `name`; an unknown name raises `ValueError` with the closest and the known ones."""
        if name not in self._entries:
            raise unknown_name(self.kind, name, self._entries, hint=hint)
        return self._entries[name].load()
