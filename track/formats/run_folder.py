"""The rows of a run's folder, and a folder of rows that come from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from registry.numbers import is_finite
from registry.own_names import replacing
from track.files.run_folder import RunFolder
from track.formats.checks import HIGHEST_FPS, LARGEST_SIDE, LOWEST_FPS
from track.formats.types import TrackSet
from track.places.finished import facts_of_source
from track.rows.run_frames import RunFrames, read_run_frames
from track.rows.stream import RowStream, tracks_file
from track.rows.types import FrameTracks
from track.run.summary import Summary
from track.sinks.text import TracksCsv, TracksTxt

__all__ = ["read_track_set", "write_ground_truth", "write_run"]

_FRAME_S = 1 / 25
"""s a frame where one frame is all there is."""


def read_track_set(run: Path, *, size: tuple[int, int] | None = None, fps: float | None = None) -> TrackSet:
    """All rows of a finished run.

    Args:
        run: its folder, or its `tracks.csv`.
        size: width and height of the pictures, in place of what the run tells.
        fps: frames per second, likewise.

    Raises:
        FileNotFoundError, ValueError: no run, or a damaged row.
    """
    table = tracks_file(run)
    stream = RowStream(table)
    rows = [_ordered(tracks) for tracks in stream]
    frames = np.repeat([tracks.frame_index for tracks in rows], [len(tracks) for tracks in rows]).astype(np.int64)
    times = np.repeat([tracks.time_s for tracks in rows], [len(tracks) for tracks in rows]).astype(np.float64)
    facts = facts_of_source(run)
    told = tuple(_told(facts, side, 1, LARGEST_SIDE) for side in ("width", "height"))
    last = read_run_frames(table.parent).last
    return TrackSet(
        name=str(facts.get("name") or table.resolve().parent.name),
        frames=frames,
        times_s=times,
        ids=_joined([tracks.ids for tracks in rows], np.int64),
        xyxy=_joined([tracks.xyxy for tracks in rows], np.float64).reshape(-1, 4),
        scores=np.round(_joined([tracks.scores for tracks in rows], np.float64), 4),
        class_ids=_joined([tracks.class_ids for tracks in rows], np.int64),
        states=_joined([tracks.states for tracks in rows], np.uint8),
        classes=tuple(stream.class_names.values()),
        size=size or ((int(told[0]), int(told[1])) if all(told) else None),
        fps=fps or _told(facts, "fps", LOWEST_FPS, HIGHEST_FPS) or _rate(rows),
        num_frames=max(-1 if last is None else last, int(frames.max(initial=-1))) + 1,
        names=stream.names,
    )


def _told(facts: Mapping[str, Any], name: str, lowest: float, highest: float) -> float:
    """A number of the summary, which somebody may have edited; 0 where it is not there or cannot be."""
    value = facts.get(name)
    return float(value) if is_finite(value) and lowest <= value <= highest else 0.0


def _ordered(tracks: FrameTracks) -> FrameTracks:
    order = np.argsort(tracks.ids, kind="stable")
    return FrameTracks(
        tracks.frame_index,
        tracks.time_s,
        tracks.ids[order],
        tracks.xyxy[order],
        tracks.scores[order],
        tracks.class_ids[order],
        tracks.states[order],
    )


def _joined(parts: list[np.ndarray], kind: type) -> np.ndarray:
    return np.concatenate([np.asarray(part, kind) for part in parts]) if parts else np.empty(0, kind)


def _rate(rows: list[FrameTracks]) -> float:
    """Frames per second, from the times of the rows."""
    if len(rows) < 2:
        return 1 / _FRAME_S
    steps = [(b.time_s - a.time_s) / (b.frame_index - a.frame_index) for a, b in pairwise(rows)]
    return round(1 / (float(np.median(steps)) or _FRAME_S), 4)


def write_run(folder: RunFolder, tracks: TrackSet, source: Path) -> Summary:
    """Write `tracks.csv`, `tracks.txt` and `summary.json` of rows that come from a file of another program."""
    named = dict(enumerate(tracks.classes))
    texts = TracksTxt(folder.path / "tracks.txt"), TracksCsv(folder.path / "tracks.csv", named)
    for frame in _frames(tracks):
        for text in texts:
            text.write(frame)
    for text in texts:
        text.close()
    width, height = tracks.size or (0, 0)
    looked_at = RunFrames(0, tracks.num_frames - 1) if tracks.num_frames else RunFrames()
    summary = Summary(
        run_dir=folder.path,
        source={
            "name": tracks.name,
            "file": source,
            "width": width,
            "height": height,
            "fps": tracks.fps,
            "frames": looked_at.to_json(),
        },
        counts={"frames": tracks.num_frames, "ids": len(set(tracks.ids.tolist())), "rows": len(tracks)},
        files=["tracks.txt", "tracks.csv"],
    )
    summary.write()
    return summary


def _frames(tracks: TrackSet) -> list[FrameTracks]:
    starts = np.flatnonzero(np.diff(tracks.frames, prepend=-1))
    found: list[FrameTracks] = []
    for start, stop in pairwise([*starts.tolist(), len(tracks)]):
        here = slice(start, stop)
        found.append(
            FrameTracks(
                int(tracks.frames[start]),
                float(tracks.times_s[start]),
                tracks.ids[here],
                tracks.xyxy[here],
                tracks.scores[here].astype(np.float32),
                tracks.class_ids[here],
                tracks.states[here],
            )
        )
    return found


def write_ground_truth(folder: Path, tracks: TrackSet) -> list[Path]:
    """Write a MOTChallenge sequence of annotations: `gt/gt.txt`, `gt/labels.txt` and `seqinfo.ini`."""
    from track.formats.mot import ground_truth_files

    written = []
    for name, text in ground_truth_files(tracks).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as unfinished:
            unfinished.write_text(text, encoding="utf-8")
        written.append(path)
    return written
