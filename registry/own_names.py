"""Names of unfinished files: hidden, beside the final name, and of one process only, whoever else writes there."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

__all__ = ["is_unfinished", "own_name", "replacing"]

_UNFINISHED = re.compile(r"\..+\.\d+-[0-9a-f]{6}\.(partial|reserve)", re.DOTALL)


def own_name(path: Path, kind: str = "partial") -> Path:
    """`.<name>.<process>-<random>.<kind>` beside `path`: a name that no other process uses.

    The number of the process alone would not do: two containers that share a folder may both be process 1.

    Args:
        path: final name.
        kind: `partial` for what will get that name, `reserve` for space that is set aside for it.

    Raises:
        ValueError: a device, such as `/dev/null`, would be replaced by a file.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise ValueError(f"{path} is a device, a pipe or a socket, expected a file or a folder; give another one")
    return path.with_name(f".{path.name}.{_token(os.getpid())}.{kind}")


def is_unfinished(name: str) -> bool:
    """Whether that is the name of an unfinished file, of whatever process."""
    return _UNFINISHED.fullmatch(name) is not None


@functools.cache
def _token(process: int) -> str:
    return f"{process}-{secrets.token_hex(3)}"


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A name beside `path` to write to; what stands there at the end takes the place of `path` at once.

    After an error `path` is as it was, and the other file is gone.
    """
    unfinished = own_name(path)
    try:
        yield unfinished
        os.replace(unfinished, path)  # noqa: PTH105 (Path.replace does not tell that it overwrites)
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
