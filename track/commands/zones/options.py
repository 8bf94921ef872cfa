"""The options of `track zones`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["At", "NoOpen", "Out", "Port", "Save", "Size", "Source", "Zones"]

_DRAW, _COUNT = "Drawing", "Counting in a finished run"
Source = Annotated[
    str,
    typer.Argument(
        metavar="VIDEO_OR_RUN", help="To draw: a video, a folder of pictures or a run of one. To count: a run's folder."
    ),
]
Save = Annotated[
    Path | None,
    typer.Option(
        help="File of lines and zones; one that is there is gone on with.",
        show_default="zones.yaml",
        rich_help_panel=_DRAW,
    ),
]
At = Annotated[
    float | None,
    typer.Option(help="Second of the video whose frame is drawn on.", show_default="0", rich_help_panel=_DRAW),
]
Port = Annotated[
    int | None,
    typer.Option(help="Port of the page on this machine.", show_default="a free one", rich_help_panel=_DRAW),
]
NoOpen = Annotated[
    bool, typer.Option("--no-open", help="Print the address of the page, and open no browser.", rich_help_panel=_DRAW)
]
Zones = Annotated[
    Path | None,
    typer.Option(help="Count at the lines and zones of this file instead of drawing.", rich_help_panel=_COUNT),
]
Size = Annotated[
    str | None,
    typer.Option(
        metavar="WIDTHxHEIGHT",
        help="Of the pictures, where the run does not tell it: 1920x1080.",
        rich_help_panel=_COUNT,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(help="Folder for the tables.", show_default="runs/<run>-zones", rich_help_panel=_COUNT),
]
