"""All rows of a run, as every format takes and gives them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from track.formats.checks import check_facts, check_row
from track.rows.types import RowState

__all__ = ["Filler", "Row", "TrackSet", "state_named", "track_set_of"]

_STATES = {state.name.lower(): int(state) for state in RowState}
DEFAULT_FPS = 25.0
MOST_BETWEEN = 1_000_000
"""Frames that an even movement may take: 11 hours at 25 frames per second."""
MOST_FILLED = 2_000_000
"""Boxes that all even movements of a file may make: a few bytes of a file must not fill the memory."""
_DIGITS = 4
"""Of px, seconds and scores, as in `tracks.csv`."""


@dataclass(frozen=True, slots=True)
class Row:
    """One box.

    Attributes:
        frame: 0-based index.
        id: identity, from 1.
        xyxy: corners, px.
        class_name: what it is.
        score: of the detection; `None` without one.
        state: where the box comes from, see `RowState`.
        time_s: of the frame; `None` where it follows from the rate.
    """

    frame: int
    id: int
    xyxy: tuple[float, float, float, float]
    class_name: str
    score: float | None = None
    state: str = "detected"
    time_s: float | None = None


@dataclass(frozen=True)
class TrackSet:
    """The rows of a run, in order of frames, then ids.

    Attributes:
        name: of the source, without a folder.
        frames: `(N,)` int64, from 0.
        times_s: `(N,)` s.
        ids: `(N,)` int64, from 1.
        xyxy: `(N, 4)` float64 px.
        scores: `(N,)`, NaN where nothing was detected.
        class_ids: `(N,)` int64, places in `classes`.
        states: `(N,)` uint8, values of `RowState`.
        classes: names, each once.
        size: width and height of the pictures, px; `None` where nothing tells it.
        fps: frames per second.
        num_frames: of the source, as far as it is known.
        names: of identities, where they have one.
        tells_fps: whether `fps` is known, and no guess.
    """

    name: str
    frames: npt.NDArray[np.int64]
    times_s: npt.NDArray[np.float64]
    ids: npt.NDArray[np.int64]
    xyxy: npt.NDArray[np.float64]
    scores: npt.NDArray[np.float64]
    class_ids: npt.NDArray[np.int64]
    states: npt.NDArray[np.uint8]
    classes: tuple[str, ...]
    size: tuple[int, int] | None
    fps: float
    num_frames: int
    names: Mapping[int, str] = field(default_factory=dict)
    tells_fps: bool = True

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self) -> Iterator[Row]:
        """One after the other."""
        columns: Sequence[Sequence[Any]] = [
            column.tolist()
            for column in (self.frames, self.ids, self.xyxy, self.class_ids, self.scores, self.states, self.times_s)
        ]
        for frame, track_id, box, class_id, score, state, time_s in zip(*columns, strict=True):
            known = None if score != score else score
            yield Row(frame, track_id, tuple(box), self.classes[class_id], known, state_of(state), time_s)

    def by_id(self) -> dict[int, list[Row]]:
        """The rows of each identity, in order."""
        found: dict[int, list[Row]] = {track_id: [] for track_id in sorted(set(self.ids.tolist()))}
        for row in self.rows():
            found[row.id].append(row)
        return found

    def by_frame(self) -> dict[int, list[Row]]:
        """The rows of each frame that has any, in order."""
        found: dict[int, list[Row]] = {}
        for row in self.rows():
            found.setdefault(row.frame, []).append(row)
        return found

    def needed_size(self, what: str) -> tuple[int, int]:
        """The size of the pictures, for a format that needs it.

        Raises:
            ValueError: nothing tells it.
        """
        if self.size is None:
            raise ValueError(
                f"{what} needs the size of the pictures, which {self.name} does not tell: add --size 1920x1080"
            )
        return self.size


def state_of(number: int) -> str:
    """The word of a state."""
    return RowState(number).name.lower()


def state_named(word: object) -> str:
    """A word of a state; `detected` for what is none, as in files that others wrote."""
    return word if isinstance(word, str) and word in _STATES else "detected"


class Filler:
    """Fills the frames between key frames of one file."""

    def __init__(self) -> None:
        self._filled = 0

    def between(self, before: Row, after: Row) -> Iterator[Row]:
        """The frames between two boxes of an identity, in which it moves evenly.

        Raises:
            ValueError: there are so many that a frame number must be wrong; in this gap, or in all of the file.
        """
        self._filled += max(after.frame - before.frame - 1, 0)
        if after.frame - before.frame > MOST_BETWEEN or self._filled > MOST_FILLED:
            raise ValueError(
                f"id {before.id} has no box from frame {before.frame + 2} to {after.frame:g}, too many to fill: "
                f"expected {MOST_BETWEEN:,} frames at most, and {MOST_FILLED:,} in all gaps together"
            )
        for frame in range(before.frame + 1, after.frame):
            share = (frame - before.frame) / (after.frame - before.frame)
            x1, y1, x2, y2 = (a + share * (b - a) for a, b in zip(before.xyxy, after.xyxy, strict=True))
            yield Row(frame, before.id, (x1, y1, x2, y2), before.class_name, None, "interpolated")


def track_set_of(
    path: Path,
    rows: Sequence[Row],
    *,
    size: tuple[int, int] | None,
    fps: float | None,
    num_frames: int = 0,
    names: Mapping[int, str] | None = None,
) -> TrackSet:
    """The set of these rows, checked, in order.

    Args:
        path: the file that they come from, for messages.
        rows: in any order.
        size, fps, num_frames, names: see `TrackSet`.

    Raises:
        ValueError: a fact, a frame, an id or a box that cannot be, or two boxes of one identity in a frame.
    """
    check_facts(path, size, fps, num_frames, names or {})
    ordered = sorted(rows, key=lambda row: (row.frame, row.id))
    for before, row in zip([None, *ordered], ordered, strict=False):
        check_row(path, row)
        if before is not None and (before.frame, before.id) == (row.frame, row.id):
            raise ValueError(f"{path}: id {row.id} has two boxes at frame {row.frame + 1}, expected one")
    classes = tuple(dict.fromkeys(row.class_name for row in ordered))
    place = {name: number for number, name in enumerate(classes)}
    rate = fps or DEFAULT_FPS
    times = [row.frame / rate if row.time_s is None else row.time_s for row in ordered]
    return TrackSet(
        name=path.stem,
        frames=np.array([row.frame for row in ordered], np.int64),
        times_s=_rounded(times),
        ids=np.array([row.id for row in ordered], np.int64),
        xyxy=_rounded([row.xyxy for row in ordered]).reshape(-1, 4),
        scores=np.array([np.nan if row.score is None else row.score for row in ordered], np.float64),
        class_ids=np.array([place[row.class_name] for row in ordered], np.int64),
        states=np.array([_STATES[row.state] for row in ordered], np.uint8),
        classes=classes,
        size=size,
        fps=rate,
        num_frames=max([num_frames, *(row.frame + 1 for row in ordered)]),
        names=dict(names or {}),
        tells_fps=bool(fps) or any(row.time_s is not None for row in ordered),
    )


def _rounded(values: Sequence[Any]) -> npt.NDArray[np.float64]:
    return np.round(np.array(values, np.float64), _DIGITS).astype(np.float64)
