"""The end of a run on standard output: files, identities, speed by stage, what appearance did."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from registry.words import counted
from track.places.words import place_lines
from track.run.clock import threaded_stages
from track.run.summary import Summary
from track.terminal.tables import print_table

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["MAX_NOTES", "SHOWN_MS", "print_summary"]


MAX_NOTES = 5


SHOWN_MS = 0.05
"""Below, a speed would be the clock's own noise."""


def print_summary(summary: Summary) -> None:
    """The end of a run on standard output: files, identities, speed by stage, what appearance did."""
    from track.terminal.console import safe_console

    console = safe_console(file=sys.stdout, soft_wrap=True, highlight=False)
    if summary.partial:
        text = f"partial: {summary.reason}; the files hold what was tracked so far"
        console.print(text, style="yellow", markup=False)
    for note in _first(summary.source["notes"]):
        console.print(f"warning: {note}", style="yellow", markup=False)
    counts = summary.counts
    console.print(
        f"{counted(counts['frames'], 'frame')}, {counted(counts['detections'], 'detection')}, "
        f"{counted(counts['ids'], 'identity', 'identities')} "
        f"({counted(counts['tracks_never_confirmed'], 'track')} never confirmed)"
    )
    if counts["rejected_detections"]:
        reasons = ", ".join(f"{number} {reason}" for reason, number in counts["rejected_detections"].items())
        console.print(f"unusable detections dropped: {reasons}")
    if not counts["ids"]:
        console.print(
            f"nothing was tracked: {_advice(counts['detections'], summary.configuration['every'])}",
            style="yellow",
            markup=False,
        )
    if summary.encoder_line():
        console.print(summary.encoder_line(), markup=False)
    if summary.appearance_line():
        console.print(summary.appearance_line())
    if summary.linking_line():
        console.print(summary.linking_line())
    for line in place_lines(summary.zones):
        console.print(line, markup=False)
    print_table(console, _stage_table(summary))
    console.print("results:")
    for name in [*summary.files, "summary.json"]:
        console.print(str(summary.run_dir / name), markup=False)


def _advice(num_detections: int, every: int) -> str:
    """What to try when no track came about."""
    if num_detections and every > 1:
        return f"an object must be found several times, and --every {every} looks seldom; try a smaller one"
    if not num_detections:
        return "the detector found no object; try a lower --conf, other --classes or another --detector"
    return "no object was seen in enough frames in a row, and surely enough; try a lower --conf or --tracker deepsort"


def _first(notes: list[str]) -> list[str]:
    """The first notes, and how many more there are: a folder of damaged pictures has one for each."""
    if len(notes) <= MAX_NOTES:
        return notes
    return [*notes[:MAX_NOTES], f"{counted(len(notes) - MAX_NOTES, 'more warning')}, see summary.json"]


def _stage_table(summary: Summary) -> Table:
    """Time and speed by stage, in the order of the pipeline."""
    from rich.table import Table

    table = Table(title=f"{summary.fps:.1f} fps", title_justify="left", box=None, pad_edge=False)
    table.add_column("stage")
    table.add_column("ms/frame", justify="right")
    table.add_column("fps", justify="right")
    table.add_column("")
    threaded = threaded_stages(summary.stages_ms)
    own = {stage: time for stage, time in summary.stages_ms.items() if stage not in threaded}
    for stage, milliseconds in summary.stages_ms.items():
        fps = f"{1000 / milliseconds:.0f}" if milliseconds >= SHOWN_MS else ""
        beside = "beside the rest, in a thread of its own" if stage in threaded else ""
        if stage == max(own, key=lambda name: own[name]):
            beside = "most of the time goes here"
        table.add_row(stage, f"{milliseconds:.2f}", fps, beside)
    return table
