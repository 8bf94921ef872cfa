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

__all__ = ["Entry", "Registry", "close_names", "unknown_name"]

CLOSE = 0.6
"""Ratio of `difflib` from which a name may have been meant."""
AS_CLOSE, MOST_GUESSES = 0.05, 3
"""Guesses nearly as close as the closest are told with it; others would only distract."""
MOST_LISTED = 12
"""Names that a sentence can hold."""


def close_names(name: str, known: Iterable[str]) -> list[str]:
    """Those of the known names that may have been meant, the closest first: up to three, in any case; often none."""
    choices = {choice.lower(): choice for choice in sorted(known)}
    found = difflib.get_close_matches(name.lower(), choices, n=MOST_GUESSES, cutoff=CLOSE)
    ratios = [difflib.SequenceMatcher(None, choice, name.lower()).ratio() for choice in found]
    return [choices[choice] for choice, ratio in zip(found, ratios, strict=True) if ratio > ratios[0] - AS_CLOSE]


def unknown_name(
    kind: str, name: str, known: Iterable[str], *, hint: str = "", where: str = "", prefix: str = ""
) -> ValueError:
    """The error for a name that is not known.

    It tells the names that are close, or all of them where none is close and they are few.

    Args:
        kind: of thing, such as `encoder`.
        name: as typed.
        known: all names.
        hint: ends the message.
        where: a sentence on where all names are listed; without it they are listed here, however many.
        prefix: written before names, such as `tracker.`; it makes none of them closer.
    """
    choices = sorted(known)
    close = [repr(f"{prefix}{choice}") for choice in close_names(name, choices)]
    parts = [f"unknown {kind} {f'{prefix}{name}'!r}."]
    if close:
        parts.append(f"Did you mean {' or '.join((', '.join(close[:-1]), close[-1]) if close[1:] else close)}?")
    elif not where or len(choices) <= MOST_LISTED:
        parts.append(f"Known: {', '.join(f'{prefix}{choice}' for choice in choices)}.")
        where = ""
    return ValueError(" ".join(filter(None, [*parts, where, hint])))


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
    """Public name -> factory, for one kind of thing (`"detector"`, `"backbone"`, ...).

    Args:
        kind: of thing.
        where: a sentence on where the names are listed, where they are many.
    """

    def __init__(self, kind: str, *, where: str = "") -> None:
        self.kind = kind
        self.where = where
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
        """The factory behind `name`; an unknown name raises `ValueError`, see `unknown_name`."""
        if name not in self._entries:
            raise unknown_name(self.kind, name, self._entries, hint=hint, where=self.where)
        return self._entries[name].load()
