"""The passes of a run over its source: track and write; or track, change the rows at the end, and draw."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import numpy as np

from track.rows.appearance import changes_of
from track.rows.offline import linked_rows, linking_facts, moments_of
from track.rows.smooth import smoothed_rows
from track.rows.types import FrameTracks
from track.run.clock import StageClock
from track.run.pipeline import write_tracks
from track.run.session import Session
from track.sources import Frame, Source
from track.threads.ahead import Ahead, read_ahead

if TYPE_CHECKING:
    from track.sinks.hide import Hider

__all__ = ["decode_ahead", "draw_pass", "run_passes", "tracking_pass"]

MAX_PREFETCH_BYTES = 24 << 20
"""Pictures that may be decoded ahead; between 2 and 8 of them."""


def run_passes(session: Session) -> None:
    """Track the source, and smooth, link and draw where that was asked for."""
    plan = session.plan
    rows = kept = tracking_pass(session)
    if plan.rows.come_at_the_end:
        rows = _linked(session, rows) if plan.rows.links is not None else _smoothed(session, rows)
        for tracks in rows:
            session.outputs.write_rows(tracks)
    if plan.keeps_embeddings and session.log is not None:
        session.outputs.write_detections(session.log.detections(), plan.models.tracker.config)
    if plan.draws_afterwards:
        draw_pass(session, rows, _hider(rows, kept) if plan.hides else None)


def tracking_pass(session: Session) -> list[FrameTracks]:
    """Track the source and write the rows; keep and return them when they are to be changed or drawn later."""
    plan, kept = session.plan, list[FrameTracks]()
    if plan.draws_on_the_way:
        session.outputs.open_video(plan.source, plan.style, every=plan.every)
    with _reading(session, plan.source) as frames, session.progress.task("tracking", plan.source.num_frames) as task:
        if session.stop.number is not None:  # it came before there was a reader to be stopped
            frames.stop()
        with contextlib.closing(write_tracks(frames, session)) as written:
            for tracks in written:
                if plan.rows.come_at_the_end or plan.draws_afterwards:
                    kept.append(tracks)
                task.step(len(tracks))
    return kept


def draw_pass(session: Session, rows: list[FrameTracks], hider: Hider | None = None) -> None:
    """Read the source once more and draw `rows`, in order, which were known only at the end.

    Rows and pictures meet by the index of their frame: of a damaged source, the second reading may give other frames
    than the first. A picture that was not tracked is not drawn. People are hidden first where there is a `hider`.
    """
    plan = session.plan
    if plan.read_again is None or not rows:
        return
    of_frame = {tracks.frame_index: tracks for tracks in rows}
    with plan.read_again() as source:
        session.outputs.open_video(source, plan.style, every=plan.every, hider=hider)
        with _reading(session, source) as frames, session.progress.task("drawing", len(rows)) as task:
            for frame in frames:
                if frame.index in of_frame:
                    session.outputs.write_picture(frame, of_frame[frame.index])
                    task.step(len(of_frame[frame.index]))
                if frame.index >= rows[-1].frame_index:  # no frame is read for nothing
                    break


def _hider(rows: list[FrameTracks], kept: list[FrameTracks]) -> Hider:
    """Hides whoever is in the final rows, was in those before linking dropped some, or was detected at all."""
    from track.sinks.hide import Hider, presences_of

    seen = [(tracks.time_s, tracks.unnamed) for tracks in kept if tracks.unnamed is not None and len(tracks.unnamed)]
    times = np.repeat(np.array([time_s for time_s, _ in seen]), [len(boxes) for _, boxes in seen])
    boxes = np.concatenate([boxes for _, boxes in seen]) if seen else np.empty((0, 4))
    return Hider([*presences_of(rows), *presences_of(kept)], (times, boxes.astype(np.float64)))


def _smoothed(session: Session, rows: list[FrameTracks]) -> list[FrameTracks]:
    with session.counts.clock.stage("smooth"):
        return list(smoothed_rows(rows, session.plan.models.tracker.config))


def _linked(session: Session, rows: list[FrameTracks]) -> list[FrameTracks]:
    """The rows of the linked tracks; what is counted and logged follows them."""
    log, config, counts = session.log, session.plan.links, session.counts
    if log is None or config is None or not rows:
        return rows
    with counts.clock.stage("link"):
        rows, linked = linked_rows(log.detections(), moments_of(rows), config)
    log.rename(linked)
    if session.crops is not None:
        session.crops.rename(log.id_at)
    if session.appearance is not None:
        seen, size = log.detections(), session.plan.size
        session.outputs.facts.changes_s = changes_of(seen, seen.ids, moments_of(rows), config.max_cosine, size)
    counts.rows, counts.ids = len(linked.ids), linked.report.kept
    counts.linking = linking_facts(linked, config)
    return rows


@contextlib.contextmanager
def _reading(session: Session, source: Source) -> Iterator[Ahead[Frame, Frame]]:
    """The frames of `source`, decoded ahead until the end or a signal to stop."""
    with decode_ahead(source, session.counts.clock) as frames:
        session.stop.on_stop = frames.stop
        try:
            yield frames
        finally:
            session.stop.on_stop = lambda: None


@contextlib.contextmanager
def decode_ahead(source: Source, clock: StageClock) -> Iterator[Ahead[Frame, Frame]]:
    """The frames of `source`, decoded ahead in a thread."""
    picture_bytes = max(3 * source.width * source.height, 1)
    ahead = min(max(MAX_PREFETCH_BYTES // picture_bytes, 2), 8)
    with read_ahead(_timed(source, clock), size=ahead) as frames:
        try:
            yield frames
        finally:
            clock.add("wait for frames", frames.wait_s)


def _timed(source: Source, clock: StageClock) -> Generator[Frame, None, None]:
    """The frames of `source`, the time that each takes counted as `read`."""
    with contextlib.closing(iter(source)) as frames:  # in this thread, which reads from it
        while True:
            before = time.perf_counter()
            frame = next(frames, None)
            clock.add("read", time.perf_counter() - before)
            if frame is None:
                return
            yield frame
