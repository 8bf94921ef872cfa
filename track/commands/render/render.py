"""`track render`: the rows of a finished run and its video in, `annotated.mp4` in another folder out."""

from __future__ import annotations

import sys
from pathlib import Path

from track.files.run_facts import find_video, read_facts
from track.files.run_folder import RUN_FILES, held_run_folder
from track.redraw.draw import Look, draw_run, open_video
from track.rows.stored import StoredTracks, read_stored
from track.terminal.interrupt import StopSignal
from track.terminal.progress import Progress

__all__ = ["print_rendered", "render"]

VIDEO = "annotated.mp4"


def render(run_dir: Path, video: str | None, out: Path | None, overwrite: bool, look: Look, progress: Progress) -> Path:
    """Draw a run and write `annotated.mp4` into a folder; returns that file.

    Args:
        run_dir: folder of the run, which stays as it is.
        video: its video, where it is not where it was.
        out: folder for the result; `runs/<run>-<style>` by default.
        overwrite: whether an `annotated.mp4` there is replaced. Everything else in that folder stays.
        look: how to draw.
        progress: told of every frame.

    Raises:
        ValueError, OSError: something can't be read or written, in one sentence.
    """
    if out is not None and out.exists() and run_dir.exists() and out.samefile(run_dir):
        raise ValueError(f"--out {out} is the run itself: choose another folder")
    tracks, facts = read_stored(run_dir), read_facts(run_dir)
    _check_known(tracks, look, run_dir)
    path = find_video(run_dir, facts, video)
    name = f"{run_dir.resolve().name}-{look.style}"
    reads = [Path(path), *(run_dir / name for name in RUN_FILES)]
    with (
        StopSignal(),
        open_video(path, facts, run_dir) as source,
        held_run_folder(name, out, overwrite, reads=reads, writes=(VIDEO,)) as folder,
    ):
        folder.remove_unfinished()
        draw_run(tracks, source, run_dir, facts, folder.path / VIDEO, look, progress)
        return folder.path / VIDEO


def _check_known(tracks: StoredTracks, look: Look, run_dir: Path) -> None:
    known = set(tracks.ids.tolist())
    for track_id in sorted(look.only - known):
        near = sorted(known, key=lambda other: (abs(other - track_id), other))[:3]
        nearest = f"; the nearest are {', '.join(map(str, sorted(near)))}" if near else ", which has none"
        raise ValueError(f"--only {track_id}: there is no id {track_id} in {run_dir}{nearest}")


def print_rendered(path: Path, look: Look) -> None:
    """Where the video is, on standard output; and that hiding is no guarantee."""
    from track.terminal.console import safe_console

    console = safe_console(file=sys.stdout, soft_wrap=True, highlight=False)
    if look.hides:
        console.print("who was never detected is not hidden: look at the whole video before you hand it on")
    console.print("results:")
    console.print(str(path), markup=False)
