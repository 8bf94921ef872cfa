"""A file for a muxer that can still be finished when the disk is full.

An MP4 cannot be played before its index is written, which comes last. So a little space is set aside at the start; when
the disk is full it is given back, the refused write is repeated, and the owner is told to come to an end.
"""

from __future__ import annotations

import contextlib
import errno
import io
from pathlib import Path
from typing import Any

from registry.own_names import own_name
from track.files.partial import open_raw

__all__ = ["ReservedFile"]

RESERVE_BYTES = 4 << 20
"""Holds the frames that the encoder still has (about 40 at 1080p) and the index of some 100,000 frames."""


class ReservedFile:
    """A binary file object (write, seek, tell) that repeats a refused write once, out of its reserve.

    Attributes:
        is_full: whether the reserve is in use: write no new frames, finish the file.

    Raises:
        OSError: there is not even room for the reserve.
    """

    def __init__(self, path: Path, reserve_bytes: int = RESERVE_BYTES) -> None:
        self.partial = own_name(path)
        self.is_full = False
        self._reserve = own_name(path, "reserve")
        self._file = open_raw(self.partial)
        try:
            self._fill_reserve(reserve_bytes)
        except OSError:
            self.close()
            self.partial.unlink(missing_ok=True)
            raise

    def _fill_reserve(self, reserve_bytes: int) -> None:
        """Real bytes: a sparse file would set nothing aside."""
        with contextlib.closing(open_raw(self._reserve)) as file:
            rest = memoryview(bytes(reserve_bytes))
            while rest:
                rest = rest[file.write(rest) or 0 :]

    def write(self, data: bytes) -> int:
        """Write all of `data`."""
        rest = memoryview(data)
        while rest:
            rest = rest[self._write_some(rest) :]
        return len(data)

    def _write_some(self, data: memoryview) -> int:
        try:
            return self._file.write(data) or 0
        except OSError as error:
            if self.is_full or error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
        self.is_full = True
        self._reserve.unlink(missing_ok=True)
        return self._file.write(data) or 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a byte."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Where the next write goes."""
        return self._file.tell()

    def open_again(self, url: str, flags: int, options: Any) -> io.RawIOBase:
        """The file for reading, which the muxer asks for to move the index to the front (`io_open` of PyAV)."""
        return io.FileIO(self.partial, "r")

    def close(self) -> None:
        """Close the file and give back the reserve."""
        self._file.close()
        self._reserve.unlink(missing_ok=True)
