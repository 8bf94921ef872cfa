"""The files of a finished run, read back."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from registry.cells import from_cell
from track.rows.detections_file import EMBEDDINGS, load_detections
from track.rows.offline import Moments
from track.sinks.text import CSV_HEADER
from tracker.offline.linking import TrackedDetections

__all__ = ["FinishedRun", "read_run"]


@dataclass(frozen=True)
class FinishedRun:
    """What `tracks.csv` and `embeddings.npz` tell of a run; frames from 0.

    Attributes:
        seen: detections in tracks; with `embeddings.npz` those that belong to nobody, too.
        moments: of the frames that have a box.
        class_names: by the class ids of `seen`.
        max_cosine: appearance gate of the run, `None` without `embeddings.npz`.
    """

    seen: TrackedDetections
    moments: Moments
    class_names: dict[int, str]
    max_cosine: float | None = None


@dataclass(frozen=True)
class _Row:
    frame: int
    time_s: float
    track_id: int
    label: str
    xyxy: tuple[float, float, float, float]
    score: float


def read_run(run_dir: Path) -> FinishedRun:
    """Read a finished run.

    Raises:
        FileNotFoundError: no such folder, or no `tracks.csv` in it.
        ValueError: a damaged row, by its line; or an `embeddings.npz` of another run.
    """
    if run_dir.is_file():
        raise FileNotFoundError(f"run {run_dir} is a file, expected the folder it is in: type {run_dir.parent}")
    if not run_dir.is_dir():
        raise FileNotFoundError(f"run {run_dir} not found: expected the folder that track run wrote")
    path = run_dir / "tracks.csv"
    if not path.is_file():
        raise FileNotFoundError(f"no tracks.csv in {run_dir}: expected the folder that track run wrote")
    rows = list(_rows(path))
    names = {label: number for number, label in enumerate(dict.fromkeys(row.label for row in rows))}
    times = {row.frame: row.time_s for row in rows}
    frames = np.array(sorted(times), np.int64)
    moments = Moments(frames, np.array([times[frame] for frame in frames.tolist()], np.float64))
    seen = _detections([row for row in rows if not math.isnan(row.score)], names)
    run = FinishedRun(seen, moments, {number: label for label, number in names.items()})
    return _with_embeddings(run, run_dir / EMBEDDINGS) if (run_dir / EMBEDDINGS).is_file() else run


def _rows(path: Path) -> Iterator[_Row]:
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        lines = csv.reader(file)
        try:
            header = next(lines, [])
            if tuple(header) != CSV_HEADER:
                raise ValueError(f"{path} line 1 is {','.join(header)!r}, expected the header {','.join(CSV_HEADER)}")
            taken: set[tuple[int, int]] = set()
            for fields in lines:
                row = _row(fields, f"{path} line {lines.line_num}")
                if (row.frame, row.track_id) in taken:
                    raise ValueError(
                        f"{path} line {lines.line_num}: id {row.track_id} has a second box at frame {row.frame + 1}, "
                        "expected one"
                    )
                taken.add((row.frame, row.track_id))
                yield row
        except csv.Error as error:
            raise ValueError(
                f"{path} line {lines.line_num} is damaged ({error}): expected comma-separated text"
            ) from error


def _row(fields: list[str], where: str) -> _Row:
    if len(fields) != len(CSV_HEADER):
        raise ValueError(f"{where} has {len(fields)} fields, expected {len(CSV_HEADER)}: {','.join(CSV_HEADER)}")
    given = dict(zip(CSV_HEADER, fields, strict=True))
    frame, track_id = (_number(given, name, where, whole=True) for name in ("frame", "id"))
    left, top, right, bottom = (_number(given, name, where) for name in ("x1", "y1", "x2", "y2"))
    if frame < 1 or track_id < 1:
        raise ValueError(f"{where}: frame {frame:g} and id {track_id:g}, expected both from 1")
    if right <= left or bottom <= top:
        raise ValueError(
            f"{where}: the box {left:g},{top:g},{right:g},{bottom:g} is empty, expected x1 < x2 and y1 < y2"
        )
    score = _number(given, "score", where) if given["score"] else math.nan
    time_s = _number(given, "time_s", where)
    return _Row(int(frame) - 1, time_s, int(track_id), from_cell(given["class"]), (left, top, right, bottom), score)


def _number(given: dict[str, str], name: str, where: str, *, whole: bool = False) -> float:
    try:
        value = float(int(given[name])) if whole else float(given[name])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{where}: {name} is {given[name]!r}, expected a {'whole ' if whole else ''}number")
    return value


def _detections(rows: list[_Row], names: dict[str, int]) -> TrackedDetections:
    return TrackedDetections(
        np.array([row.frame for row in rows], np.int64),
        np.array([row.track_id for row in rows], np.int64),
        np.array([row.xyxy for row in rows], np.float64).reshape(-1, 4),
        np.array([row.score for row in rows], np.float64),
        np.array([names[row.label] for row in rows], np.int64),
    )


def _with_embeddings(run: FinishedRun, path: Path) -> FinishedRun:
    """The run with its own detections in place of the boxes in `tracks.csv`, which a filter has calmed."""
    seen, gate = load_detections(path)
    in_table = sorted(zip(run.seen.frames.tolist(), run.seen.ids.tolist(), strict=True))
    named = seen.ids > 0
    if in_table != sorted(zip(seen.frames[named].tolist(), seen.ids[named].tolist(), strict=True)):
        raise ValueError(f"{path} does not belong to the tracks.csv beside it: remove it to link without it")
    label_of = dict(
        zip(zip(run.seen.frames.tolist(), run.seen.ids.tolist(), strict=True), run.seen.class_ids, strict=True)
    )
    numbers = {
        int(number): run.class_names[int(label_of[frame, track_id])]
        for number, frame, track_id in zip(
            seen.class_ids[named].tolist(), seen.frames[named].tolist(), seen.ids[named].tolist(), strict=True
        )
    }
    return FinishedRun(seen, run.moments, numbers, gate)
