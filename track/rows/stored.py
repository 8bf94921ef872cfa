"""The rows of a finished run in memory, in order of frames, to be changed, drawn or written again."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from track.rows.finished_run import names_of, read_tracks
from track.rows.types import FrameTracks, RowState

__all__ = ["StoredTracks", "read_stored"]

Ints = npt.NDArray[np.int64]
STATES = {state.name.lower(): int(state) for state in RowState}


@dataclass(frozen=True)
class StoredTracks:
    """Rows of `tracks.csv`, `(N, ...)`, in order of frames and ids.

    Attributes:
        frames: from 0.
        times_s: s.
        ids: from 1.
        xyxy: `(N, 4)` px.
        scores: NaN where nothing was detected.
        class_ids: of `class_names`.
        states: values of `RowState`.
        class_names: by class id.
        names: given by people, by id.
    """

    frames: Ints
    times_s: npt.NDArray[np.float64]
    ids: Ints
    xyxy: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float32]
    class_ids: Ints
    states: npt.NDArray[np.uint8]
    class_names: Mapping[int, str]
    names: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> StoredTracks:
        """The chosen rows, by mask or index array."""
        columns = ("frames", "times_s", "ids", "xyxy", "scores", "class_ids", "states")
        return dataclasses.replace(self, **{name: getattr(self, name)[rows] for name in columns})

    def in_order(self) -> StoredTracks:
        """The same in order of frames and ids."""
        return self[np.lexsort((self.ids, self.frames))]

    def by_frame(self) -> Iterator[FrameTracks]:
        """The rows of each frame that has any, in order."""
        starts = np.flatnonzero(np.diff(self.frames, prepend=-1))
        stops = np.append(starts, len(self))[1:]
        for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
            here = slice(start, stop)
            yield FrameTracks(
                int(self.frames[start]),
                float(self.times_s[start]),
                self.ids[here],
                self.xyxy[here],
                self.scores[here],
                self.class_ids[here],
                self.states[here],
            )

    def lives(self) -> dict[int, tuple[int, int]]:
        """First and last frame (from 0) of each id."""
        ids, starts = np.unique(self.ids, return_index=True)
        last = len(self) - 1 - np.unique(self.ids[::-1], return_index=True)[1]
        return dict(
            zip(ids.tolist(), zip(self.frames[starts].tolist(), self.frames[last].tolist(), strict=True), strict=True)
        )


def read_stored(run_dir: Path) -> StoredTracks:
    """The rows of a run, also where a person has edited or sorted them.

    Raises:
        FileNotFoundError, ValueError: see `read_tracks`; or a state that is none.
    """
    table = read_tracks(run_dir)
    words = table.texts["state"]
    unknown = [word for word in words if word not in STATES]
    if unknown:
        row = int(np.flatnonzero(table["state"] == words.index(unknown[0]))[0])
        raise ValueError(f"{table.where(row)}: state is {unknown[0]!r}, expected one of {', '.join(STATES)}")
    states = np.array([STATES[word] for word in words] or [0], np.uint8)
    labels = np.unique(table.class_ids).tolist()
    return StoredTracks(
        frames=table["frame"].astype(np.int64) - 1,
        times_s=table["time"],
        ids=table["id"].astype(np.int64),
        xyxy=table.xyxy(),
        scores=table["score"].astype(np.float32),
        class_ids=table.class_ids,
        states=states[table["state"].astype(np.int64)],
        class_names={number: table.class_names.get(number, str(number)) for number in labels},
        names=names_of(table, run_dir),
    ).in_order()
