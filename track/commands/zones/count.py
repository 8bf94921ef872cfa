"""`track zones RUN --zones zones.yaml`: a finished run in, `events.csv` and `zones.csv` in a new folder out."""

from __future__ import annotations

import sys
from pathlib import Path

from registry.own_names import replacing
from track.files.run_folder import RUN_FILES, held_run_folder
from track.places.file import read_places
from track.places.finished import PlaceCounts, count_run, size_of_run
from track.places.tables import EVENTS_FILE, ZONES_FILE, event_lines, header_line, zones_table
from track.places.totals import totals_facts
from track.places.words import place_lines
from track.rows.stream import tracks_file
from track.run.summary import Summary
from track.terminal.interrupt import StopSignal

__all__ = ["count_into", "print_counted"]


def count_into(
    run: Path, zones: Path, out: Path | None, *, overwrite: bool = False, size: tuple[int, int] | None = None
) -> Summary:
    """Count a finished run at lines and zones, and write the tables and `summary.json` into a folder.

    Args:
        run: folder of the run, which stays as it is, or its `tracks.csv`.
        zones: the file of lines and zones.
        out: folder of the results; `runs/<run>-zones` by default.
        overwrite: whether that folder may hold an earlier result.
        size: width and height (px) of the pictures, where the run does not tell it.

    Raises:
        ValueError, OSError: something can't be read or written, in one sentence.
    """
    table = tracks_file(run)
    if out is not None and out.exists() and out.samefile(table.parent):
        raise ValueError(f"--out {out} is the run itself: choose another folder")
    places = read_places(zones, size or size_of_run(run))
    name = f"{table.resolve().parent.name}-zones"
    reads = [zones, *(table.parent / file for file in RUN_FILES)]
    with StopSignal(), held_run_folder(name, out, overwrite, reads=reads) as folder:
        folder.remove_unfinished()
        counts = count_run(run, places)
        _write(folder.path, counts)
        summary = Summary(
            run_dir=folder.path,
            source={"run": table.parent},
            configuration={"zones": zones},
            zones=totals_facts(counts.events, places),
            files=[EVENTS_FILE, ZONES_FILE],
        )
        summary.write()
        folder.remove_stale()
    return summary


def _write(folder: Path, counts: PlaceCounts) -> None:
    texts = {
        EVENTS_FILE: header_line() + event_lines(counts.events),
        ZONES_FILE: zones_table(counts.events, counts.places, counts.classes, counts.last_s),
    }
    for name, text in texts.items():
        with replacing(folder / name) as path:
            path.write_text(text, encoding="utf-8", newline="")


def print_counted(summary: Summary) -> None:
    """What was counted, and where the results are, on standard output."""
    from track.terminal.console import safe_console

    console = safe_console(file=sys.stdout, soft_wrap=True, highlight=False)
    for line in place_lines(summary.zones):
        console.print(line, markup=False)
    console.print("results:")
    for name in [*summary.files, "summary.json"]:
        console.print(str(summary.run_dir / name), markup=False)
