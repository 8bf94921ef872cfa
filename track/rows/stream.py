"""A finished `tracks.csv`, frame after frame: memory is that of one frame, however long the run was."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
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
        kept: list[tuple[float, ...]] = []
        try:
            places = self._places(next(reader, []))
            for cells in reader:
                if not cells:
                    continue
                row = self._row(cells, places, reader.line_num)
                if kept and row[0] != kept[0][0]:
                    if row[0] < kept[0][0]:
                        raise ValueError(
                            f"{self.path}, line {reader.line_num}: frame {row[0]:.0f} comes after {kept[0][0]:.0f}, "
                            "expected rows in order of frames: sort them by the column frame"
                        )
                    yield self._frame(kept)
                    kept = []
                kept.append(row)
        except csv.Error as error:
            raise ValueError(f"{self.path}, line {reader.line_num} cannot be read: {error}") from error
        if kept:
            yield self._frame(kept)

    def _places(self, header: Sequence[str]) -> tuple[int, ...]:
        """Where the columns stand; the name of an identity last, -1 without."""
        names = [cell.strip() for cell in header]
        missing = [name for name in CSV_HEADER if name not in names]
        if missing:
            raise ValueError(
                f"{self.path} line 1 is {shown(','.join(names))}, expected the header {','.join(CSV_HEADER)}"
            )
        return (*(names.index(name) for name in CSV_HEADER), names.index(NAME) if NAME in names else -1)

    def _row(self, cells: Sequence[str], places: tuple[int, ...], line: int) -> tuple[float, ...]:
        """frame, time, id, class, x1, y1, x2, y2, score, state."""
        if len(cells) <= max(places):
            raise ValueError(
                f"{self.path}, line {line} has {len(cells)} columns, expected {max(places) + 1}, as the header has"
            )
        frame, time_s, track_id, _, x1, y1, x2, y2, score, state = (cells[place] for place in places[:-1])
        try:
            numbers = (float(frame), float(time_s), float(track_id), *map(float, (x1, y1, x2, y2)))
            row = (*numbers[:3], self._class_id(cells[places[3]]), *numbers[3:], float(score or "nan"), _STATES[state])
        except (ValueError, KeyError):
            row = self._slowly(cells, places, line)
        self._check(row, line)
        if places[-1] >= 0 and (name := cells[places[-1]]):
            self.names[int(row[2])] = from_cell(name)
        return row

    def _class_id(self, cell: str) -> int:
        found = self._class_ids.get(cell)
        if found is None:
            found = self._class_ids[cell] = len(self._class_ids)
            self.class_names[found] = from_cell(cell)
        return found

    def _slowly(self, cells: Sequence[str], places: tuple[int, ...], line: int) -> tuple[float, ...]:
        """A row that a spreadsheet has saved, with decimal commas or blanks; or the sentence on what is wrong."""
        row = list[float]()
        for name, place in zip(CSV_HEADER, places[:-1], strict=True):
            cell = cells[place].strip()
            if name == "class":
                row.append(self._class_id(cells[place]))
            elif name == "state":
                if cell not in _STATES:
                    known = ", ".join(_STATES)
                    raise ValueError(f"{self.path}, line {line}: state is {shown(cell)}, expected one of {known}")
                row.append(_STATES[cell])
            elif name == "score" and not cell:
                row.append(math.nan)
            else:
                try:
                    row.append(as_float(cell))
                except ValueError:
                    raise ValueError(f"{self.path}, line {line}: {name} is {shown(cell)}, expected a number") from None
        return tuple(row)

    def _check(self, row: tuple[float, ...], line: int) -> None:
        frame, time_s, track_id, _, x1, y1, x2, y2, score, _ = row
        where = f"{self.path}, line {line}"
        if not (1 <= frame <= MAX_FRAME and frame == int(frame)):
            raise ValueError(f"{where}: frame is {frame:g}, expected a whole number from 1 to {MAX_FRAME:,}")
        if not (1 <= track_id <= MAX_EXACT and track_id == int(track_id)):
            raise ValueError(f"{where}: id is {track_id:g}, expected a whole number from 1 on")
        if not 0 <= time_s <= MAX_TIME_S:
            raise ValueError(f"{where}: time_s is {time_s:g}, expected seconds from 0 to {MAX_TIME_S:,.0f}")
        if math.isinf(score):
            raise ValueError(f"{where}: score is {score:g}, expected a number, or nothing")
        if not (-MAX_PX <= x1 < x2 <= MAX_PX and -MAX_PX <= y1 < y2 <= MAX_PX):
            raise ValueError(
                f"{where}: the box {x1:g},{y1:g},{x2:g},{y2:g} is none, expected x1 < x2 and y1 < y2, in px"
            )

    def _frame(self, rows: list[tuple[float, ...]]) -> FrameTracks:
        values = np.array(rows, np.float64)
        ids = values[:, 2].astype(np.int64)
        if len(set(ids.tolist())) < len(ids):
            twice = next(i for i in ids.tolist() if (ids == i).sum() > 1)
            raise ValueError(f"{self.path}: id {twice} has a second box at frame {values[0, 0]:.0f}, expected one")
        return FrameTracks(
            int(values[0, 0]) - 1,
            float(values[0, 1]),
            ids,
            values[:, 4:8],
            values[:, 8].astype(np.float32),
            values[:, 3].astype(np.int64),
            values[:, 9].astype(np.uint8),
        )
