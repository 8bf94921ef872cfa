"""What a command may not touch: files outside of its folder, and the network. An audit hook notes it (PEP 578)."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["close_network", "is_inside", "watch"]

NEW_NETWORK = 0x40000000
"""CLONE_NEWNET of unshare(2)."""
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = frozenset(
    {"os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.truncate", "os.symlink", "os.link", "os.chmod"}
)
LOOKUPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
CONNECTIONS = frozenset({"socket.connect", "socket.sendto"})
HERE = re.compile(r"localhost|::1|0\.0\.0\.0|127(\.\d{1,3}){3}|None|b''|")
FREE = ("/dev/", "/proc/", "/sys/")


def close_network() -> None:
    """Leave for a network namespace without any interface; does nothing where the system does not let us."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).unshare(NEW_NETWORK)


def is_inside(name: object, folders: Sequence[str]) -> bool:
    """Whether a path of an audit event lies in one of some real folders; numbers of open files do."""
    if not isinstance(name, (str, bytes, os.PathLike)):
        return True
    try:
        path = os.path.realpath(os.fsdecode(name))
    except (ValueError, OSError):
        return True  # no path: nothing can be written there
    return path.startswith(FREE) or any(path == folder or path.startswith(f"{folder}/") for folder in folders)


def watch(notes: int, folders: Sequence[Path]) -> None:
    """Note from now on in the open file `notes`, a line each, what is touched outside of `folders`."""
    real = [os.path.realpath(folder) for folder in folders]
    is_noting = False

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal is_noting
        if is_noting:  # to resolve a path raises events of its own
            return
        is_noting = True
        try:
            if (text := _offence(event, arguments, real)) is not None:
                os.write(notes, f"{text}\n".encode(errors="backslashreplace"))
        finally:
            is_noting = False

    sys.addaudithook(hook)


def _offence(event: str, arguments: tuple[Any, ...], folders: Sequence[str]) -> str | None:
    if event == "open":
        name, mode, flags = arguments
        writes = any(letter in str(mode) for letter in "wax+") if isinstance(mode, str) else bool(flags & WRITES)
        return None if not writes or is_inside(name, folders) else f"wrote {name!r}"
    if event in CHANGES:
        names = arguments[:2] if event in {"os.rename", "os.link", "os.symlink"} else arguments[:1]
        names = names[1:] if event in {"os.symlink", "os.link"} else names
        outside = [name for name in names if not is_inside(name, folders)]
        # rmdir and mkdir of what is there, and the like, are refused by the system: no harm, but still not ours
        return f"{event} {outside[0]!r}" if outside else None
    if event in LOOKUPS and HERE.fullmatch(str(arguments[0])) is None:
        return f"looked up {arguments[0]!r}"
    if event in CONNECTIONS and isinstance(arguments[1], tuple) and HERE.fullmatch(str(arguments[1][0])) is None:
        return f"connected to {arguments[1][0]!r}"
    return None
