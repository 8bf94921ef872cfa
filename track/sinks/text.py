"""`tracks.txt` (MOTChallenge) and `tracks.csv`: one line a box, in order of frames and ids."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from registry.cells import to_cell
from registry.closing import Closing
from registry.words import printable
from track.files.partial import PartialFile
from track.rows.types import CSV_HEADER, NAME, FrameTracks, RowState

__all__ = ["TracksCsv", "TracksTxt"]

NO_SCORE = -1.0
"""MOTChallenge marks what is not known with -1; so does a box without a detection."""


class _TextSink(Closing):
    """Appends the lines of one frame at a time; a full disk never leaves half a line."""

    def __init__(self, path: Path) -> None:
        self._file = PartialFile(path)

    def write(self, tracks: FrameTracks) -> None:
        """Append the boxes of one frame; `OutputError` if the disk is full."""
        if len(tracks):
            self._file.append(self._lines(tracks).encode())

    def _lines(self, tracks: FrameTracks) -> str:
        raise NotImplementedError

    def close(self) -> None:
        """Give the file its final name."""
        self._file.commit()

    def discard(self) -> None:
        """Remove the file instead."""
        self._file.discard()


class TracksTxt(_TextSink):
    """MOTChallenge results: `frame,id,x,y,width,height,score,-1,-1,-1`, frames from 1, px with 4 decimals.

    The score is -1 where no detection was matched.
    """

    def _lines(self, tracks: FrameTracks) -> str:
        tlwh = np.array(tracks.xyxy, np.float64)
        tlwh[:, 2:] -= tlwh[:, :2]
        tlwh = np.round(tlwh, 4) + 0.0  # no "-0.0000"
        scores = np.where(np.isnan(tracks.scores), NO_SCORE, tracks.scores)
        frame = tracks.frame_index + 1
        order = np.argsort(tracks.ids, kind="stable")
        return "".join(
            f"{frame},{track_id},{x:.4f},{y:.4f},{width:.4f},{height:.4f},{score:.4f},-1,-1,-1\n"
            for track_id, (x, y, width, height), score in zip(
                tracks.ids[order], tlwh[order], scores[order], strict=True
            )
        )


class TracksCsv(_TextSink):
    """A table for people and spreadsheets: frames from 1, class by name, an empty score where nothing was detected.

    Args:
        path: final name.
        class_names: name of each class id; an unknown one is written as its number. One that a
            spreadsheet would take for a formula has an apostrophe before it (`registry.cells`), and what would steer a
            terminal is written out (`registry.words`).
        names: of identities, by id; without any, there is no column for them.
    """

    def __init__(self, path: Path, class_names: Mapping[int, str], names: Mapping[int, str] | None = None) -> None:
        super().__init__(path)
        self._class_names, self._names = dict(class_names), dict(names or {})
        self._file.append(_csv_lines([(*CSV_HEADER, NAME) if self._names else CSV_HEADER]).encode())

    def _lines(self, tracks: FrameTracks) -> str:
        return _csv_lines([self._row(tracks, row) for row in np.argsort(tracks.ids, kind="stable")])

    def _row(self, tracks: FrameTracks, row: int) -> tuple[str, ...]:
        class_id, score = int(tracks.class_ids[row]), float(tracks.scores[row])
        return (
            str(tracks.frame_index + 1),
            f"{tracks.time_s:.4f}",
            str(tracks.ids[row]),
            to_cell(printable(self._class_names.get(class_id, str(class_id)))),
            *(f"{value:.4f}" for value in np.round(tracks.xyxy[row].astype(np.float64), 4) + 0.0),
            "" if np.isnan(score) else f"{score:.4f}",
            RowState(tracks.states[row]).name.lower(),
            *([to_cell(self._names.get(int(tracks.ids[row]), ""))] if self._names else []),
        )


def _csv_lines(rows: list[tuple[str, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
