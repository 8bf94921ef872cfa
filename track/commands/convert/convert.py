"""A run's folder to a file of another program, and back."""

from __future__ import annotations

import contextlib
import logging
import math
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from registry import unknown_name
from registry.words import counted
from track.files.inputs import refuse_to_replace
from track.files.run_folder import folder_name, held_run_folder
from track.formats.catalogue import Format, format_named, read_file, write_files
from track.formats.run_folder import read_track_set, write_ground_truth, write_run
from track.formats.types import DEFAULT_FPS
from track.rows.stream import tracks_file
from track.terminal.interrupt import StopSignal

__all__ = ["Facts", "checked_rate", "convert_from", "convert_to", "print_written"]

_logger = logging.getLogger(__name__)
_MOST_LISTED = 6
_LABELS = re.compile(r"frame_\d{6,}\.txt")
KINDS = ("run", "gt")


@dataclass(frozen=True)
class Facts:
    """What the user says of the pictures: width and height (px), frames per second."""

    size: tuple[int, int] | None = None
    fps: float | None = None


def checked_rate(fps: float | None) -> float | None:
    """Frames per second that can be.

    Raises:
        ValueError: they cannot.
    """
    if fps is not None and not (math.isfinite(fps) and 0 < fps <= 1e6):
        raise ValueError(f"--fps is {fps:g}, expected frames per second such as 25")
    return fps


def convert_to(run: Path, name: str, out: Path | None, facts: Facts, *, overwrite: bool) -> list[Path]:
    """Write a finished run in another format; the files that were written.

    Args:
        run: its folder, which stays as it is, or its `tracks.csv`.
        name: of the format.
        out: file or folder; `runs/<run>-<format>` by default.
        facts: about the pictures, where the run does not tell them.
        overwrite: whether an earlier result may be replaced.

    Raises:
        ValueError, OSError: something can't be read or written, in one sentence.
    """
    form = format_named("--to", name)
    table = tracks_file(run)
    stem = f"{folder_name(table.resolve().parent.name)}-{name}"
    out = Path("runs") / f"{stem}{form.suffix}" if out is None else out
    _check_target(out, form, table, overwrite=overwrite)
    with StopSignal():
        tracks = read_track_set(run, size=facts.size, fps=facts.fps)
        try:
            written = write_files(form, tracks, out)
            _remove_longer(out / "labels", written)
            return written
        except OSError as error:
            raise ValueError(f"cannot write to {out} ({error.strerror or error}): choose another --out") from error


def _check_target(out: Path, form: Format, table: Path, *, overwrite: bool) -> None:
    is_file = bool(form.suffix) or out.suffix.lower() == ".zip"
    if out.is_dir() and is_file:
        raise ValueError(f"--out {out} is a folder, expected a file such as {out / f'tracks{form.suffix}'}")
    if out.is_file() and not is_file:
        raise ValueError(f"--out {out} is a file, expected a folder, or a name that ends in .zip")
    if not is_file and out.is_dir() and out.samefile(table.parent):
        raise ValueError(f"--out {out} is the run itself: choose another folder")
    refuse_to_replace([table], [out])
    holds = out.is_file() or (out.is_dir() and any(out.iterdir()))
    if holds and not overwrite:
        raise ValueError(f"{out} is there already: use --overwrite, or another --out")


def _remove_longer(labels: Path, written: Sequence[Path]) -> None:
    """Remove the labels of an earlier, longer run, once the new ones are there; what else lies beside them stays."""
    kept = set(written)
    if any(file.parent == labels for file in kept):
        for file in labels.iterdir():
            if _LABELS.fullmatch(file.name) and file not in kept:
                with contextlib.suppress(IsADirectoryError):
                    file.unlink(missing_ok=True)


def convert_from(path: Path, name: str, out: Path | None, kind: str, facts: Facts, *, overwrite: bool) -> list[Path]:
    """Read a file of another program into a run's folder, or into a ground truth; the files that were written.

    Args:
        path: the file; of MOT 1.1 a folder, too.
        name: of the format.
        out: folder; `runs/<file>` by default.
        kind: `run` or `gt`.
        facts: about the pictures, where the file does not tell them.
        overwrite: whether an earlier result may be replaced.

    Raises:
        ValueError, OSError: something can't be read or written, in one sentence.
    """
    form = format_named("--from", name)
    if kind not in KINDS:
        raise ValueError(str(unknown_name("--as", kind, KINDS)))
    tracks = read_file(form, path, size=facts.size, fps=facts.fps)
    if not tracks.tells_fps:
        _logger.warning(
            f"{path.name} does not tell its rate: {DEFAULT_FPS:g} frames per second are taken; --fps sets it"
        )
    writes = ("gt/gt.txt", "gt/labels.txt", "seqinfo.ini") if kind == "gt" else ("tracks.*", "summary.json")
    stem = path.resolve().name if path.is_dir() else path.stem
    with StopSignal(), held_run_folder(stem, out, overwrite, reads=[path], writes=writes) as folder:
        folder.remove_unfinished()
        if kind == "gt":
            return write_ground_truth(folder.path, tracks)
        summary = write_run(folder, tracks, path)
        folder.remove_stale()
    return [summary.run_dir / file for file in (*summary.files, "summary.json")]


def print_written(files: Sequence[Path]) -> None:
    """Where the results are, on standard output."""
    from track.terminal.console import safe_console

    console = safe_console(file=sys.stdout, soft_wrap=True, highlight=False)
    console.print("results:")
    for file in files[:_MOST_LISTED]:
        console.print(str(file), markup=False)
    if len(files) > _MOST_LISTED:
        console.print(f"and {counted(len(files) - _MOST_LISTED, 'more file')} beside them")
