"""Which frames of its source a run has looked at: noted on the way, kept in `summary.json`, read back."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from registry.json_texts import parse_json

__all__ = ["RunFrames", "frames_of", "read_run_frames"]

Stretches = npt.NDArray[np.int64]


@dataclass(frozen=True)
class RunFrames:
    """The frames of a run, numbered from 0.

    Attributes:
        first, last: `None` before any.
        missing: `(L, 2)` first and last number of each stretch between them that had no picture: damaged, lost, or left
            out of the numbering.
    """

    first: int | None = None
    last: int | None = None
    missing: Stretches = field(default_factory=lambda: np.empty((0, 2), np.int64))

    def to_json(self) -> dict[str, Any]:
        """For `summary.json`: numbered from 1, as in `tracks.txt`."""
        if self.first is None or self.last is None:
            return {"first": None, "last": None, "missing": []}
        return {"first": self.first + 1, "last": self.last + 1, "missing": (self.missing + 1).tolist()}


def read_run_frames(run_dir: Path) -> RunFrames:
    """What the `summary.json` of a run tells of its frames; nothing where it is not there, older or damaged."""
    try:
        content = parse_json((run_dir / "summary.json").read_text(encoding="utf-8"))["source"]["frames"]
        first, last = int(content["first"]) - 1, int(content["last"]) - 1
        missing = np.array(content["missing"], np.int64).reshape(-1, 2) - 1
    except (OSError, ValueError, OverflowError, KeyError, TypeError):
        return RunFrames()
    borders = missing.ravel()
    in_order = bool((np.diff(borders) >= 0).all())
    inside = not len(borders) or (first < borders[0] and borders[-1] < last)
    return RunFrames(first, last, missing) if in_order and inside and 0 <= first <= last else RunFrames()


def frames_of(tracks: Path) -> tuple[int, int] | None:
    """First and last frame, counted from 1, that the run of a `tracks.txt` looked at, with or without a box in them.

    `None` where no summary lies beside the file, or none that says so.
    """
    known = read_run_frames(tracks.parent) if tracks.name == "tracks.txt" else RunFrames()
    return None if known.first is None or known.last is None else (known.first + 1, known.last + 1)
