"""`track relabel`: a finished run in, the same with its identities put right in a new folder out."""

from __future__ import annotations

import dataclasses
import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np

from track.commands.relabel.apply import Renaming, renaming_of, with_edits
from track.commands.relabel.edits import Edits
from track.files.crops import CROPS, copy_crops
from track.files.run_facts import RunFacts, find_video, read_facts
from track.files.run_folder import RUN_FILES, held_run_folder
from track.redraw.draw import Look, draw_run, open_video
from track.rows.detections_file import EMBEDDINGS, SavedDetections, load_detections, save_detections
from track.rows.identities_file import IDENTITIES, IdentitiesCsv, IdentityFacts, read_changes, read_crops
from track.rows.run_frames import read_run_frames
from track.rows.stored import StoredTracks, read_stored
from track.run.people import identities_line, identity_facts
from track.run.summary import Summary
from track.sinks.styles import DEFAULT_STYLE, STYLES
from track.sinks.text import TracksCsv, TracksTxt
from track.terminal.interrupt import StopSignal
from track.terminal.progress import Progress

__all__ = ["print_relabelled", "relabel"]

logger = logging.getLogger(__name__)

VIDEO = "annotated.mp4"
NOT_HIDDEN = (
    "the run was made with --style blur, but has no embeddings.npz to tell of detections that belong to nobody: these "
    "are not hidden in the new video"
)


@dataclasses.dataclass(frozen=True)
class _Run:
    """What is read of a run, and what becomes of it."""

    run_dir: Path
    facts: RunFacts
    before: StoredTracks
    after: StoredTracks
    renaming: Renaming


def relabel(
    run_dir: Path, out: Path | None, overwrite: bool, edits: Edits, progress: Progress, video: str | None = None
) -> Summary:
    """Write the files of a run again, with other identities.

    Args:
        run_dir: folder of the run, which stays as it is.
        out: folder of the results; `runs/<run>-relabelled` by default.
        overwrite: whether that folder may hold an earlier result.
        edits: who is who.
        progress: told of every frame that is drawn.
        video: of the run, where it is not where it was; drawn anew where the run has an `annotated.mp4`.

    Raises:
        ValueError, OSError: something cannot be, be read or be written, in one sentence.
    """
    if out is not None and out.exists() and run_dir.exists() and out.samefile(run_dir):
        raise ValueError(f"--out {out} is the run itself: choose another folder")
    before, facts = read_stored(run_dir), read_facts(run_dir)
    renaming = renaming_of(before, edits, run_dir)
    run = _Run(run_dir, facts, before, with_edits(before, renaming), renaming)
    reads = [run_dir / name for name in RUN_FILES]
    name = f"{run_dir.resolve().name}-relabelled"
    with StopSignal(), held_run_folder(name, out, overwrite, reads=reads) as folder:
        folder.remove_unfinished()
        summary = _write(run, folder.path, edits, progress, video)
        folder.remove_stale()
    return summary


def _write(run: _Run, folder: Path, edits: Edits, progress: Progress, video: str | None) -> Summary:
    warnings: list[str] = []
    files = [*_write_video(run, folder, progress, video, warnings), "tracks.txt", "tracks.csv", IDENTITIES]
    kept = _kept_detections(run, warnings)
    if kept is not None:
        save_detections(folder / EMBEDDINGS, kept)
        files.append(EMBEDDINGS)
    identities = _write_rows(run, folder)
    if (folder / CROPS).is_dir():
        files.append(CROPS)
    old = run.facts.summary
    counts = old.get("counts")
    summary = Summary(
        run_dir=folder,
        partial=bool(old.get("partial")),
        reason=old.get("reason"),
        source={**run.facts.source(), "run": run.run_dir},
        counts={
            "frames": counts.get("frames") if isinstance(counts, dict) else None,
            "ids": len(identities.identities),
            "rows": len(run.after),
        },
        identities=identity_facts(identities.identities, run.after.class_names),
        linking=_dict(old.get("linking")),
        files=files,
        warnings=warnings,
        history=[*_history(old.get("history")), {"run": str(run.run_dir), **edits.to_json()}],
    )
    summary.write()
    return summary


def _write_rows(run: _Run, folder: Path) -> IdentitiesCsv:
    facts = IdentityFacts(run.after.names, changes_s=_changes(run))
    facts.crops = copy_crops(run.run_dir, folder, run.renaming.new_id, read_crops(run.run_dir / IDENTITIES))
    after = run.after
    frames = read_run_frames(run.run_dir)
    identities = IdentitiesCsv(folder / IDENTITIES, after.class_names, run.facts.size, facts, frames)
    texts = (
        TracksTxt(folder / "tracks.txt"),
        TracksCsv(folder / "tracks.csv", after.class_names, after.names),
        identities,
    )
    try:
        for tracks in after.by_frame():
            for text in texts:
                text.write(tracks)
        for text in texts:
            text.close()
    except BaseException:
        for text in texts:
            text.discard()
        raise
    return identities


def _changes(run: _Run) -> dict[int, float]:
    """When identities changed their appearance, as the run knew it; not of those that were split, often just there."""
    found = {}
    for old, time_s in read_changes(run.run_dir / IDENTITIES).items():
        starts, targets = run.renaming.parts.get(old, ((0,), (old,)))
        if len(starts) == 1 and targets[0]:
            found[targets[0]] = time_s
    return found


def _kept_detections(run: _Run, warnings: list[str]) -> SavedDetections | None:
    """`embeddings.npz` with the new ids and classes; `None` where there is none that fits the rows."""
    path = run.run_dir / EMBEDDINGS
    if not path.is_file():
        return None
    saved = load_detections(path)
    seen, before = saved.seen, run.before
    named, scored = seen.ids > 0, ~np.isnan(before.scores)
    in_rows = sorted(zip(before.frames[scored].tolist(), before.ids[scored].tolist(), strict=True))
    if in_rows != sorted(zip(seen.frames[named].tolist(), seen.ids[named].tolist(), strict=True)):
        _warn(warnings, f"{path} does not belong to the tracks.csv beside it, which was edited: left out")
        return None
    ids = run.renaming.of(seen.frames, seen.ids)
    class_ids, names = seen.class_ids.copy(), dict(saved.class_names or run.after.class_names)
    for new, name in run.renaming.classes.items():
        number = next((number for number, known in names.items() if known == name), max([-1, *names]) + 1)
        names[number] = name
        class_ids[ids == new] = number
    return dataclasses.replace(saved, seen=dataclasses.replace(seen, ids=ids, class_ids=class_ids), class_names=names)


def _write_video(run: _Run, folder: Path, progress: Progress, video: str | None, warnings: list[str]) -> list[str]:
    """The video drawn anew where the run has one; without its source, nothing but a warning."""
    if not (run.run_dir / VIDEO).is_file() and video is None:
        return []
    try:
        path = find_video(run.run_dir, run.facts, video)
    except (FileNotFoundError, ValueError) as error:
        _warn(warnings, f"no {VIDEO}: {error}")
        return []
    with open_video(path, run.facts, run.run_dir) as source:
        look = Look(run.facts.style if run.facts.style in STYLES else DEFAULT_STYLE)
        if look.hides and not (run.run_dir / EMBEDDINGS).is_file():
            _warn(warnings, NOT_HIDDEN)
        to = folder / VIDEO
        draw_run(run.after, source, run.run_dir, run.facts, to, look, progress, also_hidden=run.before)
    return [VIDEO]


def _warn(warnings: list[str], text: str) -> None:
    logger.warning(text)
    warnings.append(text)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _history(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def print_relabelled(summary: Summary, edits: Edits) -> None:
    """What was done, and where the results are, on standard output."""
    from track.terminal.console import safe_console

    console = safe_console(file=sys.stdout, soft_wrap=True, highlight=False)
    for text in _lines(edits):
        console.print(text, markup=False)
    console.print(identities_line(summary.identities) or "nobody is left", markup=False)
    console.print("results:")
    for name in [*summary.files, "summary.json"]:
        console.print(str(summary.run_dir / name), markup=False)


def _lines(edits: Edits) -> list[str]:
    found = [f"{', '.join(map(str, parts[1:]))} became {parts[0]}" for parts in edits.merges]
    found += [f"{part.track_id} is somebody else from frame {part.frame} on" for part in edits.splits]
    found += [f"{part} is gone" for part in edits.drops]
    found += [f"{part} is called {name}" if name else f"{part} has no name any more" for part, name in edits.names]
    return [*found, *(f"{part} is a {name}" for part, name in edits.classes)]
