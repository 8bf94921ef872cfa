"""Video files: any container and codec that FFmpeg reads, with seeking, and damaged ones as far as they decode."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av

from registry.picture_limits import MAX_PIXELS
from registry.words import counted
from track.sources.clock import FrameClock, without_wild_stamps
from track.sources.decode import (
    MAX_READ_ERRORS,
    decode_packets,
    frame_rate,
    length_of,
    notes_on,
    video_stream,
)
from track.sources.display import BgrConverter, pixel_aspect
from track.sources.opening import OpenFile, open_file
from track.sources.types import BaseSource, Frame, TimeSpan

__all__ = ["VideoFile"]

SEEK_MARGIN_S = 0.5
"""Seek this much before the start: with reordered frames the frame at a time may stand after a later key frame."""
MAX_NETWORK_ERRORS = 3
"""Each may take the whole time-out of a connection."""
EARLY_END_S = 0.5
"""A file whose pictures end this much before its own length was cut short; containers round by less."""


class VideoFile(BaseSource):
    """The frames of a video file (or of a finite file behind `http://`), with their own time stamps.

    They are as a player shows them: upright, and with square pixels.

    Args:
        path: file, or the address of one.
        span: part to read.
        container: the opened file where the caller has opened it already.

    Raises:
        ValueError: not a video, no frame in it, or the span lies beyond its end.
    """

    def __init__(self, path: Path | str, span: TimeSpan, *, name: str | None = None, container: Any = None) -> None:
        shown = name or str(path)
        self._max_read_errors = MAX_READ_ERRORS if container is None else MAX_NETWORK_ERRORS
        super().__init__(name or Path(path).stem, span)
        self._file: OpenFile | None = open_file(Path(path)) if container is None else None
        self._container = container if self._file is None else self._file.container
        try:
            self._stream = video_stream(self._container, shown)
            self.fps = frame_rate(self._stream)
            self._convert = BgrConverter(pixel_aspect(self._stream))
            self.report.notes += notes_on(self._container, self._stream)
            self._length = length_of(self._container, self._stream)
            self._clock = FrameClock(self.fps, None if self._length is None else self._length.longest_s)
            if self._length is not None:
                span.check_inside(shown, self._length.longest_s)
            self._frames = self._from_start(shown)
            self.num_frames = self._count_frames()
        except BaseException:
            self.release()
            raise

    def _from_start(self, shown: str) -> Iterator[Frame]:
        """Frames of the span; its first is decoded here, which tells the size and that there is one."""
        frames = self._decode()
        first = next(frames, None)
        if first is None:
            if self._clock.index >= 0:
                to_end = "" if self.span.end_s is None else f" to --end {self.span.end_s:g}"
                lasts = "" if self._length is None else f"; it lasts {self._length.shortest_s:.2f} s"
                raise ValueError(f"{shown} has no frame from --start {self.span.start_s:g}{to_end} s{lasts}")
            raise ValueError(
                f"{shown} holds no frame that can be decoded: it is empty or damaged, or its pictures are of more than "
                f"{MAX_PIXELS // 10**6} megapixels, and must be scaled down first"
            )
        if first.image is not None:
            self.height, self.width = first.image.shape[:2]
        return itertools.chain([first], frames)

    def _count_frames(self) -> int | None:
        if self.span == TimeSpan() and self._stream.frames:
            return int(self._stream.frames)
        return None if self._length is None else self.span.num_frames(self._length.shortest_s, self.fps)

    def _decode(self) -> Iterator[Frame]:
        for picture in without_wild_stamps(self._decoded_from_key_frame(), self.fps, self.report):
            index, time_s = self._clock.tick(picture, frames_may_be_lost=self.report.corrupt > 0)
            if self.span.is_after(time_s):
                return
            if not self.span.is_before(time_s):
                yield Frame(index, time_s, self._convert(picture))

    def _decoded_from_key_frame(self) -> Iterator[Any]:
        """Decoded pictures from the first one or, for a later start, from a key frame before it."""
        decoded = decode_packets(self._container, self._stream, self.report, self._max_read_errors)
        first = next(decoded, None)
        if first is None:
            return
        if self.span.start_s <= SEEK_MARGIN_S or first.pts is None or not self._seek(first):
            yield first
            yield from decoded
            return
        self._clock.tick(first)
        decoded = decode_packets(self._container, self._stream, self.report, self._max_read_errors)
        landed = next(decoded, None)
        if landed is not None:
            self._clock.jump_before(landed)
            yield landed
        yield from decoded

    def _seek(self, first: Any) -> bool:
        offset = round((self.span.start_s - SEEK_MARGIN_S) / first.time_base)
        try:
            self._container.seek(first.pts + offset, stream=self._stream, backward=True)
        except (av.FFmpegError, OSError):
            return False  # not seekable: read from the first frame and drop
        return True

    def read_frames(self) -> Iterator[Frame]:
        """The frames of the span."""
        yield from self._frames
        self._note_damage()

    def _note_damage(self) -> None:
        if self.report.corrupt:
            self.report.note_once(f"{self.report.corrupt} packets or frames were damaged; the rest was tracked")
        if self.report.wild_stamps:
            self.report.note_once(
                f"time stamps of {counted(self.report.wild_stamps, 'frame')} were damaged and replaced"
            )
        read_s = self._clock.time_s + 1.0 / self.fps
        told_s = 0.0 if self._length is None or self.span.end_s is not None else self._length.shortest_s
        if not self.report.wild_stamps and read_s < told_s - EARLY_END_S:
            self.report.note_once(f"the file ends after {read_s:.2f} s of its {told_s:.2f} s: it was cut short")
        if self._file is not None and self._file.refused:
            self.report.note_once(
                f"the playlist names {self._file.refused[0]}, which is not beside or below it: left out"
            )

    def release(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
        else:
            self._container.close()
