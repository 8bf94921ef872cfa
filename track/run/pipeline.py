"""The main path, top to bottom: for each frame, detect -> embed -> `tracker.update` -> write.

`write_tracks` is the whole of it, `track_rows` all but the writing, `track_frames` a frame's own part; the steps stand
below in the order in which a frame meets them. Reading ahead, smoothing, linking and drawing afterwards are in
`track.run.passes`.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from detectors import Detections
from track.rows.final import MAX_HELD_FRAMES, final_rows
from track.rows.tracked import Tracked
from track.rows.types import FrameTracks
from track.run.counts import Counts
from track.run.session import RowLog, Session
from track.setup.parts import Affine, Models
from track.setup.plan import Plan
from track.sources import Frame
from track.threads.ahead import Ahead
from tracker import REJECT_REASONS, reject_reasons

__all__ = ["size_of", "track_frames", "track_rows", "usable", "write_tracks"]

MAX_HELD_BYTES = 192 << 20
"""Pictures that may wait for a track to be confirmed before they are drawn on; at least 8 of them."""


def write_tracks(frames: Iterable[Frame], session: Session) -> Generator[FrameTracks, None, None]:
    """Track frame after frame, write each one's rows when they are final, and yield them.

    Where rows are to be changed at the end (`RowsPlan.come_at_the_end`), they are not written here.
    """
    writes = not session.plan.rows.come_at_the_end
    with contextlib.closing(track_rows(frames, session.plan, session.counts, session.logs)) as rows:
        for frame, tracks in rows:
            if writes:
                session.outputs.write(frame, tracks)
            yield tracks


def track_rows(
    frames: Iterable[Frame], plan: Plan, counts: Counts, logs: Sequence[RowLog] = ()
) -> Generator[tuple[Frame, FrameTracks], None, None]:
    """Track frame after frame; each with its rows, in order, when these are final.

    An error of the source or of a model ends the frames as the end of the source does, and is left in `counts.error`.
    """
    steps = track_frames(frames, plan.models, counts, size=plan.size, every=plan.every, overlaps=True)
    with contextlib.closing(steps):  # what detects ahead ends here, also when nobody wants more rows
        for frame, tracks in final_rows(
            _noted(steps, counts, logs),
            online=plan.rows.online,
            measured=plan.rows.smooth,
            keeps_pictures=plan.draws_on_the_way,
            keeps_unnamed=plan.hides,
            max_held=_most_held(plan),
        ):
            counts.add(tracks)
            for log in logs:
                log.name(tracks)
            yield frame, tracks


def track_frames(
    frames: Iterable[Frame],
    models: Models,
    counts: Counts,
    *,
    size: tuple[int, int] | None,
    every: int = 1,
    overlaps: bool = False,
) -> Generator[Tracked, None, None]:
    """Track frame after frame.

    Args:
        frames: in order.
        models: detector, encoder and a fresh tracker.
        counts: of detections and crops, and of the time of each stage.
        size: width and height (px) of a frame without an image.
        every: look for objects at each n-th frame only; in between, tracks move on as predicted.
        overlaps: detect ahead in threads, while the frames before are embedded and tracked; the results are the same.
    """
    tracker, clock = models.tracker, counts.clock
    for frame, found in _detected(frames, models, counts, every, overlaps=overlaps):
        if found is None:
            motion = _camera_motion(frame, tracker.confirmed().xyxy, models, counts)
            with clock.stage("associate"):
                coasting = tracker.coast(time_s=frame.time_s, motion=motion)
            yield Tracked(frame, Detections.empty(), coasting, tracker.tentative())
            continue
        frame_size = size_of(frame, size)
        detections = usable(found, frame_size, counts.rejected)
        counts.detections += len(detections)
        motion = _camera_motion(frame, detections.xyxy, models, counts)
        with clock.stage("embed"):
            embeddings, known = _embedded(frame, detections, models, counts, motion)
        with clock.stage("associate"):
            if models.gate is not None:
                models.gate.set(tracker)
            tracks = tracker.update(
                detections.xyxy,
                detections.scores,
                detections.class_ids,
                embeddings,
                frame_size=frame_size,
                time_s=frame.time_s,
                motion=motion,
                known=known,
            )
            if models.demand is not None and known is not None:
                models.demand.note(tracker, known)
            if models.gate is not None:
                models.gate.learn(frame.time_s, detections.xyxy, embeddings, tracks)
        yield Tracked(frame, detections, tracks, tracker.tentative(), embeddings)


def _detected(
    frames: Iterable[Frame], models: Models, counts: Counts, every: int, *, overlaps: bool
) -> Iterator[tuple[Frame, Detections | None]]:
    """Each frame with its detections, `None` where nobody looked.

    A detector without pictures reads a file, which is quicker than handing its boxes from thread to thread.
    """
    detector, clock = models.detector, counts.clock

    def detect(numbered: tuple[int, Frame]) -> tuple[Frame, Detections | None]:
        position, frame = numbered
        if position % every:
            return frame, None
        with clock.stage("detect"):
            return frame, detector.detect(frame.image, frame.index)

    if not (overlaps and detector.needs_images):
        yield from map(detect, enumerate(frames))
        return
    workers = detector.parallel
    with Ahead(detect, enumerate(frames), workers=workers, size=workers + 1) as ahead:
        try:
            yield from ahead
        finally:
            clock.add("wait for detector", ahead.wait_s)


def size_of(frame: Frame, size: tuple[int, int] | None) -> tuple[int, int] | None:
    """Width and height (px) of a frame: of its picture, or `size` without one."""
    if frame.image is None:
        return size
    height, width = frame.image.shape[:2]
    return width, height


def usable(detections: Detections, size: tuple[int, int] | None, rejected: Counter[str]) -> Detections:
    """The boxes that can be tracked in a frame of that size; the others are counted in `rejected`, by reason."""
    reasons = reject_reasons(np.asarray(detections.xyxy, np.float64), detections.scores.astype(np.float64), size)
    if not reasons.any():
        return detections
    rejected.update(REJECT_REASONS[reason] for reason in reasons[reasons > 0].tolist())
    return detections[reasons == 0]


def _camera_motion(frame: Frame, xyxy: npt.NDArray[np.floating[Any]], models: Models, counts: Counts) -> Affine | None:
    """How the camera moved since the frame before, `(2, 3)`; `None` where nobody measures it."""
    if models.camera is None:
        return None
    with counts.clock.stage("camera"):
        return models.camera.estimate(frame.image, xyxy)


def _embedded(
    frame: Frame, detections: Detections, models: Models, counts: Counts, motion: Affine | None
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_] | None]:
    """Embeddings `(N, D)`, and which of them are known; `None` where all are. Those of the others are 0."""
    encoder = models.encoder
    if models.demand is None or not encoder.needs_images:
        counts.embedded += len(detections) if encoder.needs_images else 0
        return encoder.encode(frame.image, detections.xyxy, detections.features), None
    wanted = models.demand.wanted(models.tracker, detections.xyxy, motion, time_s=frame.time_s)
    embeddings = np.zeros((len(detections), encoder.embedding_dim), np.float32)
    if wanted.any():
        embeddings[wanted] = encoder.encode(frame.image, detections.xyxy[wanted], detections.features[wanted])
    counts.embedded += int(wanted.sum())
    return embeddings, wanted


def _noted(steps: Iterable[Tracked], counts: Counts, logs: Sequence[RowLog]) -> Iterator[Tracked]:
    """`steps` up to their end or first error, so that what came before is finished as at the end of the source."""
    try:
        for step in steps:
            for log in logs:
                log.add(step)
            yield step
    except Exception as error:  # raised again by `track.run.run` when the files are complete
        counts.error = error


def _most_held(plan: Plan) -> int:
    """Frames that may wait for a confirmation: with `--every` that can be long, and pictures are large."""
    if not plan.draws_on_the_way:
        return MAX_HELD_FRAMES
    return max(MAX_HELD_BYTES // max(3 * plan.source.width * plan.source.height, 1), 8)
