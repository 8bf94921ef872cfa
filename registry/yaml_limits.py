"""YAML of others, refused before it is built where it would take the memory or the time of the machine.

A few hundred bytes of aliases stand for billions of values, and deep nesting ends Python's stack. Both show while the
file is read event by event, which builds nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["MOST_ALIASES", "MOST_BYTES", "MOST_VALUES", "YamlLimitError", "check_yaml", "read_limited"]

MOST_BYTES = 1 << 18
"""Of a file; the presets have 2 kB, the metadata of a detector with 1200 classes 40 kB."""
MOST_VALUES = 10_000
"""Keys and values of a file, aliases counted as what they stand for."""
MOST_ALIASES = 20
DEEPEST = 20
"""Levels of nesting; the presets have two."""


class YamlLimitError(ValueError):
    """A YAML file that breaks a limit."""


def read_limited(path: Path) -> str:
    """The text of a YAML file, for `check_yaml`.

    Raises:
        YamlLimitError: it is too large. `UnicodeDecodeError` where it is no text.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise YamlLimitError(
            f"{path.name} has more than {MOST_BYTES // 1024} kB, expected a file of settings; shorten it"
        )
    return content.decode("utf-8")


def check_yaml(name: str, text: str) -> None:
    """Raise `YamlLimitError` where the YAML text of file `name` breaks a limit, `yaml.YAMLError` as `yaml.parse`."""
    import yaml

    counter = _Counter(name)
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        counter.take(event)


@dataclass
class _Counter:
    """Counts values as if aliases were written out.

    Attributes:
        name: of the file, for errors.
        values: so far.
        aliases: so far.
        open_at: for each collection that is not closed yet, its anchor and the count before it.
        sizes: values under each anchor whose value is complete.
    """

    name: str
    values: int = 0
    aliases: int = 0
    open_at: list[tuple[str | None, int]] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)

    def take(self, event: Any) -> None:
        """One event of `yaml.parse`."""
        kind, line = type(event).__name__, event.start_mark.line + 1
        if kind == "AliasEvent":
            self._take_alias(event.anchor, line)
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            self.open_at.append((event.anchor, self.values))
            self.values += 1
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            anchor, before = self.open_at.pop()
            self._keep(anchor, self.values - before)
        elif kind == "ScalarEvent":
            self.values += 1
            self._keep(event.anchor, 1)
        if len(self.open_at) > DEEPEST:
            raise YamlLimitError(f"{self.name} line {line} is nested more than {DEEPEST} levels deep; flatten it")
        if self.values > MOST_VALUES:
            raise YamlLimitError(f"{self.name} line {line}: more than {MOST_VALUES} keys and values; shorten it")

    def _take_alias(self, anchor: str, line: int) -> None:
        self.aliases += 1
        if any(anchor == begun for begun, _ in self.open_at):
            raise YamlLimitError(f"{self.name} line {line}: *{anchor} stands inside of itself; write the value out")
        if self.aliases > MOST_ALIASES:
            raise YamlLimitError(
                f"{self.name} line {line}: more than {MOST_ALIASES} aliases (*{anchor}); write them out"
            )
        self.values += self.sizes.get(anchor, 1)  # an unknown one is told when the file is built

    def _keep(self, anchor: str | None, size: int) -> None:
        if anchor is not None:
            self.sizes[anchor] = size
