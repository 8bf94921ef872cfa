"""`annotated.mp4`: H.264 that plays in a browser, with the source's size, times and duration."""

from __future__ import annotations

import contextlib
import os
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import av
import cv2
import numpy as np
import numpy.typing as npt

from registry.closing import Closing
from track.files.partial import OutputError
from track.rows.types import FrameTracks
from track.sinks.reserve import ReservedFile

__all__ = ["AnnotatedVideo", "VideoSink"]

Image = npt.NDArray[np.uint8]

CLOCK_HZ = 90_000
"""Ticks a second of MPEG: whole numbers for 24, 25, 30, 50, 60 and 30000/1001 frames/s, and fine enough for others."""
ENCODER_OPTIONS = {"preset": "ultrafast", "crf": "25", "x264-params": "no-deblock=0:keyint=250"}
"""`ultrafast` with the deblocking filter put back gives the PSNR of `superfast` at crf 23 (41.5 dB on a 1080p street)
in two thirds of its time and 1.3 times its size; detection needs the cores more than the disk needs the bytes."""
BT601, LIMITED_RANGE = 6, 1
"""ITU-T H.273 codes of what `cv2.COLOR_BGR2YUV_I420` makes; without them players guess BT.709 for large pictures."""


class VideoSink(Closing):
    """Writes BGR pictures with their times to an MP4 that gets its name when it is complete.

    Odd sizes grow by one pixel (the last row or column again), since yuv420p halves the colour planes. A picture of
    another size is fitted into the first one's with black borders.

    Args:
        path: final name.
        width, height: px of the source.
        fps: frames per second, which is how long the last frame is shown.

    Raises:
        OutputError: the file cannot be created.
    """

    def __init__(self, path: Path, width: int, height: int, fps: float) -> None:
        self.path = path
        self._size = (width, height)
        self._padding = (height % 2, width % 2)
        self._start_s: float | None = None
        self._last_pts = -1
        self._num_packets = 0
        try:
            self._file: ReservedFile | None = ReservedFile(path)
        except OSError as error:
            raise OutputError(path, error.strerror or str(error)) from error
        self._container: Any = av.open(
            self._file,
            "w",
            format="mp4",
            options={"movflags": "faststart"},
            io_open=self._file.open_again,
        )
        self._stream = self._add_stream(width + width % 2, height + height % 2, fps)

    def _add_stream(self, width: int, height: int, fps: float) -> Any:
        rate = Fraction(fps).limit_denominator(1001)
        stream = self._container.add_stream("libx264", rate=rate, options=ENCODER_OPTIONS)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        codec = stream.codec_context
        codec.time_base = Fraction(1, CLOCK_HZ)
        codec.colorspace = codec.color_primaries = codec.color_trc = BT601
        codec.color_range = LIMITED_RANGE
        return stream

    def write(self, image: Image, time_s: float) -> None:
        """Append one picture, shown from `time_s` until the next; the first one starts the video.

        Raises:
            OutputError: the disk is full, or the file cannot be written for another reason.
        """
        if self._file is None:
            raise ValueError(f"{self.path} is closed and takes nothing more")
        if self._file.is_full:
            raise OutputError(self.path, os.strerror(28))  # ENOSPC
        if self._start_s is None:
            self._start_s = time_s
        frame = _as_frame(self._to_yuv(image))
        frame.pts = self._last_pts = max(self._last_pts + 1, round((time_s - self._start_s) * CLOCK_HZ))
        frame.time_base = Fraction(1, CLOCK_HZ)
        self._mux(frame)

    def _to_yuv(self, image: Image) -> Image:
        height, width = image.shape[:2]
        if (width, height) != self._size:
            image = fit(image, *self._size)
        if any(self._padding):
            image = np.asarray(
                cv2.copyMakeBorder(image, 0, self._padding[0], 0, self._padding[1], cv2.BORDER_REPLICATE)
            )
        # OpenCV converts three times as fast as FFmpeg's scaler.
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420), np.uint8)

    def _mux(self, frame: Any) -> None:
        try:
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
                self._num_packets += 1
        except (OSError, av.FFmpegError) as error:
            raise self._failure(error) from error

    def _failure(self, error: Any) -> OutputError:
        """What a full disk or the encoder said; it may refuse a size from the first picture on."""
        reason = error.strerror or str(error)
        if not self._num_packets and not isinstance(error, OSError):
            width, height = self._size
            reason = f"H.264 refuses pictures of {width}x{height} px ({reason}); use --no-video"
        return OutputError(self.path, reason)

    def close(self) -> None:
        """Finish the video and give it its final name; a video without any frame is removed.

        Raises:
            OutputError: it could not be finished, and was removed since it would not play.
        """
        if self._file is None:
            return
        if self._last_pts < 0:
            self.discard()
            return
        try:
            self._mux(None)
            self._container.close()
        except OutputError:
            self.discard()
            raise
        except (OSError, av.FFmpegError) as error:
            self.discard()
            raise self._failure(error) from error
        if not self._num_packets:
            self.discard()
            return
        partial = self._file.partial
        self._close_file()
        os.replace(partial, self.path)  # noqa: PTH105 (Path.replace does not tell that it overwrites)

    def discard(self) -> None:
        """Remove the video; does nothing after `close`."""
        if self._file is None:
            return
        partial = self._file.partial
        with contextlib.suppress(OSError, av.FFmpegError):
            self._container.close()
        self._close_file()
        partial.unlink(missing_ok=True)

    def _close_file(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()


class _Drawer(Protocol):
    """Draws tracks on a picture (`track.sinks.draw.Drawer`)."""

    def draw_on(self, image: Image, tracks: FrameTracks) -> Image:
        """The same picture with its tracks."""
        ...


class AnnotatedVideo(Closing):
    """Draws the tracks of a frame and writes the picture: both in the thread that calls `write`."""

    def __init__(self, video: VideoSink, drawer: _Drawer) -> None:
        self._video = video
        self._drawer = drawer
        self.path = video.path

    def write(self, image: Image, tracks: FrameTracks) -> None:
        """Append the picture with its tracks at `tracks.time_s`; errors as `VideoSink.write`.

        The picture is taken over and drawn on: nobody else is to look at it afterwards.
        """
        self._video.write(self._drawer.draw_on(image, tracks), tracks.time_s)

    def close(self) -> None:
        """Finish the video."""
        self._video.close()

    def discard(self) -> None:
        """Remove the video."""
        self._video.discard()


def _as_frame(yuv: Image) -> Any:
    """A frame of PyAV with the planes `yuv`, `(3 / 2 H, W)` in the order of I420.

    Without a copy where that is possible: PyAV takes a buffer's height for a multiple of 4, rounded down, and looks
    for the colours there.
    """
    if yuv.shape[0] % 6 == 0:
        return av.VideoFrame.from_numpy_buffer(yuv, format="yuv420p")
    return av.VideoFrame.from_ndarray(yuv, format="yuv420p")


def fit(image: Image, width: int, height: int) -> Image:
    """`image` scaled into `width` x `height` px with its proportions kept, centred on black."""
    scale = min(width / image.shape[1], height / image.shape[0])
    inner_width, inner_height = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas = np.zeros((height, width, 3), np.uint8)
    top, left = (height - inner_height) // 2, (width - inner_width) // 2
    canvas[top : top + inner_height, left : left + inner_width] = cv2.resize(
        image, (inner_width, inner_height), interpolation=method
    )
    return canvas
