"""The program `track`, also `python -m track`: ready for Ctrl-C and closed streams before anything else is imported."""

from __future__ import annotations

import os
import sys

__all__ = ["main"]

BY_CTRL_C = 130
"""128 and the number of the signal; `track.terminal.errors` would have to be imported for it."""


def main() -> None:
    """Run the command line of this process; see `track.cli.main`."""
    try:
        _open_streams()
        from track.cli import main as command_line
    except KeyboardInterrupt:
        print("track: error: stopped: nothing was written", file=sys.stderr)
        sys.exit(BY_CTRL_C)
    command_line()


def _open_streams() -> None:
    """Streams that were closed (`track ... >&-`) lead nowhere: else the next file opened would get their number.

    What the encoding of a terminal cannot show is written out (`\\xf6`), and ends no program.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            handle = os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is the stream's own
            setattr(sys, name, open(handle, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
        elif mode == "w" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    main()
