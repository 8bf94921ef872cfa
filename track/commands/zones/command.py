"""`track zones`: draw lines and zones on a frame in the browser; or count at them in a finished run."""

from __future__ import annotations

from pathlib import Path

from track.commands.zones import options
from track.run import options as tracking
from track.terminal.errors import unknown_to_the_parser

__all__ = ["zones_command"]


def zones_command(
    source: options.Source,
    save: options.Save = None,
    at: options.At = None,
    port: options.Port = None,
    no_open: options.NoOpen = False,
    zones: options.Zones = None,
    size: options.Size = None,
    out: options.Out = None,
    overwrite: tracking.Overwrite = False,
    debug: tracking.Debug = False,
) -> None:
    """Draw lines and zones on a frame in the browser; or, with --zones, count at them in a finished run."""
    drawing: dict[str, object] = {"--save": save, "--at": at, "--port": port, "--no-open": no_open or None}
    counting: dict[str, object] = {"--size": size, "--out": out, "--overwrite": overwrite or None}
    _refuse_without_effect(counting if zones is None else drawing, is_counting=zones is not None)
    with unknown_to_the_parser():
        from track.terminal.console import open_console

        open_console(debug)
        if zones is not None:
            from track.commands.zones.count import count_into, print_counted
            from track.terminal.options import parse_picture_size

            picture = parse_picture_size(size)
            print_counted(count_into(Path(source), zones, out, overwrite=overwrite, size=picture))
        else:
            from track.commands.zones.draw import draw_places

            draw_places(source, save or Path("zones.yaml"), at_s=at or 0.0, port=port or 0, opens=not no_open)


def _refuse_without_effect(others: dict[str, object], *, is_counting: bool) -> None:
    for name, value in others.items():
        if value is not None:
            why = "with --zones, which counts" if is_counting else "without --zones, which names what to count at"
            raise ValueError(f"{name} has no effect {why}: drop it")
