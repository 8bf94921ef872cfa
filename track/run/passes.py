"""One run while it goes on, and its passes over the frames."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from track.rows.backfill import Backfill, frame_tracks
from track.run.clock import StageClock
from track.run.detection_log import DetectionLog
from track.run.outputs import Outputs
from track.run.pipeline import Tracked, track_frames
from track.setup.config import RunConfig
from track.setup.parts import Models
from track.sinks import FrameTracks
from track.sources import Frame, Source, open_source
from track.terminal.interrupt import StopSignal
from track.terminal.progress import Progress
from track.threads.ahead import Ahead, read_ahead
from tracker.border import watches_border

__all__ = ["Session", "draw_pass", "tracking_pass"]

MAX_PREFETCH_BYTES = 24 << 20
"""Pictures that may be decoded ahead; between 2 and 8 of them."""
MAX_HELD_BYTES = 192 << 20
"""Pictures that may wait for a track to be confirmed before they are drawn on; at least 8 of them."""
MAX_HELD_FRAMES = 10_000
"""The same without pictures."""


@dataclass
class Session:
    """Everything a pass needs; counts what went by.

    Attributes:
        num_frames: frames tracked.
        num_rows: boxes written.
        num_ids: confirmed tracks: ids are dense, so the largest one; after linking, those that are left.
        log: of all detections, where they are wanted after the run.
        linking: what linking did, for the summary.
        error: what ended the run before the end of the source, if anything did.
        overlaps: whether the detector works ahead in threads of its own.
    """

    config: RunConfig
    source: Source
    models: Models
    outputs: Outputs
    progress: Progress
    stop: StopSignal
    clock: StageClock
    num_frames: int = 0
    num_rows: int = 0
    num_ids: int = 0
    error: Exception | None = None
    overlaps: bool = True
    log: DetectionLog | None = None
    linking: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.config.offline or self.config.keep_embeddings:
            self.log = DetectionLog(self.size, watches_border=watches_border(self.models.tracker.config))

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height (px) of the source's frames, as far as it tells."""
        return (self.source.width, self.source.height) if self.source.width and self.source.height else None

    @property
    def finishes_later(self) -> bool:
        """Whether rows are kept until the end and changed there, before they are written."""
        return self.config.smooth or self.config.offline

    @property
    def draws(self) -> bool:
        """Whether an annotated video is wanted and possible."""
        return self.config.video and self.source.has_images

    def count(self, tracks: FrameTracks) -> None:
        """Take note of the final rows of one frame."""
        self.num_frames += 1
        self.num_rows += len(tracks)
        self.num_ids = max(self.num_ids, int(tracks.ids.max(initial=0)))


def tracking_pass(session: Session) -> list[FrameTracks]:
    """Track the source and write the rows, or keep and return them when they are to be smoothed or linked first.

    An error of the source or of a model ends the pass as the end of the source does, and is left in `session.error`.
    """
    config, source = session.config, session.source
    kept: list[FrameTracks] = []
    if session.draws and not session.finishes_later:
        session.outputs.open_video(source.width, source.height, source.fps, every=session.config.every or 1)
    with _reading(session, source) as frames, session.progress.task("tracking", source.num_frames) as task:
        if session.stop.number is not None:  # it came before there was a reader to be stopped
            frames.stop()
        every = config.every or 1
        tracked = track_frames(
            frames, session.models, session.clock, size=session.size, every=every, overlaps=session.overlaps
        )
        with contextlib.closing(tracked):  # what detects ahead ends here, also when a row could not be written
            for frame, tracks in _final_rows(session, _until_error(session, tracked)):
                session.count(tracks)
                if session.log is not None:
                    session.log.name(tracks)
                if session.finishes_later:
                    kept.append(tracks)
                else:
                    session.outputs.write(frame, tracks)
                task.step(len(tracks))
    return kept


def draw_pass(session: Session, rows: list[FrameTracks]) -> None:
    """Read the source once more and draw `rows`, one a frame, that were known only at the end."""
    config = session.config
    with open_source(config.source, start_s=config.start_s, end_s=config.end_s) as source:
        session.outputs.open_video(source.width, source.height, source.fps, every=session.config.every or 1)
        with _reading(session, source) as frames, session.progress.task("drawing", len(rows)) as task:
            for tracks, frame in zip(rows, frames, strict=False):  # rows first: no frame is read for nothing
                session.outputs.write_picture(frame, tracks)
                task.step(len(tracks))


@contextlib.contextmanager
def _reading(session: Session, source: Source) -> Iterator[Ahead[Frame, Frame]]:
    """The frames of `source`, decoded ahead in a thread, until the end or a signal to stop."""
    picture_bytes = max(3 * source.width * source.height, 1)
    ahead = min(max(MAX_PREFETCH_BYTES // picture_bytes, 2), 8)
    with read_ahead(_timed(source, session.clock), size=ahead) as frames:
        session.stop.on_stop = frames.stop
        try:
            yield frames
        finally:
            session.stop.on_stop = lambda: None
            session.clock.add("wait for frames", frames.wait_s)


def _timed(source: Source, clock: StageClock) -> Generator[Frame, None, None]:
    """The frames of `source`, the time that each takes counted as `read`."""
    frames = iter(source)
    try:
        while True:
            before = time.perf_counter()
            frame = next(frames, None)
            clock.add("read", time.perf_counter() - before)
            if frame is None:
                return
            yield frame
    finally:  # close the source in this thread, which read from it
        getattr(frames, "close", lambda: None)()


def _until_error(session: Session, tracked: Iterable[Tracked]) -> Iterator[Tracked]:
    """`tracked` up to its end or its first error, so that what came before is finished as at the end of the source."""
    try:
        yield from tracked
    except Exception as error:  # raised again by `track.run.run` when the files are complete
        session.error = error


def _most_held(session: Session) -> int:
    """Frames that may wait for a confirmation: with `--every` that can be long, and pictures are large."""
    if not session.draws or session.finishes_later:
        return MAX_HELD_FRAMES
    return max(MAX_HELD_BYTES // max(3 * session.source.width * session.source.height, 1), 8)


def _final_rows(session: Session, tracked: Iterable[Tracked]) -> Iterator[tuple[Frame, FrameTracks]]:
    """Each frame with the rows to write: at once with `--online`, else after back-filling.

    Pictures are let go as soon as nobody will draw on them.
    """
    config = session.config
    keeps_pictures = session.draws and not session.finishes_later
    backfill = Backfill(_most_held(session))
    for step in tracked:
        if session.log is not None:
            session.log.add(step)
        found = step.with_measured_boxes() if config.smooth else step
        frame = found.frame if keeps_pictures else dataclasses.replace(found.frame, image=None)
        if config.online:
            yield frame, frame_tracks(frame, found.confirmed)
        else:
            yield from backfill.push(frame, found.confirmed, found.tentative)
    yield from backfill.flush()
