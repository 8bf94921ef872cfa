"""Video in: files, image folders, MOTChallenge sequences, cameras and streams, all as `Frame` after `Frame`."""

from __future__ import annotations

import os.path
from pathlib import Path

from registry.network import check_allowed
from track.sources.types import Frame, Source, SourceReport, TimeSpan

__all__ = ["Frame", "Source", "SourceReport", "TimeSpan", "open_source"]

STREAM_SCHEMES = ("rtsp://", "rtsps://", "rtmp://", "http://", "https://", "udp://", "tcp://")

CAMERA_DIGITS = 4
"""OpenCV counts the cameras of each of its drivers from another hundred on, up to a few thousand."""
DETECTION_SUFFIXES = (".txt", ".npy")


def open_source(text: str, *, start_s: float = 0.0, end_s: float | None = None) -> Source:
    """Open what `text` names; the first picture is decoded here, so that what cannot be read fails at once.

    What exists as a file or folder is that and nothing else, whatever its name looks like; only a number is always a
    camera.

    Args:
        text: a video file, a folder of images, a MOTChallenge sequence folder, a camera index (`0`) or an address.
        start_s: first second to read, counted from the source's first frame.
        end_s: second to stop before; `None` reads to the end.

    Raises:
        FileNotFoundError: there is no such file or folder.
        ValueError: it cannot be read as a video, holds no frame, or the span lies outside of it.
    """
    span = TimeSpan(start_s, end_s)
    if text.lower().startswith(STREAM_SCHEMES) and not os.path.lexists(text):
        from track.sources.stream import open_stream, public_address

        check_allowed(f"source {public_address(text)}", "give a file, a folder or a camera")
        return open_stream(text, span)
    if text.isascii() and text.isdigit():
        from track.sources.webcam import Webcam

        if len(text) > CAMERA_DIGITS:
            raise ValueError(f"camera {text} is no index, expected a number such as 0 (a file called so is ./{text})")
        return Webcam(int(text), span)
    return _open_path(Path(text), span)


def _open_path(path: Path, span: TimeSpan) -> Source:
    if not os.path.exists(path):  # noqa: PTH110 (`Path.exists` raises an error for a name that is too long)
        raise FileNotFoundError(
            f"source {str(path)!r} not found: expected a video file, an image or sequence folder, a camera index "
            "such as 0, or an rtsp:// or http:// address"
        )
    if path.is_dir():
        from track.sources.images import open_folder

        return open_folder(path, span)
    if path.suffix.lower() in DETECTION_SUFFIXES:
        raise ValueError(
            f"{path} is a file of detections, not a source: give the sequence folder as source, or a video with "
            f"--detector {path}"
        )
    from track.sources.video import VideoFile

    return VideoFile(path, span)
