"""What a text file of boxes holds: its numbers, by column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from registry.box_columns import COLUMNS
from registry.numbers import shown

__all__ = ["NO_CLASS", "BoxTable", "FloatArray", "IntArray", "numbered"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

NO_CLASS = -1
"""What MOTChallenge files write where no class is known."""
MAX_CLASS = 1_000_000
"""Highest number of a class; what is above in column 8 is none."""
_NAMES = ("frame", "id", "x", "y", "w", "h", "flag or score", "class", "visibility")


@dataclass(frozen=True)
class BoxTable:
    """The numbers of a file.

    Attributes:
        path: the file.
        header: names of the columns as they stand there; empty for a file without a header.
        names: what messages call each column of `values`: `column 2 (id)`, or as in the header.
        columns: what each column of `values` holds, as in `box_columns.COLUMNS`; empty for what is not known.
        values: `(N, C)` float64; of a table with a header only the known columns, NaN where a cell is empty.
        lines: `(N,)` int64, where each row stands in the file, from 1.
        class_names: by the numbers in the column `class`, where it holds names.
        texts: of each further column that was asked for, its texts by the numbers in it.
    """

    path: Path
    header: tuple[str, ...]
    names: tuple[str, ...]
    columns: tuple[str, ...]
    values: FloatArray
    lines: IntArray
    class_names: Mapping[int, str]
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.values)

    def __contains__(self, column: object) -> bool:
        return column in self.columns

    def __getitem__(self, column: str) -> FloatArray:
        """`(N,)` the numbers of a column that the file has."""
        return self.values[:, self.columns.index(column)]

    @property
    def class_ids(self) -> IntArray:
        """`(N,)` classes; `NO_CLASS` where a row tells none, and for a column 8 that holds coordinates.

        Raises:
            ValueError: a column named as classes holds other numbers.
        """
        if "class" not in self:
            return np.full(len(self), NO_CLASS, np.int64)
        column = np.where(np.isnan(self["class"]), NO_CLASS, self["class"]) if self.header else self["class"]
        are_classes = (column == np.floor(column)) & (column >= NO_CLASS) & (column <= MAX_CLASS)
        if are_classes.all():
            return column.astype(np.int64)
        if self.header:
            row = int(np.flatnonzero(~are_classes)[0])
            raise ValueError(
                f"{self.where(row)}: class is {column[row]:g}, expected a name, or a whole number from {NO_CLASS} to "
                f"{MAX_CLASS:,}"
            )
        return np.full(len(column), NO_CLASS, np.int64)

    @property
    def box_columns(self) -> tuple[str, str, str, str]:
        """The four columns that hold the boxes: their corners, their centres and sizes, or left, top and sizes.

        Raises:
            ValueError: one of them is not there.
        """
        columns = ("x", "y", "w", "h")
        if "x2" in self and "y2" in self:
            columns = ("x", "y", "x2", "y2")
        elif "cx" in self and "cy" in self and not ("x" in self and "y" in self):
            columns = ("cx", "cy", "w", "h")
        self.require(*columns)
        return columns

    def tlwh(self) -> FloatArray:
        """`(N, 4)` left, top, width, height, px."""
        columns = self.box_columns
        box = np.stack([self[column] for column in columns], axis=1)
        if columns[2] == "x2":
            box[:, 2:] -= box[:, :2]
        elif columns[0] == "cx":
            box[:, :2] -= box[:, 2:] / 2
        return box

    def xyxy(self) -> FloatArray:
        """`(N, 4)` corners, px; as they stand in a file that has them."""
        if self.box_columns[2] == "x2":
            return np.stack([self[column] for column in self.box_columns], axis=1)
        box = self.tlwh()
        box[:, 2:] += box[:, :2]
        return box

    def require(self, *columns: str) -> None:
        """Raise `ValueError` where one of these columns is not there."""
        for column in columns:
            if column not in self:
                corners = ", or the corners of the boxes as x1, y1, x2, y2" if column in ("x", "y", "w", "h") else ""
                names = " or ".join(COLUMNS[column].names[:3])
                raise ValueError(
                    f"{self.path}: the header ({shown(','.join(self.header))}) names no column {column!r}; expected "
                    f"one named {names}{corners}"
                )

    def where(self, row: int) -> str:
        """`det.txt, line 7`, to begin a message."""
        return f"{self.path}, line {self.lines[row]}"

    def name_of(self, column: str) -> str:
        """What messages call a column: `column 2 (id)`, or as in the header."""
        return self.names[self.columns.index(column)]


def numbered(place: int) -> str:
    """`column 2 (id)` of 1."""
    return f"column {place + 1}" + (f" ({_NAMES[place]})" if place < len(_NAMES) else "")
