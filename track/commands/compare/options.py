"""The options of `track compare` that other commands do not have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from registry.defaults import DEFAULT_ENCODER
from track.terminal.options import OWN_NETWORK

__all__ = ["Csv", "Encoders", "Gt", "Json", "NoCache", "Out", "Repeats", "Source", "Trackers", "Weights"]

_WHO, _WHERE = "Identity", "Output"

Source = Annotated[
    str, typer.Argument(help="Video file, image folder, MOTChallenge sequence folder, or a folder of sequences.")
]
Encoders = Annotated[
    str | None,
    typer.Option(
        "--reid",
        help=f"Appearance encoders (see: track models): none,{DEFAULT_ENCODER}. {OWN_NETWORK}",
        show_default="none, colour and those with bundled weights; none where there are no pictures",
        rich_help_panel=_WHO,
    ),
]
Trackers = Annotated[
    str,
    typer.Option("--tracker", help="Presets or your own YAML files: deepsort,strong.", rich_help_panel=_WHO),
]
Weights = Annotated[
    list[str] | None,
    typer.Option(
        "--reid-weights",
        metavar="NAME=FILE",
        help="Weights of one of the encoders, as in: track run --help. May stand there several times.",
        rich_help_panel=_WHO,
    ),
]
Gt = Annotated[
    Path | None,
    typer.Option(
        help="Ground truth: a file, a sequence folder, or a folder of them. Without it the table has tracks, "
        "their mean length, and switches suspected: tracks that begin at most 2 s after another ended, within 0.75 of "
        "their height of where that one was heading, at a similar height (ratio up to 1.4). People who swap ids in "
        "sight do not show in it.",
        rich_help_panel=_WHERE,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(help="Folder for the results.", show_default="runs/compare-<source>", rich_help_panel=_WHERE),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of the table.", rich_help_panel=_WHERE)]
Csv = Annotated[bool, typer.Option("--csv", help="Print CSV instead of the table.", rich_help_panel=_WHERE)]
Repeats = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Track N disturbed draws of the detections as well: mean and deviation of the scores, and which "
        "differences are noise.",
        show_default=False,
        rich_help_panel=_WHERE,
    ),
]
NoCache = Annotated[
    bool,
    typer.Option(
        "--no-cache", help="Detect and embed anew, and keep nothing for the next comparison.", rich_help_panel=_WHERE
    ),
]
