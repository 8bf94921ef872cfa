"""The end of a run on standard output: files, identities, speed by stage, what appearance did."""

from __future__ import annotations

import sys

from registry.words import counted
from track.places.words import place_lines
from track.run.clock import threaded_stages
from track.run.people import identities_line
from track.run.summary import Summary

__all__ = ["MAX_NOTES", "print_summary"]


MAX_NOTES = 5


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
    if people := identities_line(summary.identities):
        console.print(people, style="bold", markup=False)
    console.print(f"{counted(counts['frames'], 'frame')}, {counted(counts['detections'], 'detection')}")
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
    for line in _stage_lines(summary):
        console.print(line, markup=False)
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


def _stage_lines(summary: Summary) -> list[str]:
    """Where the time went: stages one after another, with their share of it; then what went on at the same time."""
    threaded = threaded_stages(summary.stages_ms)
    own = {stage: time for stage, time in summary.stages_ms.items() if stage not in threaded}
    if not own or not summary.fps:
        return []
    frame_ms, longest = 1000 / summary.fps, max(own, key=lambda name: own[name])
    lines = [
        f"{summary.fps:.1f} fps, {frame_ms:.1f} ms a frame, of which",
        f"{'stage':<18}{'ms/frame':>10}{'share':>8}",
    ]
    for stage, time in own.items():
        note = "  most of the time goes here" if stage == longest else ""
        lines.append(f"{stage:<18}{time:>10.2f}{100 * time / frame_ms:>6.0f} %{note}")
    if threaded:
        lines.append("at the same time, in threads of their own, so that it adds nothing:")
        lines += [f"{stage:<18}{summary.stages_ms[stage]:>10.2f}" for stage in threaded]
    return lines
