"""How far tracking is behind a live source."""

from __future__ import annotations

import logging

from track.sources.types import SourceReport

__all__ = ["Lateness"]

logger = logging.getLogger(__name__)

TOLD_S = 5.0
"""Behind by more, it is told: queues and the start of a run take less."""


class Lateness:
    """Warns once when tracking falls behind a live source, and notes at the end by how much it did.

    Args:
        name: of the source.
        meaning: what it means for the tracks, said in both.
        report: takes the note.
    """

    def __init__(self, name: str, meaning: str, report: SourceReport) -> None:
        self._name, self._meaning, self._report = name, meaning, report
        self._at_start_s: float | None = None
        self._worst_s = 0.0

    def measure(self, late_s: float) -> None:
        """Take note that tracking is `late_s` seconds behind."""
        if self._at_start_s is None:  # networks were loaded before the first picture was asked for
            self._at_start_s = max(late_s, 0.0)
        if late_s > max(self._worst_s, self._at_start_s + TOLD_S):
            if not self._worst_s:
                logger.warning("tracking is %.0f s behind %s: %s", late_s, self._name, self._advice)
            self._worst_s = late_s

    @property
    def _advice(self) -> str:
        return f"{self._meaning}; look at fewer frames with --every 2, or take a faster detector or encoder"

    def note(self) -> None:
        """Add the note, where tracking was late."""
        if self._worst_s:
            self._report.note_once(f"tracking fell up to {self._worst_s:.0f} s behind {self._name}: {self._advice}")
