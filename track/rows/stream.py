"""A finished `tracks.csv`, frame after frame: memory is that of one frame, however long the run was."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import IO

import numpy as np

from registry.cells import from_cell
from registry.numbers import MAX_EXACT, MAX_FRAME, MAX_PX, as_float, shown
from track.rows.types import CSV_HEADER, FrameTracks, RowState

__all__ = ["MAX_TIME_S", "RowStream", "tracks_file"]

NAME = "name"
"""A column that may stand among the others: the name of an identity."""
MAX_TIME_S = 1e7
"""s of a video: 115 days."""
_Row = tuple[float, float, float, int, float, float, float, float, float, int]
_STATES = {state.name.lower(): int(state) for state in RowState}


def tracks_file(run: Path) -> Path:
    """The `tracks.csv` of a run's folder, or the file itself.

    Raises:
        FileNotFoundError: there is none.
    """
    path = run / "tracks.csv" if run.is_dir() else run
    if not path.exists():
        what = f"no tracks.csv in {run}" if run.is_dir() else f"run {run} not found"
        raise FileNotFoundError(f"{what}: expected the folder that track run wrote")
    if path.suffix != ".csv":
        raise FileNotFoundError(f"run {run} is a file, expected the folder of a run, or its tracks.csv")
    return path


class RowStream:
    """Iterates over the frames that have rows, once.

    Attributes:
        path: the file.
        class_names: of the class ids, which are given in order of appearance; complete at the end.
        names: of the identities that have one; complete at the end.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.class_names: dict[int, str] = {}
        self.names: dict[int, str] = {}
        self._class_ids: dict[str, int] = {}
        self._places: tuple[int, ...] = ()
        self._name_place = -1

    def __iter__(self) -> Iterator[FrameTracks]:
        """The rows of each frame, in order.

        Raises:
            ValueError: a damaged row, by its line; frames that are not in order.
        """
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                yield from self._frames(file)
        except UnicodeDecodeError as error:
            raise ValueError(f"{self.path} is not a text file; expected a tracks.csv of a run") from error

    def _frames(self, file: IO[str]) -> Iterator[FrameTracks]:
        reader = csv.reader(file)
        kept: list[_Row] = []
        lines: list[int] = []
        try:
            self._find_columns(next(reader, []))
            pick = itemgetter(*self._places)
            for cells in reader:
                if not cells:
                    continue
                row = self._row(cells, pick, reader.line_num)
                if kept and row[0] != kept[0][0]:
                    yield self._frame(kept, lines)
                    self._check_order(kept[0], row, reader.line_num)
                    kept, lines = [], []
                kept.append(row)
                lines.append(reader.line_num)
        except csv.Error as error:
            raise ValueError(f"{self.path}, line {reader.line_num} cannot be read: {error}") from error
        if kept:
            yield self._frame(kept, lines)

    def _find_columns(self, header: Sequence[str]) -> None:
        names = [cell.strip() for cell in header]
        if any(name not in names for name in CSV_HEADER):
            raise ValueError(
                f"{self.path} line 1 is {shown(','.join(names))}, expected the header {','.join(CSV_HEADER)}"
            )
        self._places = tuple(names.index(name) for name in CSV_HEADER)
        self._name_place = names.index(NAME) if NAME in names else -1

    def _check_order(self, before: _Row, row: _Row, line: int) -> None:
        if row[0] < before[0]:
            raise ValueError(
                f"{self.path}, line {line}: frame {row[0]:.0f} comes after {before[0]:.0f}, expected rows in order of "
                "frames: sort them by the column frame"
            )

    def _row(self, cells: Sequence[str], pick: Callable[[Sequence[str]], tuple[str, ...]], line: int) -> _Row:
        """frame, time, id, class, x1, y1, x2, y2, score, state; written out, since an hour has millions of them."""
        try:
            frame, time_s, track_id, name, x1, y1, x2, y2, score, state = pick(cells)
            row = (
                float(frame),
                float(time_s),
                float(track_id),
                self._class_ids[name],
                float(x1),
                float(y1),
                float(x2),
                float(y2),
                float(score) if score else math.nan,
                _STATES[state],
            )
        except (ValueError, KeyError, IndexError):
            row = self._slowly(cells, line)
        if self._name_place >= 0 and len(cells) > self._name_place and (name := cells[self._name_place]):
            self.names[int(row[2]) if math.isfinite(row[2]) else 0] = from_cell(name)
        return row

    def _slowly(self, cells: Sequence[str], line: int) -> _Row:
        """A row with a new class, or one that a spreadsheet has saved; or the sentence on what is wrong."""
        if len(cells) <= max(self._places):
            raise ValueError(
                f"{self.path}, line {line} has {len(cells)} columns, expected {max(self._places) + 1} as in the header"
            )
        row = [self._number(name, cells[place], line) for name, place in zip(CSV_HEADER, self._places, strict=True)]
        frame, time_s, track_id, class_id, x1, y1, x2, y2, score, state = row
        return frame, time_s, track_id, int(class_id), x1, y1, x2, y2, score, int(state)

    def _number(self, column: str, text: str, line: int) -> float:
        """What stands in a cell, as the number that is kept of it."""
        if column == "class":
            number = self._class_ids.setdefault(text, len(self._class_ids))
            self.class_names[number] = from_cell(text)
            return number
        cell = text.strip()
        if column == "state":
            if cell not in _STATES:
                known = ", ".join(_STATES)
                raise ValueError(f"{self.path}, line {line}: state is {shown(cell)}, expected one of {known}")
            return _STATES[cell]
        if column == "score" and not cell:
            return math.nan
        try:
            return as_float(cell)
        except ValueError:
            raise ValueError(f"{self.path}, line {line}: {column} is {shown(cell)}, expected a number") from None

    def _frame(self, rows: list[_Row], lines: list[int]) -> FrameTracks:
        """The rows of one frame, checked."""
        values = np.array(rows, np.float64)
        whole = values[:, [0, 2]]
        box = values[:, 4:8]
        is_good = (
            (whole == np.floor(whole)).all(axis=1)
            & ((whole >= 1) & (whole <= (MAX_FRAME, MAX_EXACT))).all(axis=1)
            & (values[:, 1] >= 0)
            & (values[:, 1] <= MAX_TIME_S)
            & ~np.isinf(values[:, 8])
            & (np.abs(box) <= MAX_PX).all(axis=1)
            & (box[:, 0] < box[:, 2])
            & (box[:, 1] < box[:, 3])
        )
        if not is_good.all():
            wrong = int(is_good.argmin())
            raise ValueError(f"{self.path}, line {lines[wrong]}: {_why(rows[wrong])}")
        ids = values[:, 2].astype(np.int64)
        if len(set(ids.tolist())) < len(ids):
            twice = next(i for i in ids.tolist() if (ids == i).sum() > 1)
            raise ValueError(f"{self.path}: id {twice} has a second box at frame {values[0, 0]:.0f}, expected one")
        return FrameTracks(
            int(values[0, 0]) - 1,
            float(values[0, 1]),
            ids,
            box,
            values[:, 8].astype(np.float32),
            values[:, 3].astype(np.int64),
            values[:, 9].astype(np.uint8),
        )


def _why(row: _Row) -> str:
    """What is wrong with a row, in words."""
    frame, time_s, track_id, _, x1, y1, x2, y2, score, _ = row
    if not (1 <= frame <= MAX_FRAME and frame == math.floor(frame)):
        return f"frame is {frame:g}, expected a whole number from 1 to {MAX_FRAME:,}"
    if not (1 <= track_id <= MAX_EXACT and track_id == math.floor(track_id)):
        return f"id is {track_id:g}, expected a whole number from 1 on"
    if not 0 <= time_s <= MAX_TIME_S:
        return f"time_s is {time_s:g}, expected seconds from 0 to {MAX_TIME_S:,.0f}"
    if math.isinf(score):
        return f"score is {score:g}, expected a number, or nothing"
    return f"the box {x1:g},{y1:g},{x2:g},{y2:g} is none, expected x1 < x2 and y1 < y2, in px"
