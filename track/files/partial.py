"""Files that appear under their final name only when complete, and that stay valid when the disk is full."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path

from registry.own_names import own_name

__all__ = ["OutputError", "PartialFile", "open_raw"]


class OutputError(OSError):
    """An output file could not be written any further; what it holds so far is kept."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"could not write {path} any further: {reason}; what was written before is kept")
        self.path = path
        self.reason = reason


def open_raw(path: Path) -> io.RawIOBase:
    """An empty, unbuffered file: what a write took is on its way to the disk, and what it refused is not."""
    return io.FileIO(path, "w+")


class PartialFile:
    """A file that takes whole pieces: one that does not fit on the disk leaves nothing of itself behind.

    Until `commit` it has a name of this process's own, and an earlier file of the final name stays.

    Args:
        path: final name, which the file gets on `commit`.
        in_sight: it has that name from the start, for who reads along; an earlier file goes at once.

    Raises:
        OutputError: the file cannot be created.
    """

    def __init__(self, path: Path, *, in_sight: bool = False) -> None:
        self.path = path
        self._partial = path if in_sight else own_name(path)
        try:
            self._file: io.RawIOBase | None = open_raw(self._partial)
        except OSError as error:
            raise OutputError(path, error.strerror or str(error)) from error
        self._length = 0

    def append(self, data: bytes) -> None:
        """Write all of `data`, or none of it and raise `OutputError`."""
        if self._file is None:
            raise ValueError(f"{self.path} is closed and takes nothing more")
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) or 0 :]
        except OSError as error:
            with contextlib.suppress(OSError):
                self._file.truncate(self._length)
                self._file.seek(self._length)
            raise OutputError(self.path, error.strerror or str(error)) from error
        self._length += len(data)

    def commit(self) -> None:
        """Give the file its final name; a second call does nothing."""
        if self._file is None:
            return
        self._close()
        os.replace(self._partial, self.path)  # noqa: PTH105 (Path.replace does not tell that it overwrites)

    def discard(self) -> None:
        """Remove the file; does nothing after `commit`."""
        if self._file is None:
            return
        self._close()
        self._partial.unlink(missing_ok=True)

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()
