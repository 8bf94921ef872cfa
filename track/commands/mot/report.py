"""The end of `track mot` on standard output."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from track.commands.mot.dataset import RESULTS, SEQUENCES, MotResult, _say
from track.scores.report import print_report
from track.terminal.tables import print_table

if TYPE_CHECKING:
    pass

__all__ = ["print_result"]


def print_result(result: MotResult, form: str = "") -> None:
    """The end of a run on standard output: what was tracked, where the results are, and the scores as `form` (one of
    `FORMS`) or as tables."""
    from rich.table import Table

    from track.terminal.console import safe_console

    console = safe_console(file=sys.stdout, highlight=False, soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    for column in ("sequence", "frames", "detections", "identities", "fps"):
        table.add_column(column, justify="left" if column == "sequence" else "right", no_wrap=True)
    for name, summary in result.summaries.items():
        mark = " (stopped)" if summary.stopped_by is not None else ""
        counts = [str(summary.counts[key]) for key in ("frames", "detections", "ids")]
        table.add_row(f"{name}{mark}", *counts, f"{summary.fps:.1f}")
    print_table(console, table)
    if result.stopped_by is not None:
        done = len(result.summaries) - 1
        _say(console, f"stopped: {done} of {result.num_sequences} sequences are complete", style="yellow")
    if result.report is not None:
        console.print()
        print_report(result.report, events=False, form=form)
        console.print()
    if result.without_truth:
        _say(console, f"without ground truth, so without scores: {', '.join(result.without_truth)}")
    if any(summary.stopped_by is None for summary in result.summaries.values()):
        _say(console, f"results: {result.folder / RESULTS} (one <sequence>.txt each, in submission form)")
    if result.submission is not None:
        _say(console, f"to be handed in: {result.submission}")
    _say(console, f"more of each sequence: {result.folder / SEQUENCES}")
