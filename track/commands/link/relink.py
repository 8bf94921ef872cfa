"""`track link`: a run's `tracks.csv` (and `embeddings.npz`) in, linked tracks in a new folder out."""

from __future__ import annotations

import logging
import math
import sys
from pathlib import Path

import numpy as np

from registry.json_texts import parse_json
from track.files.crops import CROPS, copy_crops
from track.files.run_facts import read_facts
from track.files.run_folder import RUN_FILES, held_run_folder
from track.rows.appearance import changes_of
from track.rows.finished_run import FinishedRun, read_run
from track.rows.identities_file import IDENTITIES, IdentitiesCsv, IdentityFacts, read_crops
from track.rows.offline import linked_rows, linking_facts
from track.rows.run_frames import read_run_frames
from track.run.people import identities_line, identity_facts
from track.run.summary import Summary
from track.sinks.text import TracksCsv, TracksTxt
from track.terminal.interrupt import StopSignal
from tracker.offline.linking import LinkConfig, Linked

__all__ = ["print_linked", "relink"]


_logger = logging.getLogger(__name__)
_NO_BORDER = (
    "embeddings.npz is of an older version and does not tell what the border of the picture cuts off, so tracks "
    "may take in such boxes at their ends: run track run again with --keep-embeddings"
)


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
    if out is not None and out.exists() and run_dir.exists() and out.samefile(run_dir):
        raise ValueError(f"--out {out} is the run itself: choose another folder")
    run = read_run(run_dir)
    _refuse_linked(run, run_dir)
    config = run.link_config(max_gap_s)
    name, reads = f"{run_dir.resolve().name}-linked", [run_dir / name for name in RUN_FILES]
    with StopSignal(), held_run_folder(name, out, overwrite, reads=reads) as folder:
        folder.remove_unfinished()
        summary = _write(run, run_dir, folder.path, config)
        folder.remove_stale()
    return summary


def _refuse_linked(run: FinishedRun, run_dir: Path) -> None:
    """A second time would smooth what is smooth already; with `embeddings.npz`, the raw boxes are linked anew."""
    if run.saved is not None:
        return
    try:
        summary = parse_json((run_dir / "summary.json").read_text(encoding="utf-8"))
        is_linked, source = bool(summary["linking"]), summary["source"].get("run")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # not ours: then nothing says that it is linked
        return
    if is_linked:
        what = f"give the run it was linked from, {source}" if source else "track run again without --offline to do so"
        raise ValueError(f"run {run_dir} is linked already: {what}")


def _write(run: FinishedRun, run_dir: Path, folder: Path, config: LinkConfig) -> Summary:
    warnings = [_NO_BORDER] if run.saved is not None and run.seen.cut_off is None else []
    for warning in warnings:
        _logger.warning(warning)
    rows, linked = linked_rows(run.seen, run.moments, config)
    source, matches = read_facts(run_dir), _Matches(run, linked)
    names = matches.names()
    facts = IdentityFacts(
        names, changes_s=changes_of(run.seen, matches.new_ids, run.moments, config.max_cosine, source.size)
    )
    facts.crops = copy_crops(run_dir, folder, matches.new_id, read_crops(run_dir / IDENTITIES))
    frames = read_run_frames(run_dir)
    identities = IdentitiesCsv(folder / IDENTITIES, run.class_names, source.size, facts, frames)
    texts = (
        TracksTxt(folder / "tracks.txt"),
        TracksCsv(folder / "tracks.csv", run.class_names, names),
        identities,
    )
    for text in texts:
        for tracks in rows:
            text.write(tracks)
        text.close()
    summary = Summary(
        run_dir=folder,
        source={**source.source(), "run": run_dir, "with_embeddings": run.saved is not None},
        configuration={"max_gap_s": config.max_gap_s},
        counts={"frames": len(run.moments.frames), "ids": linked.report.kept, "rows": len(linked.ids)},
        linking=linking_facts(linked, config),
        identities=identity_facts(identities.identities, run.class_names),
        files=["tracks.txt", "tracks.csv", IDENTITIES, *([CROPS] if facts.crops else [])],
        warnings=warnings,
    )
    summary.write()
    return summary


class _Matches:
    """Which new identity each detection of a run came to."""

    def __init__(self, run: FinishedRun, linked: Linked) -> None:
        self._run = run
        self.new_ids = np.zeros(len(run.seen.ids), np.int64)
        there = linked.detection >= 0
        self.new_ids[linked.detection[there]] = linked.ids[there]
        frames, ids = run.seen.frames.tolist(), run.seen.ids.tolist()
        self._new = dict(zip(zip(frames, ids, strict=True), self.new_ids.tolist(), strict=True))

    def new_id(self, frame: int, old: int) -> int:
        """That of an old one at a frame; 0 where it was dropped."""
        return self._new.get((frame, old), 0)

    def names(self) -> dict[int, str]:
        """The names of the new identities: of their first piece that has one."""
        found: dict[int, str] = {}
        named = np.flatnonzero(np.isin(self._run.seen.ids, list(self._run.names)) & (self.new_ids > 0))
        for row in named[np.argsort(self._run.seen.frames[named], kind="stable")].tolist():
            found.setdefault(int(self.new_ids[row]), self._run.names[int(self._run.seen.ids[row])])
        return found


def print_linked(summary: Summary) -> None:
    """What was done, and where the results are, on standard output."""
    from track.terminal.console import safe_console

    console = safe_console(file=sys.stdout, soft_wrap=True, highlight=False)
    did = summary.linking
    if not any(did[name] for name in ("links", "dropped", "taken_in", "filled")):
        console.print(f"nothing to link: the tracks ({did['tracks']}) stay as they are", markup=False)
    else:
        console.print(summary.linking_line(), markup=False)
    if people := identities_line(summary.identities):
        console.print(people, markup=False)
    console.print("results:")
    for name in [*summary.files, "summary.json"]:
        console.print(str(summary.run_dir / name), markup=False)
