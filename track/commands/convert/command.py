"""`track convert`: a finished run for other programs, and their files as a run or a ground truth."""

from __future__ import annotations

from track.commands.convert import options
from track.run import options as tracking
from track.terminal.errors import unknown_to_the_parser

__all__ = ["convert_command"]


def convert_command(
    source: options.Source,
    to: options.To = None,
    from_: options.From = None,
    out: options.Out = None,
    as_: options.As = None,
    size: options.Size = None,
    fps: options.Fps = None,
    overwrite: tracking.Overwrite = False,
    debug: tracking.Debug = False,
) -> None:
    """Write a finished run for CVAT, Label Studio and others, or read their files into a run or a ground truth."""
    if (to is None) == (from_ is None):
        what = "nothing to do" if to is None else "--to and --from exclude each other"
        raise ValueError(f"{what}: expected --to cvat (a run for CVAT), or --from cvat (a file of CVAT's to a run)")
    if to is not None and as_ is not None:
        raise ValueError(f"--as {as_} has no effect with --to: drop it")
    with unknown_to_the_parser():
        from track.commands.convert import convert
        from track.terminal.console import open_console
        from track.terminal.options import parse_picture_size

        open_console(debug)
        facts = convert.Facts(parse_picture_size(size), convert.checked_rate(fps))
        if to is not None:
            convert.print_written(convert.convert_to(source, to, out, facts, overwrite=overwrite))
        else:
            convert.print_written(
                convert.convert_from(source, from_ or "", out, as_ or "run", facts, overwrite=overwrite)
            )
