"""What a run writes: track files and the annotated video, each complete under its name or not there at all."""

from __future__ import annotations

from typing import Any, Protocol

from track.files.partial import OutputError
from track.rows.types import FrameTracks, RowState

__all__ = ["FrameTracks", "OutputError", "RowState", "Sink"]


class Sink(Protocol):
    """Takes items, then becomes a file on `close` or nothing on `discard`."""

    def write(self, *item: Any) -> None:
        """Append one item; `OutputError` when the disk takes no more."""
        ...

    def close(self) -> None:
        """Finish the file and give it its final name."""
        ...

    def discard(self) -> None:
        """Remove what was written."""
        ...
