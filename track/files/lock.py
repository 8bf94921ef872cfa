"""One writer at a time: a hidden file that the operating system locks, and that says who holds it since when.

The lock is the operating system's (`flock`, on Windows `LockFile`), so it goes with its process, however that ends: no
number of a process is ever asked whether it still lives. The text in the file is for people: who is writing there now,
or who was killed there.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from registry.json_texts import parse_json

__all__ = ["FolderTakenError", "Holder", "Lock", "locked"]

logger = logging.getLogger(__name__)

LARGEST_TEXT = 4096
_REFUSED = frozenset({errno.EACCES, errno.EAGAIN, errno.EDEADLK, errno.EWOULDBLOCK})
_FAR_BYTE = 1 << 30
"""Windows locks bytes, and nobody else may read those: one beyond the text."""
TRIES = 100


class FolderTakenError(ValueError):
    """Another process is writing there at this moment."""


@dataclass(frozen=True)
class Holder:
    """Who took a lock.

    Attributes:
        process: its number; 0 where the file does not tell.
        started: when, in UTC, as a person reads it.
        host: name of its machine.
    """

    process: int = 0
    started: str = ""
    host: str = ""

    def __str__(self) -> str:
        if not self.process:
            return "an unknown process"
        host = "" if self.host in ("", socket.gethostname()) else f" on {self.host}"
        return f"process {self.process}{host}, begun {self.started} UTC"


class Lock:
    """A lock that is held.

    Attributes:
        killed: who held it before and was killed; `None` where nobody was.
        leave: whether what says so stays afterwards, for the next who asks.
    """

    def __init__(self, killed: Holder | None) -> None:
        self.killed = killed
        self.leave = False


@contextlib.contextmanager
def locked(path: Path, what: str) -> Iterator[Lock]:
    """Hold the lock file `path` inside of the `with`; it is gone afterwards.

    Args:
        path: of the lock file, whose folder exists.
        what: that it stands for, for the error, such as the folder.

    Raises:
        FolderTakenError: another process holds it (or this one does already).
        OSError: the file cannot be made; `FileNotFoundError` where its folder is gone.
    """
    handle = _taken(path, what)
    lock = Lock(_read(handle))
    try:
        started = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
        _write(handle, Holder(os.getpid(), started, socket.gethostname()))
        yield lock
    finally:
        if lock.leave and lock.killed is not None:
            _write(handle, lock.killed)
            os.close(handle)
        else:
            _remove(path, handle)


def _remove(path: Path, handle: int) -> None:
    with contextlib.suppress(OSError):  # first, so that whoever opens it from now on makes a new file
        path.unlink()
    os.close(handle)
    if os.name == "nt":  # which removes no open file
        with contextlib.suppress(OSError):
            path.unlink()


def _taken(path: Path, what: str) -> int:
    for _ in range(TRIES):
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(handle)
            if _is_at(handle, path):
                return handle
        except OSError as error:
            if error.errno in _REFUSED:
                holder = _read(handle) or Holder()
                os.close(handle)
                raise FolderTakenError(
                    f"another run is writing to {what} ({holder}): wait for its end, or choose another --out"
                ) from None
            logger.warning("%s takes no locks (%s): do not start a second run there", path.parent, error.strerror)
            return handle
        os.close(handle)  # its holder has just ended and removed it: it locks nothing any more
    raise FolderTakenError(f"{what} is taken by one run after another: choose another --out")


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _lock(handle: int) -> None:
    """Lock an open file for this process, or raise `OSError` at once."""
    if os.name == "nt":
        import msvcrt

        os.lseek(handle, _FAR_BYTE, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _read(handle: int) -> Holder | None:
    """Who is written in the file; `None` where it is empty, so new."""
    os.lseek(handle, 0, os.SEEK_SET)
    text = os.read(handle, LARGEST_TEXT)
    if not text:
        return None
    try:
        found = parse_json(text)
        return Holder(int(found["process"]), str(found["started"]), str(found["host"]))
    except (ValueError, KeyError, TypeError):
        return Holder()


def _write(handle: int, holder: Holder) -> None:
    text = json.dumps({"process": holder.process, "started": holder.started, "host": holder.host}).encode()
    with contextlib.suppress(OSError):  # a full disk: the lock holds all the same
        os.ftruncate(handle, 0)
        os.lseek(handle, 0, os.SEEK_SET)
        os.write(handle, text)
