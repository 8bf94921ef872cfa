"""`track render`: draw a finished run anew."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from track.run import options as tracking
from track.terminal.errors import unknown_to_the_parser
from track.terminal.options import STYLE_HELP, VIDEO_HELP

__all__ = ["render_command"]


def render_command(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="Folder of a run, with its tracks.csv.")],
    style: Annotated[str, typer.Option(help=STYLE_HELP, rich_help_panel="Picture")] = "boxes",
    only: Annotated[
        str | None, typer.Option(help="Show (with blur: hide) these ids only: 3,4.", rich_help_panel="Picture")
    ] = None,
    trail: Annotated[
        float | None,
        typer.Option(help="Length of the trails (s); 0 for none.", show_default="2", rich_help_panel="Picture"),
    ] = None,
    blur_others: Annotated[
        bool, typer.Option("--blur-others", help="Hide whoever is not in --only.", rich_help_panel="Picture")
    ] = False,
    faces: Annotated[
        bool, typer.Option("--faces", help="Hide heads, not whole people.", rich_help_panel="Picture")
    ] = False,
    video: Annotated[str | None, typer.Option(help=VIDEO_HELP, rich_help_panel="Picture")] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for annotated.mp4.", show_default="runs/<run>-<style>", rich_help_panel="Output"),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the annotated.mp4 in that folder.", rich_help_panel="Output")
    ] = False,
    debug: tracking.Debug = False,
) -> None:
    """Draw a finished run, linked, relabelled or edited by hand, on its video again; writes annotated.mp4."""
    with unknown_to_the_parser():
        from track.commands.render.render import print_rendered, render
        from track.redraw.draw import Look
        from track.terminal.console import open_console
        from track.terminal.options import parse_ids
        from track.terminal.progress import ConsoleProgress

        look = Look(style, parse_ids("--only", only), trail, blur_others, faces)
        progress = ConsoleProgress(open_console(debug))
        print_rendered(render(run_dir, video, out, overwrite, look, progress), look)
