"""Files opened so that neither their names nor what stands in them reaches anything else.

FFmpeg takes names for addresses (`tcp:...`, `12:30.ts`) and patterns (`a%03d.png`), and follows the names in playlists.
So it is handed an open file under a plain name, no protocol at all, and of the files that a playlist asks for those
beside or below it.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import av

from registry.picture_limits import MAX_PIXELS

__all__ = ["DECODER_LIMITS", "OpenFile", "open_file"]

DECODER_LIMITS = {"max_pixels": str(MAX_PIXELS)}
"""For decoders, which else take the memory before anybody sees a size."""
UNFINISHED_PLAYLIST = {"live_start_index": "0", "m3u8_hold_counters": "2"}
"""A list without an end mark is read from its first entry, and looked at twice for new ones: nobody adds any."""
BUFFER_BYTES = 1 << 17
CONCAT_HEAD, SDP_HEAD = b"ffconcat version", b"v=0"
CONCAT_FORMATS = "concat,mov,matroska,mpegts,mpeg,avi,flv,mjpeg,h264,hevc,ogg,asf,wav,png_pipe,jpeg_pipe"
"""What the files of a concat list may be: none that names further files itself."""


class OpenFile:
    """A media file, opened.

    Args:
        path: where it lies.
        file: open for reading; belongs to this object from now on.

    Attributes:
        container: of PyAV.
        refused: names that a playlist asked for and did not get.
    """

    def __init__(self, path: Path, file: io.FileIO) -> None:
        self.refused: list[str] = []
        self._path = path
        self._folder = path.resolve().parent
        self._file = file
        try:
            self.container = self._open()
        except (av.FFmpegError, OSError) as error:
            file.close()
            raise ValueError(self._why(error)) from error
        except BaseException:
            file.close()
            raise

    def _open(self) -> Any:
        head = self._file.read(64)
        self._file.seek(0)
        if head.startswith(SDP_HEAD):
            raise ValueError(
                f"{self._path} describes a stream (SDP), for which network ports would be opened: give the address of "
                "the stream itself, such as rtsp://..."
            )
        if head.startswith(CONCAT_HEAD):
            return self._open_concat()
        suffix = self._path.suffix  # helps to tell formats apart, and is all of the name that FFmpeg sees
        self._file.name = f"source{suffix}" if re.fullmatch(r"\.[A-Za-z0-9]{1,8}", suffix) else "source"
        return av.open(
            self._file,
            options={**DECODER_LIMITS, **UNFINISHED_PLAYLIST, "protocol_whitelist": "none"},
            metadata_errors="replace",  # errors in names or tags of a file must not stop it from being read
            buffer_size=BUFFER_BYTES,
            io_open=self._open_named,
        )

    def _open_concat(self) -> Any:
        """FFmpeg reads the names in such a list by itself: with `safe`, plain ones without a way up; as files only."""
        options = {"protocol_whitelist": "file", "format_whitelist": CONCAT_FORMATS, "safe": "1", **DECODER_LIMITS}
        try:
            return av.open(f"file:{self._path.absolute()}", options=options, metadata_errors="replace")
        except PermissionError:
            self.refused.append("a name with a way up, from the root, or with other than letters, digits and ._-")
            raise

    def _open_named(self, name: str, _flags: int, _options: Any) -> io.FileIO:
        """A file that a playlist names, or the playlist again."""
        if name == self._file.name:
            return io.FileIO(self._path)
        path = (self._folder / name).resolve()
        if not path.is_relative_to(self._folder) or not path.is_file():
            self.refused.append(name)
            raise PermissionError(1, "refused")
        return io.FileIO(path)

    def _why(self, error: Any) -> str:
        if self.refused:
            return (
                f"{self._path} is a playlist, and may name only files beside or below it, but names {self.refused[0]}"
            )
        return (
            f"{self._path} cannot be read as a video ({error.strerror or error}): it is not one, or was cut short "
            "before its index was written"
        )

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        self.container.close()
        self._file.close()


def open_file(path: Path) -> OpenFile:
    """Open a media file.

    Raises:
        ValueError: it is empty, no file, or cannot be read as a video.
    """
    if not path.is_file():
        raise ValueError(f"{path} is a device or a pipe: expected a video file, or the index of a camera, such as 0")
    if path.stat().st_size == 0:
        raise ValueError(f"{path} is empty (0 bytes): expected a video file")
    try:
        file = io.FileIO(path)
    except OSError as error:
        raise ValueError(f"{path} may not be read: {error.strerror}") from error
    return OpenFile(path, file)
