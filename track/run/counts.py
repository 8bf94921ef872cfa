"""What went by so far in a run: the one thing in it that changes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from track.rows.run_frames import RunFrames
from track.rows.types import FrameTracks
from track.run.clock import StageClock

__all__ = ["Counts"]


@dataclass
class Counts:
    """Counters of one run.

    Attributes:
        clock: seconds by stage.
        frames: tracked.
        rows: boxes written.
        ids: confirmed tracks: ids are dense, so the largest one; after linking, those that are left.
        detections: usable boxes that the tracker was given.
        rejected: boxes that could not be tracked, by reason.
        embedded: crops that went through the encoder.
        linking: what linking did, for the summary.
        last_s: time (s) of the last frame.
        error: what ended the run before the end of the source, if anything did.
    """

    clock: StageClock = field(default_factory=StageClock)
    frames: int = 0
    rows: int = 0
    ids: int = 0
    detections: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    embedded: int = 0
    linking: dict[str, Any] = field(default_factory=dict)
    last_s: float = 0.0
    error: Exception | None = None
    _first: int | None = None
    _last: int | None = None
    _missing: list[tuple[int, int]] = field(default_factory=list)

    def add(self, tracks: FrameTracks) -> None:
        """Take note of the final rows of one frame; frames come in order."""
        self.frames += 1
        self.rows += len(tracks)
        self.ids = max(self.ids, int(tracks.ids.max(initial=0)))
        if self._last is None:
            self._first = tracks.frame_index
        elif tracks.frame_index > self._last + 1:
            self._missing.append((self._last + 1, tracks.frame_index - 1))
        self._last = tracks.frame_index
        self.last_s = max(self.last_s, tracks.time_s)

    @property
    def run_frames(self) -> RunFrames:
        """Which frames went by, and which between them were not there."""
        return RunFrames(self._first, self._last, np.array(self._missing, np.int64).reshape(-1, 2))
