"""The options that only `track tune` has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from registry.defaults import DEFAULT_ENCODER
from track.terminal.options import OWN_NETWORK

__all__ = ["Dataset", "Detector", "Gt", "Out", "Preset", "Reid", "Seed", "Trials"]

_SEARCH = "Search"

Dataset = Annotated[
    Path,
    typer.Argument(help="Folder of MOTChallenge-style sequences, one such sequence, a video, or a folder of videos."),
]
Gt = Annotated[
    Path | None,
    typer.Option(
        help="Ground truth: a file, a sequence folder, or a folder with <name>/gt/gt.txt or <name>.txt of each.",
        show_default="gt/gt.txt of each sequence",
        rich_help_panel="Files",
    ),
]
Trials = Annotated[
    int,
    typer.Option(
        help="Settings tried for the preset; half as many again for each part that is left out in turn.",
        rich_help_panel=_SEARCH,
    ),
]
Preset = Annotated[
    str,
    typer.Option(help="Preset to start from (see: track models), or your own YAML file.", rich_help_panel=_SEARCH),
]
Seed = Annotated[int, typer.Option(help="Of the search.", rich_help_panel=_SEARCH)]
Detector = Annotated[
    str | None,
    typer.Option(
        help="public (each sequence's det/), yolo, motion, or a path as in: track run --help.",
        show_default="public where there is a det/, else auto",
        rich_help_panel="Detection",
    ),
]
Reid = Annotated[
    str | None,
    typer.Option(
        help=f"Appearance encoder (see: track models); none for motion alone. {OWN_NETWORK}",
        show_default=f"{DEFAULT_ENCODER}, or none where pictures are missing",
        rich_help_panel="Identity",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        help="Folder for best.yaml, tune.json and the study. A study that is there goes on.",
        show_default="runs/tune-<dataset>",
        rich_help_panel="Output",
    ),
]
