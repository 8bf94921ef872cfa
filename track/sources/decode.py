"""PyAV from a container to upright BGR pictures with time stamps, going on after whatever cannot be decoded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter

from track.sources.types import Image, SourceReport

__all__ = ["BgrConverter", "FrameClock", "decode_packets", "duration_s", "frame_rate", "video_stream"]

DEFAULT_FPS = 25.0
MAX_READ_ERRORS = 50
"""Read errors in a row after which the rest is given up: a broken disk would repeat them for ever."""
MIN_FPS, MAX_FPS = 0.01, 1000.0
"""Containers without a rate often tell their time base instead (90,000), damaged ones anything; no camera is that fast,
and no time lapse that slow."""
LENGTH_TOLERANCE_S = 1.0
"""How far time stamps may lie beyond the length that the container tells; those further out are damaged."""
TEXT_DEMUXERS = frozenset({"tty", "subviewer", "srt", "webvtt", "ass"})
"""FFmpeg renders any .txt as a video of a terminal; nobody who names a text file wants that tracked."""

_ROTATE = {1: cv2.ROTATE_90_COUNTERCLOCKWISE, 2: cv2.ROTATE_180, 3: cv2.ROTATE_90_CLOCKWISE}


def video_stream(container: Any, name: str) -> Any:
    """The stream of moving pictures of a container, with threaded decoding switched on.

    Raises:
        ValueError: there is none (cover pictures of music files do not count), or none whose codec is known.
    """
    if container.format.name not in TEXT_DEMUXERS:
        for stream in container.streams.video:
            if stream.codec_context is not None and not _is_cover_picture(stream):
                stream.thread_type = "AUTO"
                return stream
    raise ValueError(f"{name} has no video stream that can be decoded: expected a video file such as .mp4 or .mkv")


def _is_cover_picture(stream: Any) -> bool:
    return "attached_pic" in str(getattr(stream, "disposition", "")).lower()


def frame_rate(stream: Any) -> float:
    """Average frames per second, or 25 where the container does not tell."""
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate and MIN_FPS <= float(rate) <= MAX_FPS:
            return float(rate)
    return DEFAULT_FPS


def duration_s(container: Any, stream: Any) -> float | None:
    """Length in s as the container tells it; `None` for a live stream and for files cut short without an index."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    tag = re.fullmatch(r"(\d+):(\d+):(\d+(?:\.\d+)?)", stream.metadata.get("DURATION", ""))
    if tag:  # Matroska: the length of this stream; the container's includes a longer sound track
        return 3600.0 * int(tag[1]) + 60.0 * int(tag[2]) + float(tag[3])
    if container.duration and container.duration > 0:
        return float(container.duration) / 1e6  # AV_TIME_BASE: microseconds
    return None


def decode_packets(
    container: Any, stream: Any, report: SourceReport, max_read_errors: int = MAX_READ_ERRORS
) -> Iterator[Any]:
    """Decoded frames in order of presentation; errors are counted in `report.corrupt`, never raised.

    A read error ends the packet iterator of PyAV, so that a new one is asked for; it goes on where the file stands.
    """
    read_errors = 0
    packets = container.demux(stream)
    while read_errors < max_read_errors:
        try:
            packet = next(packets)
        except (StopIteration, av.error.EOFError):
            break
        except (av.FFmpegError, OSError, IndexError) as error:  # IndexError: damage that looks like further streams
            read_errors += 1
            report.corrupt += 1
            reason = (
                getattr(error, "strerror", None) or "damaged data"
            )  # its text could tell an address with a password
            report.note_once(f"reading failed ({reason}); what could be read was tracked")
            packets = container.demux(stream)
            continue
        read_errors = 0
        yield from _decode_one(packet, report)
    yield from _decode_one(None, report, stream)


def _decode_one(packet: Any, report: SourceReport, stream: Any = None) -> list[Any]:
    """Frames that a packet (or, for `None`, the end of the stream) sets free; a packet that fails gives none."""
    try:
        frames = stream.codec_context.decode(None) if packet is None else packet.decode()
    except av.error.EOFError:
        return []  # the decoder was flushed before
    except av.FFmpegError:
        report.corrupt += 1
        return []
    broken = sum(bool(frame.is_corrupt) for frame in frames)
    report.corrupt += max(broken, int(packet is not None and bool(packet.is_corrupt)))
    return list(frames)


class BgrConverter:
    """Decoded frames to upright BGR arrays, with one conversion and no further copy.

    One reformatter is kept, since PyAV sets up a new one for each `VideoFrame.to_ndarray`. Colours follow the stream's
    tag; streams without one are read as BT.601, as OpenCV does.
    """

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def __call__(self, frame: Any) -> Image:
        """BGR uint8 `(H, W, 3)`, turned as the display matrix of a phone's video asks."""
        picture = self._reformatter.reformat(frame, format="bgr24", interpolation="FAST_BILINEAR")
        plane = picture.planes[0]
        rows: Image = np.frombuffer(cast(Any, plane), np.uint8).reshape(-1, plane.line_size)
        image: Image = rows[: picture.height, : picture.width * 3].reshape(picture.height, picture.width, 3)
        quarter_turns = round(getattr(frame, "rotation", 0) / 90) % 4  # counter-clockwise
        if quarter_turns:
            image = np.asarray(cv2.rotate(image, _ROTATE[quarter_turns]), np.uint8)
        return image if image.flags.writeable else image.copy()


class FrameClock:
    """Index and time of each frame, from time stamps that may be missing, run backwards or point far ahead.

    Args:
        fps: frames per second where time stamps do not help.
        length_s: length of the source, where it is known.
    """

    def __init__(self, fps: float, length_s: float | None = None) -> None:
        self.fps = fps
        self._latest_s = float("inf") if length_s is None else length_s + LENGTH_TOLERANCE_S
        self.index = -1
        self.time_s = 0.0
        self._origin_s: float | None = None
        self._started = False

    def tick(self, frame: Any, *, frames_may_be_lost: bool = False) -> tuple[int, float]:
        """Index and time of the next frame.

        A time stamp that is missing, not after the one before, or far beyond the length of the source becomes the
        previous time + 1 / fps. Frames count up by
        one, except where frames may have been lost: there the index follows the time, so that it stays the place in the
        source.
        """
        stamp_s = None if frame.pts is None or frame.time_base is None else float(frame.pts * frame.time_base)
        if not self._started:
            self._started = True
            self._origin_s = stamp_s
            self.index = 0
            return 0, 0.0
        previous_s = self.time_s
        self.time_s += 1.0 / self.fps
        if stamp_s is not None and self._origin_s is not None:
            stamp_s -= self._origin_s
            if previous_s < stamp_s <= self._latest_s:
                self.time_s = stamp_s
        step = round((self.time_s - previous_s) * self.fps) if frames_may_be_lost else 1
        self.index += max(1, step)
        return self.index, self.time_s

    def jump_before(self, frame: Any) -> None:
        """After a seek: set the clock so that `frame` gets its own time and the index `round(time * fps)`.

        Exact for a constant frame rate; for a variable one the index is the nearest of a constant rate.
        """
        if frame.pts is None or frame.time_base is None or self._origin_s is None:
            return
        time_s = max(0.0, float(frame.pts * frame.time_base) - self._origin_s)
        self.index = max(0, round(time_s * self.fps)) - 1
        self.time_s = time_s - 1.0 / self.fps
