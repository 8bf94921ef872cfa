"""Network streams (`rtsp://`, `http://`, ...) with bounded waits and a bounded number of reconnections."""

from __future__ import annotations

import itertools
import time
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import av

from track.sources.clock import FrameClock, without_wild_stamps
from track.sources.decode import decode_packets, frame_rate, length_of, notes_on, video_stream
from track.sources.display import BgrConverter, pixel_aspect
from track.sources.lateness import Lateness
from track.sources.opening import DECODER_LIMITS
from track.sources.types import BaseSource, Frame, Source, TimeSpan
from track.sources.video import VideoFile

__all__ = ["LiveStream", "open_stream"]

OPEN_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 10.0
RETRY_DELAYS_S = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Waits before each try to reconnect; the stream has ended when all of them failed."""
MAX_RECONNECTS = 100
MAX_OUTAGE_S = 600.0
"""Of all breaks of a stream together: after more of either it has ended."""
NUM_COMPARED = 5
"""Pictures by which a recording is known again that a server sends from its start at each connection."""
MAX_FILE_BYTES = 1 << 40
"""A server that announces more means a stream."""
_WEB = "http,https,httpproxy,tls,tcp,crypto,data"
PROTOCOLS = {
    "http": _WEB,
    "https": _WEB,
    "rtsp": "rtsp,tcp,tls",
    "rtsps": "rtsp,tcp,tls",
    "rtmp": "rtmp,tcp",
    "udp": "udp",
    "tcp": "tcp",
}
"""What FFmpeg may use for each kind of address: a playlist or session description from there opens neither files nor
ports for others to send to."""
_PLAYLISTS = frozenset({"hls", "dash", "mpjpeg"})
"""Formats for which the size of what is sent says nothing of the video's end."""


def open_stream(url: str, span: TimeSpan) -> Source:
    """A finite file behind an address as `VideoFile`, anything without a known end as `LiveStream`.

    Raises:
        ValueError: the address does not answer within `OPEN_TIMEOUT_S`, or gives no video.
    """
    container = _connect(url)
    try:
        stream = video_stream(container, public_address(url))
        if _is_finite(url, container, stream):
            return VideoFile(url, span, name=_stream_name(url), container=container)
        return LiveStream(url, span, container)
    except BaseException:
        container.close()
        raise


def _is_finite(url: str, container: Any, stream: Any) -> bool:
    """Whether a web server tells the length or the size of the video."""
    if not url.lower().startswith("http"):
        return False
    if length_of(container, stream) is not None:
        return True
    return container.format.name.partition(",")[0] not in _PLAYLISTS and 0 < container.size < MAX_FILE_BYTES


def public_address(url: str) -> str:
    """The address without user name, password and query: it is shown and logged."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"


def _stream_name(url: str) -> str:
    return f"stream-{urlsplit(url).hostname or 'unknown'}"


def _connect(url: str) -> Any:
    scheme, _, rest = url.partition("://")
    scheme = scheme.lower()  # FFmpeg knows no other
    options = {"protocol_whitelist": PROTOCOLS[scheme], **DECODER_LIMITS}
    if scheme.startswith("rtsp"):
        options["rtsp_transport"] = "tcp"
    try:
        return av.open(
            f"{scheme}://{rest}", options=options, timeout=(OPEN_TIMEOUT_S, READ_TIMEOUT_S), metadata_errors="replace"
        )
    except (av.FFmpegError, OSError) as error:
        raise ValueError(
            f"stream {public_address(url)} cannot be opened ({error.strerror or error}) within {OPEN_TIMEOUT_S:g} s: "
            "check the address and that it gives video"
        ) from error


class LiveStream(BaseSource):
    """Frames of a live stream; when it breaks off, it is opened again and the time goes on as on the clock.

    A server that sends the same from the start again has no live stream but a recording, which ends there.

    Args:
        url: address.
        span: part to read, in s since the first frame.
        container: the opened stream.
    """

    def __init__(self, url: str, span: TimeSpan, container: Any) -> None:
        super().__init__(_stream_name(url), span)
        self.is_live = True
        self._url = url
        self._outage_s = self._found_again_s = 0.0
        self._use(container)
        self.report.notes += notes_on(container, self._stream)
        self._first = next(self._decoded, None)
        if self._first is None:
            raise ValueError(f"stream {public_address(url)} gave no picture: check that it is running")
        self._connected_at = time.monotonic()
        self.height, self.width = self._convert(self._first).shape[:2]

    def _use(self, container: Any) -> None:
        self._container = container
        self._stream = video_stream(container, public_address(self._url))
        self._convert = BgrConverter(pixel_aspect(self._stream))
        self.fps = frame_rate(self._stream)
        self._decoded = without_wild_stamps(
            decode_packets(container, self._stream, self.report, max_read_errors=1), self.fps, self.report
        )

    def _pictures(self) -> Iterator[tuple[Any, float]]:
        """Decoded pictures, each with the time in s at which its connection's clock starts."""
        known, offset_s = list[int](), 0.0
        pictures: Iterator[Any] = itertools.chain([self._first], self._decoded)
        self._first = None
        while True:
            for picture in pictures:
                if self._is_closed:
                    return
                if offset_s == 0.0 and len(known) < NUM_COMPARED:
                    known.append(self._fingerprint(picture))
                yield picture, offset_s
            begin = [] if self._is_closed else self._reconnect()
            if not begin:
                return
            if [self._fingerprint(picture) for picture in begin] == known:
                self.report.note_once("the server sends the same again: it is a recording, which was tracked once")
                return
            self.report.reconnects += 1
            self.report.note_once("the stream broke off and was opened again; the time jumps there")
            pictures = itertools.chain(begin, self._decoded)
            offset_s = self._found_again_s

    def _fingerprint(self, picture: Any) -> int:
        return zlib.crc32(self._convert(picture).tobytes(), picture.pts or 0)

    def _reconnect(self) -> list[Any]:
        """The first pictures of a new connection; none when the stream has ended, which is noted."""
        broke_off_at = time.monotonic()
        self._container.close()
        for delay_s in RETRY_DELAYS_S:
            if self.report.reconnects >= MAX_RECONNECTS:
                self.report.note_once(f"the stream ended: it broke off more than {MAX_RECONNECTS} times")
                return []
            if self._outage_s + time.monotonic() - broke_off_at > MAX_OUTAGE_S:
                self.report.note_once(f"the stream ended: it was away for more than {MAX_OUTAGE_S:g} s in all")
                return []
            time.sleep(delay_s)
            if self._is_closed:
                return []
            begin = self._try_again()
            if begin:
                self._outage_s += time.monotonic() - broke_off_at
                return begin
        self.report.note_once(f"the stream ended: {len(RETRY_DELAYS_S)} tries to reconnect failed")
        return []

    def _try_again(self) -> list[Any]:
        """The first pictures of a new connection; none where it fails or gives none."""
        try:
            self._use(_connect(self._url))
        except ValueError:
            return []
        self._found_again_s = time.monotonic() - self._connected_at
        begin = list(itertools.islice(self._decoded, NUM_COMPARED))
        if not begin:
            self._container.close()
        return begin

    def read_frames(self) -> Iterator[Frame]:
        """Pictures as they come, over all connections."""
        lateness = Lateness("the stream", "frames wait in the network, which drops them in the end", self.report)
        try:
            for index, time_s, picture in self._timed_pictures():
                lateness.measure(time.monotonic() - self._connected_at - time_s)
                if self.span.is_after(time_s):
                    return
                if not self.span.is_before(time_s):
                    yield Frame(index, time_s, self._convert(picture))
        finally:
            lateness.note()

    def _timed_pictures(self) -> Iterator[tuple[int, float, Any]]:
        """Decoded pictures with their index and time, which rises over all connections."""
        clock, offset_s, time_s = FrameClock(self.fps), 0.0, 0.0
        for index, (picture, connection_offset_s) in enumerate(self._pictures()):
            if connection_offset_s != offset_s:
                clock = FrameClock(self.fps)
                offset_s = connection_offset_s
            _, connection_time_s = clock.tick(picture)
            previous_s, time_s = time_s, offset_s + connection_time_s
            if index and time_s <= previous_s:
                time_s = previous_s + 1.0 / self.fps
            yield index, time_s, picture

    def release(self) -> None:
        """Hang up."""
        self._container.close()
