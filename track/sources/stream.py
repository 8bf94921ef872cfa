"""Network streams (`rtsp://`, `http://`, ...) with bounded waits and a bounded number of reconnections."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import av

from track.sources.decode import BgrConverter, FrameClock, decode_packets, duration_s, frame_rate, video_stream
from track.sources.types import BaseSource, Frame, Source, TimeSpan
from track.sources.video import VideoFile

__all__ = ["LiveStream", "open_stream"]

OPEN_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 10.0
RETRY_DELAYS_S = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Waits before each try to reconnect; the stream has ended when all of them failed."""


def open_stream(url: str, span: TimeSpan) -> Source:
    """A finite file behind an address as `VideoFile`, anything without a known length as `LiveStream`.

    Raises:
        ValueError: the address does not answer within `OPEN_TIMEOUT_S`, or gives no video.
    """
    container = _connect(url)
    try:
        stream = video_stream(container, public_address(url))
        if url.lower().startswith("http") and duration_s(container, stream) is not None:
            return VideoFile(url, span, name=_stream_name(url), container=container)
        return LiveStream(url, span, container)
    except BaseException:
        container.close()
        raise


def public_address(url: str) -> str:
    """The address without user name, password and query: it is shown and logged."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"


def _stream_name(url: str) -> str:
    return f"stream-{urlsplit(url).hostname or 'unknown'}"


def _connect(url: str) -> Any:
    options = {"rtsp_transport": "tcp"} if url.lower().startswith("rtsp") else {}
    try:
        return av.open(url, options=options, timeout=(OPEN_TIMEOUT_S, READ_TIMEOUT_S), metadata_errors="replace")
    except (av.FFmpegError, OSError) as error:
        raise ValueError(
            f"stream {public_address(url)} cannot be opened ({error.strerror or error}) within {OPEN_TIMEOUT_S:g} s: "
            "check the address and that it gives video"
        ) from error


class LiveStream(BaseSource):
    """Frames of a live stream; when it breaks off, it is opened again and the time goes on as on the clock.

    Args:
        url: address.
        span: part to read, in s since the first frame.
        container: the opened stream.
    """

    def __init__(self, url: str, span: TimeSpan, container: Any) -> None:
        super().__init__(_stream_name(url), span)
        self.is_live = True
        self._url = url
        self._convert = BgrConverter()
        self._use(container)
        self._decoded = decode_packets(container, self._stream, self.report, max_read_errors=1)
        self._first = next(self._decoded, None)
        if self._first is None:
            raise ValueError(f"stream {public_address(url)} gave no picture: check that it is running")
        self.height, self.width = self._convert(self._first).shape[:2]

    def _use(self, container: Any) -> None:
        self._container = container
        self._stream = video_stream(container, public_address(self._url))
        self.fps = frame_rate(self._stream)

    def _pictures(self) -> Iterator[tuple[Any, float]]:
        """Decoded pictures, each with the time in s at which its connection's clock starts."""
        offset_s, connected_at = 0.0, time.monotonic()
        yield self._first, offset_s
        self._first = None
        while True:
            for picture in self._decoded:
                if self._is_closed:
                    return
                yield picture, offset_s
            if self._is_closed or not self._reconnect():
                return
            offset_s = time.monotonic() - connected_at

    def _reconnect(self) -> bool:
        """Whether one of the tries found the stream again."""
        self._container.close()
        for delay_s in RETRY_DELAYS_S:
            time.sleep(delay_s)
            if self._is_closed:
                return False
            try:
                self._use(_connect(self._url))
            except ValueError:
                continue
            self._decoded = decode_packets(self._container, self._stream, self.report, max_read_errors=1)
            self.report.reconnects += 1
            self.report.note_once("the stream broke off and was opened again; the time jumps there")
            return True
        self.report.note_once(f"the stream ended: {len(RETRY_DELAYS_S)} tries to reconnect failed")
        return False

    def read_frames(self) -> Iterator[Frame]:
        """Pictures as they come, over all connections."""
        clock, offset_s, index, time_s = FrameClock(self.fps), 0.0, -1, 0.0
        for picture, connection_offset_s in self._pictures():
            if connection_offset_s != offset_s:
                clock = FrameClock(self.fps)
                offset_s = connection_offset_s
            _, connection_time_s = clock.tick(picture)
            previous_s, time_s = time_s, offset_s + connection_time_s
            index += 1
            if index and time_s <= previous_s:
                time_s = previous_s + 1.0 / self.fps
            if self.span.is_after(time_s):
                return
            if not self.span.is_before(time_s):
                yield Frame(index, time_s, self._convert(picture))

    def release(self) -> None:
        """Hang up."""
        self._container.close()
