"""The options that only `track run` has: type, help and group of each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from track.terminal.options import STYLE_HELP

__all__ = ["Crops", "KeepEmbeddings", "NoVideo", "Out", "Source", "Style"]

_WHERE = "Output"


Source = Annotated[
    str,
    typer.Argument(help="Video file, image folder, MOTChallenge sequence folder, camera index, rtsp or http address."),
]


Out = Annotated[
    Path | None, typer.Option(help="Folder for the results.", show_default="runs/<source>", rich_help_panel=_WHERE)
]


Style = Annotated[str, typer.Option(help=f"Of annotated.mp4: {STYLE_HELP}", rich_help_panel=_WHERE)]


NoVideo = Annotated[bool, typer.Option("--no-video", help="Write no annotated.mp4.", rich_help_panel=_WHERE)]


Crops = Annotated[
    int,
    typer.Option(
        help="Write crops/<id>/<frame>.jpg: at most N good and unlike crops of each identity, for people and for "
        "track train-reid.",
        metavar="N",
        show_default="none",
        rich_help_panel=_WHERE,
    ),
]


KeepEmbeddings = Annotated[
    bool,
    typer.Option(
        "--keep-embeddings",
        help="Write embeddings.npz: every detection with its embedding, for track link.",
        rich_help_panel=_WHERE,
    ),
]
