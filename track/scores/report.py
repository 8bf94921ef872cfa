"""`track eval`: scores of tracks against ground truth, as tables, JSON or CSV."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation import COUNTS, PERCENTAGES, EvalOptions, Event, Report, Scores, evaluate, find_pairs, without_truth
from registry.cells import to_cell
from registry.numbers import MAX_FRAME, parse_whole
from registry.words import counted, encodable, printable_lines
from track.rows.run_frames import frames_of
from track.terminal.tables import print_table, table_as

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["parse_span", "print_report", "report_as_csv", "report_as_json", "score"]

COMBINED = "COMBINED"
SHOWN_PERCENTAGES = ("HOTA", "DetA", "AssA", "LocA", "MOTA", "IDF1", "IDP", "IDR")
SHOWN_COUNTS = ("FP", "FN", "IDSW", "Frag", "MT", "PT", "ML", "gt_ids", "gt_boxes", "frames")
SIZES = ("frames", "gt_boxes", "gt_ids", "pred_boxes", "pred_ids")
NO_MATCH = "LocA -: nothing matches, so there is no place to judge (TrackEval, --json and --csv have 100 there)"
EVENT_COLUMNS = ("frame", "event", "gt_id", "from_id", "to_id", "last_frame")


def parse_span(text: str | None) -> tuple[int | None, int | None]:
    """First and last frame of `1-150`; either may be left out.

    Raises:
        ValueError: no such span.
    """
    if text is None:
        return None, None
    match = re.fullmatch(r"\s*([0-9]*)\s*-\s*([0-9]*)\s*", text)
    if match is None or not (match[1] or match[2]):
        raise ValueError(f"--frames is {text!r}, expected the first and the last frame, such as 1-150, 20- or -150")
    first, last = (parse_whole(digits, "--frames", 0, MAX_FRAME) if digits else None for digits in match.groups())
    return first, last


def score(gt: Path, pred: Path, sequences: tuple[str, ...], options: EvalOptions) -> Report:
    """Find the files, look at them and score them; see `evaluation.evaluate`."""
    pairs = [
        dataclasses.replace(pair, looked_at=frames_of(pair.prediction)) for pair in find_pairs(gt, pred, sequences)
    ]
    report = evaluate(pairs, options)
    unscored = None if pred.is_file() else without_truth(gt, pairs, chosen=bool(sequences))
    return report if unscored is None else dataclasses.replace(report, warnings=(*report.warnings, unscored))


def print_report(report: Report, *, events: bool, form: str = "") -> None:
    """Print the scores on standard output, as `form` (one of `FORMS`) or as tables, and warnings on standard error."""
    from track.terminal.console import safe_console

    messages = safe_console(stderr=True, soft_wrap=True, highlight=False)
    for text in report.warnings:
        messages.print(f"warning: {text}", style="yellow", markup=False)
    if form == "json":
        print(report_as_json(report, events=events))
    elif form in ("markdown", "latex"):
        print("\n".join(table_as(form, table) for table in _tables(report, events)), end="")
    elif form == "csv":
        print(printable_lines(_events_as_csv(report) if events else report_as_csv(report)), end="")
    else:
        _print_tables(report, events)
    sys.stdout.flush()


def report_as_json(report: Report, *, events: bool) -> str:
    """The whole report: percentages from 0 to 100, unrounded."""
    content: dict[str, Any] = {
        "rules": list(report.rules),
        "warnings": list(report.warnings),
        "combined": _flat(report.combined),
        "classes": [{"class": label, **_flat(scores)} for label, scores in report.by_class],
        "sequences": [
            {
                "sequence": result.sequence,
                "class": result.label,
                "rules": result.rules,
                "first_frame": result.span[0],
                "last_frame": result.span[1],
                **_flat(result.scores),
            }
            for result in report.results
        ],
    }
    if events:
        content["events"] = [
            {"sequence": result.sequence, "class": result.label, **dataclasses.asdict(event)}
            for result in report.results
            for event in result.events
        ]
    return json.dumps(content, indent=2)


def report_as_csv(report: Report) -> str:
    """One line a sequence and class, then those combined; percentages from 0 to 100, unrounded."""
    header = ("sequence", "class", *PERCENTAGES, *COUNTS, *SIZES)
    return _csv([header, *((*names, *_flat(scores).values()) for names, scores in _rows(report))])


def _events_as_csv(report: Report) -> str:
    return _csv([("sequence", "class", *EVENT_COLUMNS), *_event_rows(report)])


def _csv(rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [to_cell(cell) if isinstance(cell, str) else cell for cell in row] for row in rows
    )
    return encodable(text.getvalue())


def _flat(scores: Scores) -> dict[str, float | int]:
    percentages: Mapping[str, float] = {name: scores.percentages[name] for name in PERCENTAGES}
    return {**percentages, **{name: scores.counts[name] for name in (*COUNTS, *SIZES)}}


def _rows(report: Report) -> list[tuple[tuple[str, str], Scores]]:
    """Names and scores of every line of a table."""
    lines = [((result.sequence, result.label), result.scores) for result in report.results]
    lines += [((COMBINED, label), scores) for label, scores in report.by_class]
    return [*lines, ((COMBINED, ""), report.combined)] if len(lines) > 1 else lines


def _event_rows(report: Report) -> list[tuple[str | int, ...]]:
    return [(result.sequence, result.label, *_event_row(event)) for result in report.results for event in result.events]


def _event_row(event: Event) -> tuple[str | int, ...]:
    return event.frame, event.kind, event.gt_id, event.from_id, event.to_id, event.last_frame


def _tables(report: Report, events: bool) -> list[Table]:
    return [
        _table("%", SHOWN_PERCENTAGES, report),
        _table("counts", SHOWN_COUNTS, report),
        *([_event_table(report)] if events else []),
    ]


def _print_tables(report: Report, events: bool) -> None:
    from track.terminal.console import safe_console

    tables = _tables(report, events)
    endless = safe_console(width=10_000)
    width = max(endless.measure(table).maximum for table in tables)
    console = safe_console(file=sys.stdout, highlight=False)
    console.width = max(width, console.width)  # no figure is ever cut
    for text in report.rules:
        console.print(f"rules: {text}", markup=False, soft_wrap=True)
    for table in tables:
        console.print()
        print_table(console, table)
    if any(_is_undefined(scores, "LocA") for _, scores in _rows(report)):
        console.print(f"\n{NO_MATCH}", markup=False, soft_wrap=True)


def _table(title: str, columns: tuple[str, ...], report: Report) -> Table:
    from rich.table import Table

    with_classes = len({result.label for result in report.results}) > 1
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("sequence", no_wrap=True)
    if with_classes:
        table.add_column("class", no_wrap=True)
    for column in columns:
        table.add_column(column.replace("_", " "), justify="right", no_wrap=True)
    for (sequence, label), scores in _rows(report):
        style = "bold" if sequence == COMBINED else None
        table.add_row(sequence, *([label] if with_classes else []), *(_cell(scores, c) for c in columns), style=style)
    return table


def _cell(scores: Scores, column: str) -> str:
    """Five digits of a percentage, as TrackEval prints them; counts in full."""
    if _is_undefined(scores, column):
        return "-"
    return f"{scores.percentages[column]:#.5g}" if column in scores.percentages else str(scores.counts[column])


def _is_undefined(scores: Scores, column: str) -> bool:
    """Whether a percentage is a mean over no match at all."""
    return column == "LocA" and scores["DetPr"] == scores["DetRe"] == 0


def _event_table(report: Report) -> Table:
    from rich.table import Table

    rows = _event_rows(report)
    kinds = [result.events for result in report.results]
    switches = sum(event.kind == "switch" for events in kinds for event in events)
    title = f"events: {counted(switches, 'switch', 'switches')}, {counted(len(rows) - switches, 'fragmentation')}"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in ("sequence", "class", *EVENT_COLUMNS):
        numeric = column not in ("sequence", "class", "event")
        table.add_column(column.replace("_", " "), justify="right" if numeric else "left", no_wrap=True)
    for row in rows:
        table.add_row(*map(str, row))
    return table
