"""Who was there: a summary of each identity, gathered from finished rows in one pass; memory grows with identities."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from track.rows.doubts import Doubts, overlaps_of
from track.rows.run_frames import RunFrames
from track.rows.sides import side_of
from track.rows.types import FrameTracks

__all__ = ["Identity", "IdentityLog"]

Array = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

STEP_HEIGHTS = 0.25
"""A way is added up in steps of so many heights of the box: what is less may be the trembling of a box at rest."""
HEADING_S = 0.5
"""Where somebody comes from or goes to is told by their way in so many seconds."""
_FIELDS = np.dtype(
    [
        *((name, np.int64) for name in ("id", "first_frame", "last_frame", "boxes", "scored", "checked")),
        *((name, np.float64) for name in ("first_s", "last_s", "scores", "height", "distance", "jump_s")),
        *((name, np.float64, 4) for name in ("first_box", "last_box")),
        *((name, np.float64, 2) for name in ("step_from", "early", "middle", "late")),
        *((name, np.float64) for name in ("middle_s", "area", "area_s")),
    ]
)
"""Of each identity. `early` is its centre at the end of the first `HEADING_S`; `late` that of one to two such spans
ago, `middle` the one after; `area` is that of a box a moment ago, of which a later one may differ too much."""


@dataclass(frozen=True)
class Identity:
    """One identity of a run.

    Attributes:
        id: from 1.
        class_id: of most of its boxes.
        first_s, last_s: time of its first and its last box, s.
        first_frame, last_frame: from 0.
        boxes: rows in `tracks.csv`.
        mean_score: of the boxes that have a score; NaN where none has.
        entered, left: `left`, `right`, `top`, `bottom` or `inside`; empty where the size of the picture is not known.
        distance_heights: its way at the feet, each part of it in heights of the box at that time.
        height_px: mean height of its boxes.
        doubts: in words, why it may be no object, or not one.
    """

    id: int
    class_id: int
    first_s: float
    last_s: float
    first_frame: int
    last_frame: int
    boxes: int
    mean_score: float
    entered: str
    left: str
    distance_heights: float
    height_px: float
    doubts: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """From its first box to its last."""
        return self.last_s - self.first_s


class IdentityLog:
    """Takes the rows of a run, frame after frame, frames without rows too.

    Args:
        size: width and height of the pictures, px.
        doubts: what makes an identity doubtful.
        frames: of the run, where not every one of them is added: who is there at the first or the last one may have
            been there for longer.
    """

    def __init__(
        self, size: tuple[int, int] | None = None, doubts: Doubts | None = None, frames: RunFrames | None = None
    ) -> None:
        self._size, self._doubts = size, doubts or Doubts()
        self._table: npt.NDArray[Any] = np.zeros(16, _FIELDS)
        self._classes: npt.NDArray[np.int64] = np.zeros((16, 1), np.int64)
        self._row_of: dict[int, int] = {}
        self._column_of: dict[int, int] = {}
        self._overlaps: defaultdict[tuple[int, int], int] = defaultdict(int)
        self._frames = frames or RunFrames()
        self._span: tuple[int, int] | None = None
        self._checked_s = -np.inf

    def __len__(self) -> int:
        return len(self._row_of)

    def add(self, tracks: FrameTracks) -> None:
        """The final rows of one frame; frames come in order."""
        self._span = (self._span[0] if self._span else tracks.frame_index, tracks.frame_index)
        if not len(tracks):
            return
        xyxy = np.asarray(tracks.xyxy, np.float64)
        rows = self._rows(tracks.ids.tolist(), tracks, xyxy)
        self._count(rows, tracks, xyxy)
        self._follow(rows, tracks.time_s, xyxy)
        if tracks.time_s >= self._checked_s + self._doubts.check_every_s:
            self._check_overlaps(rows, tracks, xyxy)
        table = self._table
        table["last_s"][rows], table["last_frame"][rows] = tracks.time_s, tracks.frame_index
        table["last_box"][rows] = xyxy

    def _rows(self, ids: list[int], tracks: FrameTracks, xyxy: Array) -> Rows:
        """The row of each id in the table; new ones are begun."""
        for number, track_id in enumerate(ids):
            if track_id not in self._row_of:
                self._begin(track_id, tracks, xyxy[number])
        return np.array([self._row_of[track_id] for track_id in ids], np.int64)

    def _begin(self, track_id: int, tracks: FrameTracks, box: Array) -> None:
        row = self._row_of[track_id] = len(self._row_of)
        if row == len(self._table):
            self._table = np.concatenate((self._table, np.zeros_like(self._table)))
            self._classes = np.concatenate((self._classes, np.zeros_like(self._classes)))
        one = self._table[row]
        one["id"], one["first_frame"], one["jump_s"] = track_id, tracks.frame_index, np.nan
        one["first_s"] = one["middle_s"] = one["area_s"] = tracks.time_s
        one["first_box"], one["step_from"] = box, _feet(box[None])[0]
        one["early"] = one["middle"] = one["late"] = _centres(box[None])[0]
        one["area"] = _areas(box[None])[0]

    def _count(self, rows: Rows, tracks: FrameTracks, xyxy: Array) -> None:
        table = self._table
        table["boxes"][rows] += 1
        table["height"][rows] += xyxy[:, 3] - xyxy[:, 1]
        known = ~np.isnan(tracks.scores)
        table["scored"][rows] += known
        table["scores"][rows] += np.where(known, tracks.scores, 0.0)
        columns = [self._column(class_id) for class_id in tracks.class_ids.tolist()]
        self._classes[rows, columns] += 1

    def _column(self, class_id: int) -> int:
        column = self._column_of.setdefault(class_id, len(self._column_of))
        if column == self._classes.shape[1]:
            self._classes = np.concatenate((self._classes, np.zeros_like(self._classes)), axis=1)
        return column

    def _follow(self, rows: Rows, time_s: float, xyxy: Array) -> None:
        """Ways, headings and sizes."""
        table, feet, centres = self._table, _feet(xyxy), _centres(xyxy)
        way = np.linalg.norm(feet - table["step_from"][rows], axis=1) / (xyxy[:, 3] - xyxy[:, 1])
        far = way >= STEP_HEIGHTS
        table["distance"][rows[far]] += way[far]
        table["step_from"][rows[far]] = feet[far]
        is_early = time_s - table["first_s"][rows] <= HEADING_S
        table["early"][rows[is_early]] = centres[is_early]
        turn = rows[time_s - table["middle_s"][rows] >= HEADING_S]
        table["late"][turn] = table["middle"][turn]
        turned = np.isin(rows, turn)
        table["middle"][turn], table["middle_s"][turn] = centres[turned], time_s
        areas, before = _areas(xyxy), table["area"][rows]
        passed_s = time_s - table["area_s"][rows]
        jumps = self._doubts.is_jump(before, areas, passed_s) & np.isnan(table["jump_s"][rows])
        table["jump_s"][rows[jumps]] = time_s
        old = passed_s >= self._doubts.jump_within_s / 2
        table["area"][rows[old]], table["area_s"][rows[old]] = areas[old], time_s

    def _check_overlaps(self, rows: Rows, tracks: FrameTracks, xyxy: Array) -> None:
        self._checked_s = tracks.time_s
        self._table["checked"][rows] += 1
        for first, second in overlaps_of(xyxy, self._doubts.overlap).tolist():
            self._overlaps[int(tracks.ids[first]), int(tracks.ids[second])] += 1

    def identities(self, changes_s: Mapping[int, float] | None = None) -> list[Identity]:
        """All of them, in order of ids.

        Args:
            changes_s: when an identity changed its appearance, s, by id; where that is known.
        """
        changes = changes_s or {}
        twins = self._twins()
        found = []
        for track_id in sorted(self._row_of):
            one = self._table[self._row_of[track_id]]
            found.append(self._identity(one, self._doubts_of(one, twins.get(track_id), changes.get(track_id))))
        return found

    def _twins(self) -> dict[int, int]:
        """For an id, the other one that it overlaps all its life."""
        twins = {}
        for (one, other), count in self._overlaps.items():
            checked = int(self._table["checked"][self._row_of[one]])
            if self._doubts.is_all_life(count, checked):
                twins[one] = other
        return twins

    def _doubts_of(self, one: Any, twin: int | None, changed_s: float | None) -> tuple[str, ...]:
        begin, end = self._span or (0, 0)
        first, last = self._frames.first, self._frames.last
        is_cut = one["first_frame"] <= (begin if first is None else first) or one["last_frame"] >= (
            end if last is None else last
        )
        jump_s = float(one["jump_s"])
        return self._doubts.in_words(
            seconds=None if is_cut else float(one["last_s"] - one["first_s"]),
            twin=twin,
            changed_s=changed_s,
            jump_s=None if np.isnan(jump_s) else jump_s,
        )

    def _identity(self, one: Any, doubts: tuple[str, ...]) -> Identity:
        column = int(self._classes[self._row_of[int(one["id"])]].argmax())
        feet, height = _feet(one["last_box"][None])[0], one["last_box"][3] - one["last_box"][1]
        rest = float(np.linalg.norm(feet - one["step_from"]) / height)
        comes, goes = (
            one["early"] - _centres(one["first_box"][None])[0],
            _centres(one["last_box"][None])[0] - one["late"],
        )
        return Identity(
            id=int(one["id"]),
            class_id={place: class_id for class_id, place in self._column_of.items()}[column],
            first_s=float(one["first_s"]),
            last_s=float(one["last_s"]),
            first_frame=int(one["first_frame"]),
            last_frame=int(one["last_frame"]),
            boxes=int(one["boxes"]),
            mean_score=float(one["scores"] / one["scored"]) if one["scored"] else float("nan"),
            entered=side_of(one["first_box"], comes, self._size) if self._size else "",
            left=side_of(one["last_box"], -goes, self._size) if self._size else "",
            distance_heights=float(one["distance"]) + rest,
            height_px=float(one["height"] / one["boxes"]),
            doubts=doubts,
        )


def _feet(xyxy: Array) -> Array:
    """`(N, 2)` middle of the lower edge."""
    return np.stack(((xyxy[:, 0] + xyxy[:, 2]) / 2, xyxy[:, 3]), axis=1)


def _centres(xyxy: Array) -> Array:
    return (xyxy[:, :2] + xyxy[:, 2:]) / 2


def _areas(xyxy: Array) -> Array:
    return np.asarray((xyxy[:, 2] - xyxy[:, 0]) * (xyxy[:, 3] - xyxy[:, 1]), np.float64)
