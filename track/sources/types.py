"""What every source gives: frames with their time, and a report of what went wrong on the way."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from registry.closing import Closing

if TYPE_CHECKING:
    from typing import Self

__all__ = ["Frame", "Image", "Source", "SourceReport", "TimeSpan"]

Image = npt.NDArray[np.uint8]
"""BGR picture, `(H, W, 3)`."""

TIME_TOLERANCE_S = 1e-6
"""Time stamps are multiples of a container's time base turned into floats; a cut must not depend on their last bits."""


@dataclass(frozen=True)
class Frame:
    """One picture of a source.

    Attributes:
        index: 0-based, counted from the source's first frame (also when reading starts later).
        time_s: presentation time, s from the source's first frame.
        image: BGR uint8 `(H, W, 3)`; `None` for a MOTChallenge sequence without images.
    """

    index: int
    time_s: float
    image: Image | None


@dataclass
class SourceReport:
    """What happened while a source was read.

    Attributes:
        frames_read: frames handed out.
        corrupt: packets and pictures that could not be decoded, or only in part.
        reconnects: times that a stream was lost and found again.
        size_changes: times that a frame had another size than the one before it.
        wild_stamps: frames whose time stamp pointed far ahead, and was replaced.
        notes: what a person should be told, one sentence each.
    """

    frames_read: int = 0
    corrupt: int = 0
    reconnects: int = 0
    size_changes: int = 0
    wild_stamps: int = 0
    notes: list[str] = field(default_factory=list)

    def note_once(self, text: str) -> None:
        """Add a sentence unless it is there already."""
        if text not in self.notes:
            self.notes.append(text)


@dataclass(frozen=True)
class TimeSpan:
    """The part of a source to read: `start_s <= time < end_s`; `end_s` None reads to the end.

    Raises:
        ValueError: a negative start, or an end that is not after the start.
    """

    start_s: float = 0.0
    end_s: float | None = None

    def __post_init__(self) -> None:
        if not self.start_s >= 0.0:
            raise ValueError(f"--start must be 0 s or more, but is {self.start_s:g}")
        if self.end_s is not None and not self.end_s > self.start_s:
            raise ValueError(f"--end must be after --start ({self.start_s:g} s), but is {self.end_s:g}")

    def is_before(self, time_s: float) -> bool:
        """Whether a frame at `time_s` comes before the span."""
        return time_s < self.start_s - TIME_TOLERANCE_S

    def is_after(self, time_s: float) -> bool:
        """Whether a frame at `time_s` comes after the span."""
        return self.end_s is not None and time_s >= self.end_s - TIME_TOLERANCE_S

    def first_index(self, fps: float) -> int:
        """Index of the first frame of the span, where frames come at a steady rate."""
        return _frames_before(self.start_s, fps)

    def num_frames(self, length_s: float, fps: float) -> int:
        """Frames of the span, at least one, of a source of so many seconds whose frames come at a steady rate."""
        end = round(length_s * fps)
        if self.end_s is not None:
            end = min(end, _frames_before(self.end_s, fps))
        return max(1, end - self.first_index(fps))

    def check_inside(self, name: str, duration_s: float) -> None:
        """Raise `ValueError` when the span starts at or after the end of a source of `duration_s`."""
        if self.start_s > 0.0 and self.start_s >= duration_s - TIME_TOLERANCE_S:
            raise ValueError(f"--start {self.start_s:g} is beyond the end of {name}, which lasts {duration_s:.2f} s")


def _frames_before(time_s: float, fps: float) -> int:
    return max(0, math.ceil((time_s - TIME_TOLERANCE_S) * fps))


class Source(Protocol):
    """Frames of a file, folder, camera or stream; a context manager, iterated once.

    Attributes:
        name: for the run folder: file stem, folder name, `webcam-0`, `stream-<host>`.
        fps: nominal or average frames per second.
        width, height: px of the first frame; what `seqinfo.ini` says (0 if nothing) for a sequence without images.
        num_frames: frames in the span asked for, as far as the container tells; `None` when unknown or live.
        last_index: of the last of them, where frames are numbered otherwise than one after the other: by file names
            with gaps; else `None`.
        has_images: whether `Frame.image` is there.
        is_live: whether frames are lost when nobody reads them.
        sequence: the MOTChallenge sequence folder, if the source is one.
        report: what went wrong so far.
    """

    name: str
    fps: float
    width: int
    height: int
    num_frames: int | None
    last_index: int | None
    has_images: bool
    is_live: bool
    sequence: Path | None
    report: SourceReport

    def __iter__(self) -> Generator[Frame, None, None]: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def close(self) -> None:
        """Release the file, camera or connection; may be called twice."""
        ...


class BaseSource(Closing):
    """The facts of a source, the counting and the closing that all of them share.

    A source gives its frames in `read_frames` and lets go of its file or device in `release`.
    """

    def __init__(self, name: str, span: TimeSpan) -> None:
        self.name = name
        self.span = span
        self.fps = 25.0
        self.width = 0
        self.height = 0
        self.num_frames: int | None = None
        self.last_index: int | None = None
        self.has_images = True
        self.is_live = False
        self.sequence: Path | None = None
        self.report = SourceReport()
        self._last_size: tuple[int, int] | None = None
        self._is_reading = False
        self._is_closed = False

    def read_frames(self) -> Iterator[Frame]:
        """The frames of the span."""
        raise NotImplementedError

    def release(self) -> None:
        """Let go of what is open; may be called twice."""

    def __iter__(self) -> Generator[Frame, None, None]:
        self._is_reading = True
        try:
            for frame in self.read_frames():
                self._count(frame)
                yield frame
                if self._is_closed:
                    return
        finally:
            self._is_reading = False
            self.release()

    def _count(self, frame: Frame) -> None:
        """Count a frame that is handed out, and whether its size is a new one."""
        self.report.frames_read += 1
        if frame.image is None:
            return
        height, width = frame.image.shape[:2]
        if self._last_size not in (None, (width, height)):
            self.report.size_changes += 1
            self.report.note_once("the frame size changed while reading")
        self._last_size = (width, height)

    def close(self) -> None:
        """Release what is open, now or, when another thread is reading, as soon as that thread notices.

        Closing a container that another thread reads from would crash the interpreter.
        """
        self._is_closed = True
        if not self._is_reading:
            self.release()
