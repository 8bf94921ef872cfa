"""The options that only `track mot` has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from registry.defaults import DEFAULT_ENCODER
from track.terminal.options import OWN_NETWORK

__all__ = ["Dataset", "Detector", "Out", "Reid"]


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
        help=f"Appearance encoder (see: track models); none for motion alone. {OWN_NETWORK}",
        show_default=f"{DEFAULT_ENCODER}, or none where pictures are missing",
        rich_help_panel="Identity",
    ),
]


Out = Annotated[
    Path | None, typer.Option(help="Folder for the results.", show_default="runs/<dataset>", rich_help_panel="Output")
]
