"""The files of a finished run, read back."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from registry.box_files import read_box_table
from registry.box_table import BoxTable
from registry.cells import from_cell
from registry.numbers import MAX_EXACT, MAX_FRAME, MAX_PX
from track.rows.detections_file import EMBEDDINGS, SavedDetections, load_detections
from track.rows.identities_file import IDENTITIES, read_names
from track.rows.offline import Moments
from track.rows.run_frames import read_run_frames
from track.rows.types import CSV_HEADER, NAME
from tracker.offline.linking import LinkConfig, TrackedDetections

__all__ = ["FinishedRun", "names_of", "read_run", "read_tracks"]


MOST_FILLED, MOST_FILLED_PER_BOX = 1_000_000, 10
"""Boxes that gaps may hold, and how many for each box that is there: no tracker loses people for so long."""


@dataclass(frozen=True)
class FinishedRun:
    """What `tracks.csv` and `embeddings.npz` tell of a run; frames from 0.

    Attributes:
        seen: detections in tracks; with `embeddings.npz` those that belong to nobody, too.
        moments: of the frames that have a box; frames without a picture as far as `summary.json` tells of them.
        class_names: by the class ids of `seen`.
        names: given by people, by id.
        saved: what `embeddings.npz` tells of the run, `None` without.
    """

    seen: TrackedDetections
    moments: Moments
    class_names: Mapping[int, str]
    saved: SavedDetections | None = None
    names: Mapping[int, str] = field(default_factory=dict)

    def link_config(self, max_gap_s: float) -> LinkConfig:
        """The settings that link it as the run itself would have done."""
        config = LinkConfig(max_gap_s=max_gap_s)
        if self.saved is None:
            return config
        of_run = self.saved
        return dataclasses.replace(
            config, max_cosine=of_run.max_cosine, class_vote=of_run.class_vote, class_groups=of_run.class_groups
        )


def read_run(run_dir: Path) -> FinishedRun:
    """Read a finished run.

    Raises:
        FileNotFoundError: no such folder, or no `tracks.csv` in it.
        ValueError: a damaged row, by its line; or an `embeddings.npz` of another run.
    """
    table = read_tracks(run_dir)
    _check_gaps(table)
    frames = table["frame"].astype(np.int64) - 1
    times = dict(zip(frames.tolist(), table["time"].tolist(), strict=True))
    there = np.array(sorted(times), np.int64)
    times_s = np.array([times[frame] for frame in there.tolist()], np.float64)
    moments = Moments(there, times_s, read_run_frames(run_dir).missing)
    run = FinishedRun(_detections(table, frames), moments, _class_names(table), names=names_of(table, run_dir))
    return _with_embeddings(run, run_dir / EMBEDDINGS) if (run_dir / EMBEDDINGS).is_file() else run


def read_tracks(run_dir: Path) -> BoxTable:
    """The `tracks.csv` of a run, each of its rows checked; with the texts of `state` and, where it is there, `name`.

    Raises:
        FileNotFoundError, ValueError: see `read_run`.
    """
    if run_dir.is_file():
        raise FileNotFoundError(f"run {run_dir} is a file, expected the folder it is in: type {run_dir.parent}")
    if not run_dir.is_dir():
        raise FileNotFoundError(f"run {run_dir} not found: expected the folder that track run wrote")
    path = run_dir / "tracks.csv"
    if not path.is_file():
        raise FileNotFoundError(f"no tracks.csv in {run_dir}: expected the folder that track run wrote")
    table = read_box_table(path, CSV_HEADER, more=(NAME,), texts=("state", NAME))
    _check(
        table, "frame", (table["frame"] >= 1) & (table["frame"] <= MAX_FRAME), f"from 1 to {MAX_FRAME:,}", whole=True
    )
    _check(table, "id", (table["id"] >= 1) & (table["id"] <= MAX_EXACT), "from 1 on", whole=True)
    _check(table, "time", np.isfinite(table["time"]), "in seconds")
    for column in table.box_columns:
        _check(table, column, np.abs(table[column]) <= MAX_PX, "in px")
    _check(table, "score", ~np.isinf(table["score"]), "or nothing")
    empty = np.flatnonzero((table["x2"] <= table["x"]) | (table["y2"] <= table["y"]))
    if len(empty):
        box = ",".join(f"{value:g}" for value in table.xyxy()[empty[0]])
        raise ValueError(f"{table.where(int(empty[0]))}: the box {box} is empty, expected x1 < x2 and y1 < y2")
    _check_single(table)
    return table


def names_of(table: BoxTable, run_dir: Path) -> dict[int, str]:
    """The names that people gave to the identities of a run, by id: those in its `tracks.csv`, else in
    `identities.csv`."""
    if NAME not in table:
        return read_names(run_dir / IDENTITIES)
    pairs = np.unique(np.stack((table["id"], table[NAME])), axis=1).T.astype(np.int64).tolist()
    texts = table.texts[NAME]
    return {track_id: from_cell(texts[code]) for track_id, code in reversed(pairs) if texts[code]}


def _check(
    table: BoxTable, column: str, is_right: npt.NDArray[np.bool_], expected: str, *, whole: bool = False
) -> None:
    values = table[column]
    wrong = np.flatnonzero(~(is_right & (values == np.floor(values))) if whole else ~is_right)
    if len(wrong):
        kind = "a whole number" if whole else "a number"
        name = table.name_of(column)
        raise ValueError(f"{table.where(int(wrong[0]))}: {name} is {values[wrong[0]]:g}, expected {kind} {expected}")


def _check_single(table: BoxTable) -> None:
    pairs = np.stack([table["frame"], table["id"]])
    _, first, owner = np.unique(pairs, axis=1, return_index=True, return_inverse=True)
    second = np.flatnonzero(first[owner.reshape(-1)] != np.arange(len(table)))
    if len(second):
        row = int(second[0])
        raise ValueError(
            f"{table.where(row)}: id {table['id'][row]:.0f} has a second box at frame {table['frame'][row]:.0f}, "
            "expected one"
        )


def _check_gaps(table: BoxTable) -> None:
    """Each track is filled from its first to its last frame: a wrong frame number must not fill the memory."""
    order = np.lexsort((table["frame"], table["id"]))
    ids, frames = table["id"][order], table["frame"][order]
    gaps = np.where(np.diff(ids) == 0, np.diff(frames) - 1, 0)
    if gaps.sum() > max(MOST_FILLED, MOST_FILLED_PER_BOX * len(table)):
        longest = int(gaps.argmax())
        raise ValueError(
            f"{table.path}: id {ids[longest]:.0f} has no box from frame {frames[longest]:.0f} to "
            f"{frames[longest + 1]:.0f}, and all gaps have {gaps.sum():,.0f} frames, too many to fill: expected frames "
            "counted one by one"
        )


def _class_names(table: BoxTable) -> dict[int, str]:
    found = np.unique(table.class_ids).tolist()
    return {number: table.class_names.get(number, str(number)) for number in found}


def _detections(table: BoxTable, frames: npt.NDArray[np.int64]) -> TrackedDetections:
    """The rows with a score: those without stand where nothing was detected."""
    detected = ~np.isnan(table["score"])
    return TrackedDetections(
        frames[detected],
        table["id"].astype(np.int64)[detected],
        table.xyxy()[detected],
        table["score"][detected],
        table.class_ids[detected],
    )


def _with_embeddings(run: FinishedRun, path: Path) -> FinishedRun:
    """The run with its own detections in place of the boxes in `tracks.csv`, which a filter has calmed."""
    saved = load_detections(path)
    seen = saved.seen
    in_table = sorted(zip(run.seen.frames.tolist(), run.seen.ids.tolist(), strict=True))
    named = seen.ids > 0
    if in_table != sorted(zip(seen.frames[named].tolist(), seen.ids[named].tolist(), strict=True)):
        raise ValueError(f"{path} does not belong to the tracks.csv beside it: remove it to link without it")
    names = saved.class_names or _names_by_rows(run, seen)
    return dataclasses.replace(run, seen=seen, class_names=names, saved=saved)


def _names_by_rows(run: FinishedRun, seen: TrackedDetections) -> dict[int, str]:
    """Of an older file, which has none: the name that most rows of a class have; a vote may have renamed some."""
    class_of = dict(
        zip(zip(seen.frames.tolist(), seen.ids.tolist(), strict=True), seen.class_ids.tolist(), strict=True)
    )
    rows = zip(run.seen.frames.tolist(), run.seen.ids.tolist(), run.seen.class_ids.tolist(), strict=True)
    counts: dict[int, Counter[int]] = {}
    for frame, track_id, label in rows:
        counts.setdefault(class_of[frame, track_id], Counter())[label] += 1
    return {class_id: run.class_names[count.most_common(1)[0][0]] for class_id, count in counts.items()}
