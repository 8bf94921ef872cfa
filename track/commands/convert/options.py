"""The options of `track convert`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["As", "Fps", "From", "Out", "Size", "Source", "To"]

_WHAT, _PICTURES = "Format", "What is not told"
Source = Annotated[
    Path,
    typer.Argument(
        metavar="RUN_OR_FILE", help="With --to: folder of a run. With --from: the file of the other program."
    ),
]
To = Annotated[
    str | None,
    typer.Option(
        "--to",
        rich_help_panel=_WHAT,
        help="cvat, mot, coco, yolo, label-studio, supervision, geojson, parquet or rerun.",
        show_default=False,
    ),
]
From = Annotated[
    str | None,
    typer.Option("--from", rich_help_panel=_WHAT, help="cvat, mot, coco or label-studio.", show_default=False),
]
Out = Annotated[
    Path | None,
    typer.Option(
        help="File or folder of the result; mot and yolo become a zip where it ends in .zip.",
        show_default="runs/<name>-<format>, or runs/<name> with --from",
        rich_help_panel="Output",
    ),
]
As = Annotated[
    str | None,
    typer.Option(
        "--as",
        rich_help_panel=_WHAT,
        help="With --from: run (a run's folder), or gt (gt/gt.txt and seqinfo.ini).",
        show_default="run",
    ),
]
Size = Annotated[
    str | None,
    typer.Option(
        metavar="WIDTHxHEIGHT", rich_help_panel=_PICTURES, help="Of the pictures, where nothing tells it: 1920x1080."
    ),
]
Fps = Annotated[
    float | None,
    typer.Option(
        rich_help_panel=_PICTURES, help="Frames per second, where nothing tells it.", show_default="the file's, else 25"
    ),
]
