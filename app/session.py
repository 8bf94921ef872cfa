"""One run while it goes on, and its passes over the frames."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.backfill import Backfill, frame_tracks
from app.clock import StageClock
from app.config import RunConfig
from app.interrupt import StopSignal
from app.outputs import Outputs
from app.pipeline import Models, Tracked, track_frames
from app.progress import Progress
from app.sinks import FrameTracks
from app.sources import Frame, Source, open_source
from app.threads import Prefetch

__all__ = ["Session", "draw_pass", "tracking_pass"]

MAX_PREFETCH_BYTES = 64 << 20
"""Pictures that may be decoded ahead; between 2 and 8 of them."""


@dataclass
class Session:
    """Everything a pass needs; counts what went by.

    Attributes:
        num_frames: frames tracked.
        num_rows: boxes written.
        num_ids: confirmed tracks: ids are dense, so the largest one.
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
    """Track the source and write the rows, or keep and return them when they are to be smoothed first."""
    config, source = session.config, session.source
    kept: list[FrameTracks] = []
    if session.draws and not config.smooth:
        session.outputs.open_video(source.width, source.height, source.fps)
    with _reading(session, source) as frames, session.progress.task("tracking", source.num_frames) as task:
        size = (source.width, source.height) if source.width and source.height else None
        tracked = track_frames(frames, session.models, session.clock, size=size, every=config.every)
        for frame, tracks in _final_rows(tracked, config):
            session.count(tracks)
            if config.smooth:
                kept.append(tracks)
            else:
                session.outputs.write(frame, tracks)
            task.step(len(tracks))
    return kept


def draw_pass(session: Session, rows: list[FrameTracks]) -> None:
    """Read the source once more and draw `rows`, one a frame, that were known only at the end."""
    config = session.config
    with open_source(config.source, start_s=config.start_s, end_s=config.end_s) as source:
        session.outputs.open_video(source.width, source.height, source.fps)
        with _reading(session, source) as frames, session.progress.task("drawing", len(rows)) as task:
            for frame, tracks in zip(frames, rows, strict=False):
                session.outputs.write_picture(frame, tracks)
                task.step(len(tracks))


@contextlib.contextmanager
def _reading(session: Session, source: Source) -> Iterator[Iterable[Frame]]:
    """The frames of `source`, decoded ahead in a thread, until the end or a signal to stop."""
    picture_bytes = max(3 * source.width * source.height, 1)
    ahead = min(max(MAX_PREFETCH_BYTES // picture_bytes, 2), 8)
    with Prefetch(source, size=ahead) as frames:
        session.stop.on_stop = frames.stop
        try:
            yield frames
        finally:
            session.stop.on_stop = lambda: None
            session.clock.add("read", frames.wait_s)


def _final_rows(tracked: Iterable[Tracked], config: RunConfig) -> Iterator[tuple[Frame, FrameTracks]]:
    """Each frame with the rows to write: at once with `--online`, else after back-filling."""
    backfill = Backfill()
    for step in tracked:
        found = step.with_measured_boxes() if config.smooth else step
        if config.online:
            yield found.frame, frame_tracks(found.frame, found.confirmed)
        else:
            yield from backfill.push(found.frame, found.confirmed, found.tentative)
    yield from backfill.flush()
