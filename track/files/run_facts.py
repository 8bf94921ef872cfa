"""What the `summary.json` of a finished run tells of its source; and where its video is now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from registry.json_texts import parse_json
from registry.numbers import is_finite

__all__ = ["RunFacts", "find_video", "read_facts"]

CARRIED = ("name", "width", "height", "fps", "num_frames", "path", "start_s", "end_s", "every", "style", "frames")
"""What runs that are made of a run take over under `source`."""
STREAMS = ("rtsp://", "rtsps://", "rtmp://", "http://", "https://", "udp://", "tcp://")
MOST_STEPS = 20
"""Runs made of runs made of runs."""


@dataclass(frozen=True)
class RunFacts:
    """The facts of a run; each is `None` where the summary is not there, older, or damaged.

    Attributes:
        summary: all of it, as it stands there.
    """

    summary: Mapping[str, Any] = field(default_factory=dict)

    def _of(self, group: str, name: str) -> Any:
        found = self.summary.get(group)
        return found.get(name) if isinstance(found, dict) else None

    def source(self) -> dict[str, Any]:
        """What to write under `source` of a run that is made of this one."""
        names = [(name, self._of("source", name)) for name in CARRIED]
        found = {name: value if value is not None else self._of("configuration", name) for name, value in names}
        if found["path"] is None and isinstance(path := self._of("configuration", "source"), str):
            found["path"] = path
        return {name: value for name, value in found.items() if value is not None}

    def number(self, name: str) -> float | None:
        """A finite number from 0 of the source."""
        value = self.source().get(name)
        return float(value) if is_finite(value) and value >= 0 else None

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height of the pictures, px."""
        width, height = self.number("width"), self.number("height")
        return (int(width), int(height)) if width and height else None

    @property
    def path(self) -> str | None:
        """The source, as it was typed."""
        path = self.source().get("path")
        return path if isinstance(path, str) and path else None

    @property
    def style(self) -> str | None:
        """How its video was drawn."""
        style = self.source().get("style")
        return style if isinstance(style, str) else None

    @property
    def made_of(self) -> Path | None:
        """The run that this one was made of, as it was typed."""
        run = self._of("source", "run")
        return Path(run) if isinstance(run, str) and run else None


def read_facts(run_dir: Path) -> RunFacts:
    """The facts of a run; where an older version did not write them, those of the run that it was made of."""
    facts = _read(run_dir)
    earlier, step = facts, 0
    while facts.path is None and earlier.made_of is not None and step < MOST_STEPS:
        earlier, step = _read(earlier.made_of), step + 1
        if earlier.path is not None:
            return RunFacts({**facts.summary, "source": {**earlier.source(), **_group(facts, "source")}})
    return facts


def _group(facts: RunFacts, name: str) -> dict[str, Any]:
    found = facts.summary.get(name)
    return found if isinstance(found, dict) else {}


def _read(run_dir: Path) -> RunFacts:
    try:
        content = parse_json((run_dir / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return RunFacts()
    return RunFacts(content) if isinstance(content, dict) else RunFacts()


def find_video(run_dir: Path, facts: RunFacts, given: str | None) -> str:
    """The source of a run, to be read again: the one that is given, else the one of the run, from where it was typed.

    A run lies below the folder that it was started in, so that is looked for upwards from the run.

    Raises:
        FileNotFoundError: it is not there any more, or nobody knows which it was.
        ValueError: it was a camera or a stream.
    """
    if given is not None:
        return given
    path = facts.path
    if path is None:
        raise FileNotFoundError(f"{run_dir} does not tell which video it is of: type it after --video")
    if path.isdigit() or path.lower().startswith(STREAMS):
        raise ValueError(f"run {run_dir} is of {path}, which cannot be read again: give a recording of it by --video")
    for folder in (Path(), *run_dir.resolve().parents):
        if (folder / path).exists():
            return str(folder / path)
    raise FileNotFoundError(
        f"{path}, the video of run {run_dir}, is not there any more: type where it is after --video"
    )
