"""A comparison as a table, as CSV and as JSON."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import sys
from typing import TYPE_CHECKING, Any

from registry.cells import to_cell
from registry.own_names import replacing
from registry.words import counted, encodable, printable_lines
from track.commands.compare.plot import plot_comparison
from track.commands.compare.repeats import DISTURBANCE, differences_in_words, spread_of
from track.commands.compare.result import Comparison, Row
from track.files.versions import versions
from track.scenes.load import HIGH_LOAD
from track.terminal.tables import print_table, table_as

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["SEQUENCES", "as_csv", "as_json", "print_comparison", "write_files"]

SEQUENCES = "sequences"
"""Folder of the comparisons of the single sequences, where there are several."""
PERCENTAGES, COUNTS = ("HOTA", "AssA", "IDF1", "MOTA"), ("IDSW",)
WITHOUT_TRUTH = ("tracks", "mean_length_s", "switches_suspected")
SPEED = ("crops_per_s", "fps")
MARK = "*"
TITLES = {
    "mean_length_s": "mean length, s",
    "switches_suspected": "switches suspected",
    "crops_per_s": "crops/s",
}
MEANING = (
    "switches suspected: tracks that begin within 2 s of another's end and where that one was heading; people who swap "
    "ids in sight do not show"
)


def figures(row: Row) -> dict[str, float | int | None]:
    """Every figure of a row by name; percentages from 0 to 100."""
    scores: dict[str, float | int | None] = {}
    if row.report is not None:
        combined = row.report.combined
        scores = {name: combined.percentages[name] for name in PERCENTAGES}
        scores |= {name: combined.counts[name] for name in COUNTS}
        for name in (*PERCENTAGES, *COUNTS) if row.repeats else ():
            spread = spread_of(row.repeats, name)
            scores |= {f"{name}_mean": spread.mean, f"{name}_sd": spread.deviation}
    facts = row.continuity
    return {
        **scores,
        "tracks": facts.num_tracks,
        "mean_length_s": facts.mean_length_s,
        "switches_suspected": facts.suspected_switches,
        "crops_per_s": row.crops_per_s,
        "fps": row.fps,
        "load": row.load,
    }


def as_csv(comparison: Comparison) -> str:
    """One line for each encoder and tracker; nothing stands where there is no figure."""
    lines = [
        {"encoder": to_cell(row.encoder), "tracker": to_cell(row.tracker), **figures(row)} for row in comparison.rows
    ]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return encodable(text.getvalue())


def as_json(comparison: Comparison) -> str:
    """All of it, with the settings that took effect, the times, and what came from the cache."""
    config, seen = comparison.config, comparison.seen
    content = {
        "source": config.run.source,
        "sequences": list(comparison.sequences),
        "frames": seen.num_frames,
        "detections": seen.num_boxes,
        "detector": {"asked": config.run.detector, "used": seen.detector},
        "settings": {
            name: getattr(config.run, name) for name in ("classes", "conf", "iou", "imgsz", "device", "seed", "online")
        },
        "span_s": [config.run.start_s, config.run.end_s],
        "ground_truth": None if config.gt is None else str(config.gt),
        "rows": [_row_as_json(comparison, row) for row in comparison.rows],
        "from_cache": list(comparison.from_cache),
        "warnings": warnings_of(comparison),
        "versions": versions(),
    }
    return json.dumps(content, indent=2)


def _row_as_json(comparison: Comparison, row: Row) -> dict[str, Any]:
    weights = comparison.config.weights.get(row.encoder)
    return {
        "encoder": row.encoder,
        "tracker": row.tracker,
        "weights": None if weights is None else str(weights),
        "runtime": row.runtime,
        **figures(row),
        "repeats": [{name: report.combined[name] for name in (*PERCENTAGES, *COUNTS)} for report in row.repeats],
        "crops": row.num_crops,
        "seconds": row.seconds,
        "loads": row.loads,
        "tracker_settings": dataclasses.asdict(row.settings),
        "files": row.folder.name,
    }


def warnings_of(comparison: Comparison) -> list[str]:
    """What a person should know before believing the figures; each text once, whichever run it is of."""
    texts = list(comparison.seen.notes)
    texts += [
        f"{preset.name} is compared with detection at every frame; what its every: {preset.every} saves and costs, "
        "track run shows"
        for preset in comparison.config.trackers
        if preset.every > 1
    ]
    for row in comparison.rows:
        found = () if row.report is None else row.report.warnings
        texts += [_without_folder(text, comparison, row) for text in found]
    return list(dict.fromkeys(texts))


def _without_folder(text: str, comparison: Comparison, row: Row) -> str:
    """The same warning for every run: which of them wrote a file is no matter here."""
    for sequence in comparison.sequences:
        path = comparison.folder / SEQUENCES / sequence / row.folder.name / "tracks.txt"
        text = text.replace(str(path), f"the tracks of {sequence}")
    return text.replace(str(row.folder / "tracks.txt"), "the tracks")


def write_files(comparison: Comparison) -> None:
    """Write `compare.csv`, `compare.json` and `compare.png` into the folder of the comparison."""
    for name, text in (("compare.csv", as_csv(comparison)), ("compare.json", as_json(comparison) + "\n")):
        with replacing(comparison.folder / name) as path:
            path.write_bytes(text.encode())
    with replacing(comparison.folder / "compare.png") as path:
        plot_comparison(path, comparison)


def print_comparison(comparison: Comparison, form: str = "") -> None:
    """Print the result on standard output, as `form` (one of `FORMS`) or as a table, and warnings on standard error."""
    from track.terminal.console import safe_console

    messages = safe_console(stderr=True, soft_wrap=True, highlight=False)
    for text in warnings_of(comparison):
        messages.print(f"warning: {text}", style="yellow", markup=False)
    if form in ("json", "csv"):
        print(as_json(comparison) if form == "json" else printable_lines(as_csv(comparison)).rstrip("\n"))
        return
    if form:
        print(table_as(form, _table(comparison)), end="")
        return
    console = safe_console(file=sys.stdout, highlight=False, soft_wrap=True)
    for line in _before(comparison):
        console.print(line, markup=False)
    table = _table(comparison)
    wide = safe_console(file=sys.stdout, highlight=False)
    wide.width = max(wide.width, safe_console(width=10_000).measure(table).maximum)  # no figure is ever cut
    print_table(wide, table)
    for line in _after(comparison):
        console.print(line, markup=False)


def _before(comparison: Comparison) -> list[str]:
    seen = comparison.seen
    detect_fps = seen.num_frames / max(seen.detect_s, 1e-9)
    lines = [
        f"{comparison.source}: {counted(seen.num_frames, 'frame')}, {counted(seen.num_boxes, 'detection')} by "
        f"{seen.detector} "
        f"({detect_fps:.1f} fps)"
    ]
    rules = {rule for row in comparison.rows if row.report is not None for rule in row.report.rules}
    return [*lines, *(f"rules: {rule}" for rule in sorted(rules)), ""]


def _table(comparison: Comparison) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    has_truth = comparison.config.gt is not None
    columns = (*PERCENTAGES, *COUNTS, *SPEED) if has_truth else (*WITHOUT_TRUTH, *SPEED)
    for column in ("encoder", "tracker"):
        table.add_column(column, no_wrap=True)
    for column in columns:
        table.add_column(TITLES.get(column, column), justify="right", no_wrap=True)
    for row in comparison.rows:
        values = figures(row)
        cells = (_cell(column, values[column]) + _mark(row, column) + _around(row, column) for column in columns)
        table.add_row(row.encoder, row.tracker, *cells)
    return table


def _around(row: Row, column: str) -> str:
    """Mean and deviation over the draws of `--repeats`."""
    if not row.repeats or column not in (*PERCENTAGES, *COUNTS):
        return ""
    spread, digits = spread_of(row.repeats, column), 2 if column in PERCENTAGES else 1
    return f" ({spread.mean:.{digits}f} ± {spread.deviation:.{digits}f})"


def _mark(row: Row, column: str) -> str:
    """What tells that a speed was measured beside other programs."""
    if column not in SPEED or (column == "crops_per_s" and row.crops_per_s is None):
        return ""
    load = row.loads["embed"] if column == "crops_per_s" else row.load
    return MARK if load > HIGH_LOAD else ""


def _cell(column: str, value: float | int | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, int):
        return str(value)
    if column in SPEED:
        return f"{value:.0f}" if value >= 100 else f"{value:.1f}"
    return f"{value:.2f}" if column in PERCENTAGES else f"{value:.1f}"


def _after(comparison: Comparison) -> list[str]:
    lines = [""]
    if comparison.config.gt is None:
        lines.append(MEANING)
    if comparison.config.repeats:
        lines.append(
            f"in brackets mean and deviation of {comparison.config.repeats} draws of the detections ({DISTURBANCE}); "
            f"differences are taken draw by draw, with their 95 % intervals, and say nothing of other videos"
        )
        lines += differences_in_words(comparison.rows)
    lines.append("fps: detection, encoder and tracker one after the other, without decoding and drawing")
    busiest = max(row.load for row in comparison.rows)
    if busiest > HIGH_LOAD:
        lines.append(
            f"{MARK} other programs kept more than {HIGH_LOAD:.0%} of the cores busy while this was measured (up to "
            f"{busiest:.0%}): the speed is too low; on a machine at rest, --no-cache measures again"
        )
    if comparison.from_cache:
        lines.append(f"from the cache, with the times measured then: {', '.join(comparison.from_cache)}")
    lines.append(f"results: {comparison.folder} (compare.csv, compare.json, compare.png, the tracks of each run)")
    if comparison.sequences:
        lines.append(f"of each sequence: {comparison.folder / SEQUENCES} ({', '.join(comparison.sequences)})")
    cache = comparison.cache
    if cache.enabled:
        lines.append(f"cache: {cache.folder}, {cache.num_bytes() / 1e6:.1f} MB (safe to delete)")
    return lines
