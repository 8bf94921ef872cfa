"""`track link`: link the tracks of a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from track.run import options as tracking
from track.terminal.errors import unknown_to_the_parser

__all__ = ["link_command"]


def link_command(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="Folder of a run, with its tracks.csv.")],
    max_gap: Annotated[
        float, typer.Option(help="Longest gap (s) that is linked and filled.", rich_help_panel="Linking")
    ] = 2.0,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the results.", show_default="runs/<run>-linked", rich_help_panel="Output"),
    ] = None,
    overwrite: tracking.Overwrite = False,
    debug: tracking.Debug = False,
) -> None:
    """Link the tracks of a finished run, as track run --offline does; by appearance too with its embeddings.npz."""
    with unknown_to_the_parser():
        from track.commands.link.relink import print_linked, relink
        from track.terminal.console import open_console

        open_console(debug)
        print_linked(relink(run_dir, out, overwrite, max_gap))
