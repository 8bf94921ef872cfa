"""`track models`: list what there is, and what it costs."""

from __future__ import annotations

from typing import Annotated

import typer

from track.terminal.errors import unknown_to_the_parser
from track.terminal.options import DEBUG

__all__ = ["models_command"]


def models_command(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Only these encoders, also timm:NAME.")
    ] = None,
    input_size: Annotated[
        str | None,
        typer.Option(help="Count and time at this size of crops, HEIGHTxWIDTH px; each network's own where left out."),
    ] = None,
    num_classes: Annotated[
        int,
        typer.Option(
            "--classes",
            metavar="N",
            min=0,
            max=10_000_000,
            help="Count with a classifier of so many identities, as papers do.",
        ),
    ] = 0,
    time: Annotated[
        bool, typer.Option("--time", help="Measure crops/s here in each installed runtime (minutes for all).")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    debug: Annotated[bool, typer.Option(DEBUG, help="Show tracebacks.")] = False,
) -> None:
    """List detectors, appearance encoders with what they cost, tracker presets, and the weights on disk."""
    from track.commands.models.listing import ModelsRequest, print_models
    from track.terminal.options import parse_size

    request = ModelsRequest(tuple(names or ()), parse_size(input_size), num_classes, time)
    with unknown_to_the_parser():
        print_models(request, as_json)
