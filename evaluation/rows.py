"""Boxes with identities, as they stand in a file: what ground truth and predictions have in common."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from registry.box_table import NO_CLASS

__all__ = ["NO_CLASS", "NO_ID", "BoolArray", "FloatArray", "IntArray", "TrackRows"]

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

NO_ID = -1
"""What they write where nobody was tracked: in files of detections."""


@dataclass(frozen=True)
class TrackRows:
    """One row a box, in the order of the file.

    Attributes:
        path: the file.
        frames: `(N,)` int64, as in the file.
        ids: `(N,)` int64, as in the file.
        tlwh: `(N, 4)` float64: left, top, width, height, px.
        flags: `(N,)` float64: column 7, the flag of a ground truth (0: not scored, anything else: scored) or the score
            of a prediction; 1 where the file has none.
        class_ids: `(N,)` int64; `NO_CLASS` where the file tells none.
        class_names: names of class ids, where known.
        raw: `(N, C)` float64, all columns as read; `(N, 0)` for a file with named columns.
        lines: `(N,)` int64, where each row stands in the file, from 1; counted anew where nobody says.
        tells_classes: whether any row of the file tells its class, which a part of its rows need not do; found out
            where nobody says.
    """

    path: Path
    frames: IntArray
    ids: IntArray
    tlwh: FloatArray
    flags: FloatArray
    class_ids: IntArray
    class_names: Mapping[int, str] = field(default_factory=dict)
    raw: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    lines: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    tells_classes: bool | None = None

    def __post_init__(self) -> None:
        count = len(self.frames)
        if self.tlwh.shape != (count, 4):
            raise ValueError(f"tlwh must have shape ({count}, 4), one row a frame number, but has {self.tlwh.shape}")
        for name in ("ids", "flags", "class_ids"):
            if getattr(self, name).shape != (count,):
                raise ValueError(f"{name} must have shape ({count},), but has {getattr(self, name).shape}")
        if len(self.raw) != count:
            object.__setattr__(self, "raw", np.empty((count, 0)))
        if len(self.lines) != count:
            object.__setattr__(self, "lines", np.arange(1, count + 1))
        if self.tells_classes is None:
            object.__setattr__(self, "tells_classes", bool((self.class_ids != NO_CLASS).any()))

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, rows: BoolArray | IntArray) -> TrackRows:
        """The chosen rows, by boolean mask or index array."""
        names = ("frames", "ids", "tlwh", "flags", "class_ids", "raw", "lines")
        return dataclasses.replace(self, **{name: getattr(self, name)[rows] for name in names})

    @property
    def has_classes(self) -> bool:
        """Whether any row of the file tells its class."""
        return bool(self.tells_classes)

    @property
    def areas(self) -> BoolArray:
        """`(N,)` which rows of a ground truth are areas to ignore instead of objects.

        Flag 0 says so (VisDrone's class 0 has it too), and where other rows tell their class, none (UAVDT, DETRAC).
        """
        return np.asarray((self.flags == 0) | ((self.class_ids == NO_CLASS) & self.has_classes))

    @property
    def labels(self) -> tuple[str, ...]:
        """Classes that occur, by name where there is one, else by number; rows without a class are left out."""
        found = np.unique(self.class_ids[self.class_ids != NO_CLASS]).tolist()
        return tuple(self.label_of(class_id) for class_id in found)

    def label_of(self, class_id: int) -> str:
        """The name of a class, its number where it has none."""
        return self.class_names.get(class_id, str(class_id))

    def of_label(self, label: str) -> BoolArray:
        """`(N,)` which rows are of the class with that name or number."""
        wanted = [i for i in np.unique(self.class_ids).tolist() if label.lower() in (self.label_of(i).lower(), str(i))]
        return np.isin(self.class_ids, [class_id for class_id in wanted if class_id != NO_CLASS])

    def shifted(self, by: int) -> TrackRows:
        """The same boxes at frame numbers `by` higher."""
        return dataclasses.replace(self, frames=self.frames + by)
