"""`track relabel`: put the identities of a finished run right."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from track.run import options as tracking
from track.terminal.errors import unknown_to_the_parser
from track.terminal.options import VIDEO_HELP

__all__ = ["relabel_command"]

_WHO = "Who is who (each may be given several times)"


def relabel_command(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="Folder of a run, with its tracks.csv.")],
    merge: Annotated[
        list[str] | None,
        typer.Option(help="Ids of one and the same, such as 3,17; the first stays.", rich_help_panel=_WHO),
    ] = None,
    split: Annotated[
        list[str] | None,
        typer.Option(
            help="5@120: from frame 120 on, 5 is somebody else, under a new id; call that 5@120 in the other options.",
            rich_help_panel=_WHO,
        ),
    ] = None,
    drop: Annotated[
        list[str] | None, typer.Option(help="Ids that are no object, such as 9 or 9,12.", rich_help_panel=_WHO)
    ] = None,
    name: Annotated[list[str] | None, typer.Option(help="4=Anna; 4= takes a name away.", rich_help_panel=_WHO)] = None,
    class_: Annotated[
        list[str] | None, typer.Option("--class", help="6=car: the class of all its boxes.", rich_help_panel=_WHO)
    ] = None,
    video: Annotated[str | None, typer.Option(help=VIDEO_HELP, rich_help_panel="Output")] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the results.", show_default="runs/<run>-relabelled", rich_help_panel="Output"),
    ] = None,
    overwrite: tracking.Overwrite = False,
    debug: tracking.Debug = False,
) -> None:
    """Merge, split, drop and name identities of a finished run; writes all its files anew into another folder."""
    with unknown_to_the_parser():
        from track.commands.relabel.edits import parse_edits
        from track.commands.relabel.relabel import print_relabelled, relabel
        from track.terminal.console import open_console
        from track.terminal.progress import ConsoleProgress

        edits = parse_edits(merge=merge or (), split=split or (), drop=drop or (), name=name or (), class_=class_ or ())
        progress = ConsoleProgress(open_console(debug))
        print_relabelled(relabel(run_dir, out, overwrite, edits, progress, video), edits)
