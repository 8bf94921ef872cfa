"""PyAV from a container to decoded frames, going on after whatever cannot be decoded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import av

from registry.picture_limits import check_size
from track.sources.display import pixel_aspect
from track.sources.opening import DECODER_LIMITS
from track.sources.types import SourceReport

__all__ = ["Length", "decode_packets", "frame_rate", "length_of", "notes_on", "video_stream"]

DEFAULT_FPS = 25.0
MAX_READ_ERRORS = 50
"""Read errors in a row after which the rest is given up: a broken disk would repeat them for ever."""
MIN_FPS, MAX_FPS = 0.01, 1000.0
"""Containers without a rate often tell their time base instead (90,000), damaged ones anything; no camera is that fast,
and no time lapse that slow."""
TEXT_DEMUXERS = frozenset({"tty", "subviewer", "srt", "webvtt", "ass"})
"""FFmpeg renders any .txt as a video of a terminal; nobody who names a text file wants that tracked."""


@dataclass(frozen=True)
class Length:
    """How long a recording is, s.

    Some containers tell when the last frame ends, others the time from the first to the last, and Matroska files of
    different makers either: where the first frame does not come at 0, both are possible.
    """

    shortest_s: float
    longest_s: float


def video_stream(container: Any, name: str) -> Any:
    """The stream of moving pictures of a container, with threaded decoding switched on.

    Raises:
        ValueError: there is none (cover pictures of music files do not count), none whose codec is known, or its
            pictures are too large to be read.
    """
    for stream in _video_streams(container):
        codec = stream.codec_context
        check_size(name, round(codec.width * pixel_aspect(stream)), codec.height)
        codec.thread_type = "AUTO"
        codec.options = DECODER_LIMITS
        return stream
    raise ValueError(f"{name} has no video stream that can be decoded: expected a video file such as .mp4 or .mkv")


def _video_streams(container: Any) -> list[Any]:
    """Those that can be decoded and are no cover pictures."""
    if container.format.name in TEXT_DEMUXERS:
        return []
    return [s for s in container.streams.video if s.codec_context is not None and not _is_cover_picture(s)]


def notes_on(container: Any, stream: Any) -> list[str]:
    """What is to be told of a stream that is read: that there are others, and what is made of its pictures."""
    notes, aspect, codec = [], pixel_aspect(stream), stream.codec_context
    taken, *others = (
        f"stream {s.index} ({s.codec_context.name}, {s.codec_context.width}x{s.codec_context.height} px)"
        for s in _video_streams(container)
    )
    if others:
        notes.append(f"it holds several videos: {taken} was taken, not {', '.join(others)}")
    if aspect != 1:
        notes.append(
            f"its pixels are not square ({aspect.numerator}:{aspect.denominator}): pictures of "
            f"{codec.width}x{codec.height} px were resampled to {round(codec.width * aspect)}x{codec.height} px, as "
            "players show them; boxes are in those px"
        )
    return notes


def _is_cover_picture(stream: Any) -> bool:
    return "attached_pic" in str(getattr(stream, "disposition", "")).lower()


def frame_rate(stream: Any) -> float:
    """Average frames per second, or 25 where the container does not tell."""
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate and MIN_FPS <= float(rate) <= MAX_FPS:
            return float(rate)
    return DEFAULT_FPS


def length_of(container: Any, stream: Any) -> Length | None:
    """Length as the container tells it; `None` for a live stream and for files cut short without an index."""
    if stream.duration and stream.time_base:
        told_s = float(stream.duration * stream.time_base)
        return Length(told_s, told_s)
    tag = re.fullmatch(r"(\d+):(\d+):(\d+(?:\.\d+)?)", stream.metadata.get("DURATION", ""))
    if tag:  # Matroska: of this stream; the container's includes a longer sound track
        told_s = 3600.0 * int(tag[1]) + 60.0 * int(tag[2]) + float(tag[3])
    elif container.duration and container.duration > 0:
        told_s = float(container.duration) / 1e6  # AV_TIME_BASE: microseconds
    else:
        return None
    start_s = float(stream.start_time * stream.time_base) if stream.start_time and stream.time_base else 0.0
    return Length(told_s - start_s if 0.0 < start_s < told_s else told_s, told_s)


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
