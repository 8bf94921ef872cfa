"""The options that only `track eval` has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from registry.numbers import MAX_FRAME
from track.terminal.options import DEBUG

__all__ = ["Classes", "Csv", "Debug", "Events", "Force", "Frames", "Gt", "Json", "Pred", "Shift"]

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
Shift = Annotated[
    int,
    typer.Option(
        min=-MAX_FRAME, max=MAX_FRAME, help="Add this to the frame numbers of the tracks.", rich_help_panel=_WHAT
    ),
]
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
