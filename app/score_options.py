"""The options of `track eval`, and those of `track mot` that `track run` does not have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.options import DEBUG

__all__ = [
    "Classes",
    "Csv",
    "Dataset",
    "Debug",
    "Detector",
    "Events",
    "Force",
    "Frames",
    "Gt",
    "Json",
    "Out",
    "Pred",
    "Reid",
    "Rules",
    "Sequences",
    "Shift",
]

_FILES, _WHAT, _SHOW = "Files", "What is scored", "Output"

Gt = Annotated[
    Path,
    typer.Option(
        help="Ground truth: a file, a sequence folder (gt/gt.txt), a folder of them, or a folder of <sequence>.txt.",
        rich_help_panel=_FILES,
    ),
]
Pred = Annotated[
    Path,
    typer.Option(help="Tracks: a file, a run's folder, or a folder of <sequence>.txt.", rich_help_panel=_FILES),
]
Sequences = Annotated[
    str | None, typer.Option(help="Take these sequences only: TUD-Campus,KITTI-17.", rich_help_panel=_FILES)
]
Rules = Annotated[
    str,
    typer.Option(
        help="auto, mot15, mot16, mot17, mot20 (pedestrians, distractors, flags), or own (class by class). auto goes "
        "by the looks of the ground truth, and says so.",
        rich_help_panel=_WHAT,
    ),
]
Classes = Annotated[
    str | None,
    typer.Option(
        help="Score these classes only, by name (pedestrian) or number (1); any takes all as one.",
        rich_help_panel=_WHAT,
    ),
]
Frames = Annotated[
    str | None,
    typer.Option(help="First and last frame to score: 1-150.", show_default="all", rich_help_panel=_WHAT),
]
Shift = Annotated[int, typer.Option(help="Add this to the frame numbers of the tracks.", rich_help_panel=_WHAT)]
Force = Annotated[bool, typer.Option("--force", help="Score also what looks like a wrong file.", rich_help_panel=_WHAT)]
Events = Annotated[
    bool, typer.Option("--events", help="List every identity switch and fragmentation.", rich_help_panel=_SHOW)
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.", rich_help_panel=_SHOW)]
Csv = Annotated[
    bool,
    typer.Option(
        "--csv", help="Print the scores (with --events: the events) as CSV instead of tables.", rich_help_panel=_SHOW
    ),
]

Debug = Annotated[bool, typer.Option(DEBUG, help="Show tracebacks.", rich_help_panel="Running")]

Dataset = Annotated[
    Path, typer.Argument(help="Folder of MOTChallenge-style sequences (seqinfo.ini with det/ or img1/, gt/ optional).")
]
Detector = Annotated[
    str,
    typer.Option(
        help="public (each sequence's det/), yolo, motion, or a path as in: track run --help.",
        rich_help_panel="Detection",
    ),
]
Reid = Annotated[
    str | None,
    typer.Option(
        help="Appearance encoder (see: track models); none for motion alone.",
        show_default="dogenet50, or none where pictures are missing",
        rich_help_panel="Identity",
    ),
]
Out = Annotated[
    Path | None, typer.Option(help="Folder for the results.", show_default="runs/<dataset>", rich_help_panel="Output")
]
