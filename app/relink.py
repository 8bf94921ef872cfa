"""`track link`: a run's `tracks.csv` (and `embeddings.npz`) in, linked tracks in a new folder out."""

from __future__ import annotations

import csv
import dataclasses
import json
import logging
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.link import Moments, linked_rows, linking_facts
from app.rundir import remove_run_files, starting_run_dir
from app.sightings import EMBEDDINGS, load_sightings
from app.sinks.text import CSV_HEADER, TracksCsv, TracksTxt
from app.summary import Summary
from tracker.linking import LinkConfig, Sightings

__all__ = ["FinishedRun", "print_linked", "read_run", "relink"]


_logger = logging.getLogger(__name__)
_NO_BORDER = (
    "embeddings.npz is of an older version and does not tell what the border of the picture cuts off, so tracks "
    "may take in such boxes at their ends: run track run again with --keep-embeddings"
)


@dataclass(frozen=True)
class FinishedRun:
    """What `tracks.csv` and `embeddings.npz` tell of a run; frames from 0.

    Attributes:
        seen: detections in tracks; with `embeddings.npz` those that belong to nobody, too.
        moments: of the frames that have a box.
        class_names: by the class ids of `seen`.
        max_cosine: appearance gate of the run, `None` without `embeddings.npz`.
    """

    seen: Sightings
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
    seen = _sightings([row for row in rows if not math.isnan(row.score)], names)
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
    return _Row(int(frame) - 1, time_s, int(track_id), given["class"], (left, top, right, bottom), score)


def _number(given: dict[str, str], name: str, where: str, *, whole: bool = False) -> float:
    try:
        value = float(int(given[name])) if whole else float(given[name])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{where}: {name} is {given[name]!r}, expected a {'whole ' if whole else ''}number")
    return value


def _sightings(rows: list[_Row], names: dict[str, int]) -> Sightings:
    return Sightings(
        np.array([row.frame for row in rows], np.int64),
        np.array([row.track_id for row in rows], np.int64),
        np.array([row.xyxy for row in rows], np.float64).reshape(-1, 4),
        np.array([row.score for row in rows], np.float64),
        np.array([names[row.label] for row in rows], np.int64),
    )


def _with_embeddings(run: FinishedRun, path: Path) -> FinishedRun:
    """The run with its own detections in place of the boxes in `tracks.csv`, which a filter has calmed."""
    seen, gate = load_sightings(path)
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


def relink(run_dir: Path, out: Path | None, overwrite: bool, max_gap_s: float) -> Summary:
    """Link a finished run and write `tracks.txt`, `tracks.csv` and `summary.json` into a new folder.

    Args:
        run_dir: folder of the run, which stays as it is.
        out: folder of the results; `runs/<run>-linked` by default.
        overwrite: whether that folder may hold an earlier result.
        max_gap_s: longest gap (s) that is linked and filled.

    Raises:
        ValueError, OSError: something can't be read or written, in one sentence.
    """
    if not (math.isfinite(max_gap_s) and max_gap_s >= 0):
        raise ValueError(f"--max-gap is {max_gap_s:g}, expected seconds from 0")
    if out is not None and out.resolve() == run_dir.resolve():
        raise ValueError(f"--out {out} is the run itself: choose another folder")
    run = read_run(run_dir)
    _refuse_linked(run, run_dir)
    config = LinkConfig(max_gap_s=max_gap_s)
    config = config if run.max_cosine is None else dataclasses.replace(config, max_cosine=run.max_cosine)
    with starting_run_dir(f"{run_dir.resolve().name}-linked", out, overwrite) as folder:
        remove_run_files(folder)
        return _write(run, run_dir, folder, config)


def _refuse_linked(run: FinishedRun, run_dir: Path) -> None:
    """A second time would smooth what is smooth already; with `embeddings.npz`, the raw boxes are linked anew."""
    if run.max_cosine is not None:
        return
    try:
        summary = json.loads((run_dir / "summary.json").read_text(encoding="utf-8"))
        is_linked, source = bool(summary["linking"]), summary["source"].get("run")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # not ours: then nothing says that it is linked
        return
    if is_linked:
        what = f"give the run it was linked from, {source}" if source else "track run again without --offline to do so"
        raise ValueError(f"run {run_dir} is linked already: {what}")


def _write(run: FinishedRun, run_dir: Path, folder: Path, config: LinkConfig) -> Summary:
    warnings = [_NO_BORDER] if run.max_cosine is not None and run.seen.cut_off is None else []
    for warning in warnings:
        _logger.warning(warning)
    rows, linked = linked_rows(run.seen, run.moments, config)
    texts = (TracksTxt(folder / "tracks.txt"), TracksCsv(folder / "tracks.csv", run.class_names))
    for text in texts:
        for tracks in rows:
            text.write(tracks)
        text.close()
    summary = Summary(
        run_dir=folder,
        source={"run": run_dir, "with_embeddings": run.max_cosine is not None},
        configuration={"max_gap_s": config.max_gap_s},
        counts={"frames": len(run.moments.frames), "ids": linked.report.kept, "rows": len(linked.ids)},
        linking=linking_facts(linked, config),
        files=["tracks.txt", "tracks.csv"],
        warnings=warnings,
    )
    summary.write()
    return summary


def print_linked(summary: Summary) -> None:
    """What was done, and where the results are, on standard output."""
    from rich.console import Console

    console = Console(file=sys.stdout, soft_wrap=True, highlight=False)
    did = summary.linking
    if not any(did[name] for name in ("links", "dropped", "taken_in", "filled")):
        console.print(f"nothing to link: the tracks ({did['tracks']}) stay as they are", markup=False)
    else:
        console.print(summary.linking_line(), markup=False)
    console.print("results:")
    for name in [*summary.files, "summary.json"]:
        console.print(str(summary.run_dir / name), markup=False)
