"""The main path: for each frame, detect -> embed -> `tracker.update`; what comes out goes to the sinks.

`track_frames` is that path and nothing else; files, progress and summaries are the business of `track.run.run`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from detectors import Detections
from track.run.clock import StageClock
from track.setup.parts import Affine, Models
from track.sources import Frame
from track.threads.ahead import Ahead
from tracker import REJECT_REASONS, Tracks, reject_reasons

__all__ = ["Tracked", "size_of", "track_frames", "usable"]


@dataclass(frozen=True)
class Tracked:
    """What tracking found at one frame."""

    frame: Frame
    detections: Detections
    confirmed: Tracks
    tentative: Tracks
    embeddings: npt.NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 0), np.float32))

    def with_measured_boxes(self) -> Tracked:
        """The same with each track's detection for a box, NaN where it had none: what a smoother wants."""
        confirmed, tentative = (
            Tracks(t.ids, _measured(t, self.detections), t.scores, t.class_ids, t.detection_index, t.births)
            for t in (self.confirmed, self.tentative)
        )
        return Tracked(self.frame, self.detections, confirmed, tentative, self.embeddings)


def track_frames(
    frames: Iterable[Frame],
    models: Models,
    clock: StageClock,
    *,
    size: tuple[int, int] | None,
    every: int = 1,
    overlaps: bool = False,
) -> Generator[Tracked, None, None]:
    """Track frame after frame.

    Args:
        frames: in order.
        models: detector, encoder and a fresh tracker.
        clock: where the stages' time is counted.
        size: width and height (px) of a frame without an image.
        every: look for objects at each n-th frame only; in between, tracks move on as predicted.
        overlaps: detect ahead in threads, while the frames before are embedded and tracked; the results are the same.
    """
    tracker = models.tracker
    for frame, found in _looked_at(frames, models, clock, every, overlaps=overlaps):
        if found is None:
            motion = _camera_motion(frame, tracker.confirmed().xyxy, models, clock)
            with clock.stage("associate"):
                coasting = tracker.coast(time_s=frame.time_s, motion=motion)
            yield Tracked(frame, Detections.empty(), coasting, tracker.tentative())
            continue
        frame_size = size_of(frame, size)
        detections = usable(found, frame_size, models)
        motion = _camera_motion(frame, detections.xyxy, models, clock)
        with clock.stage("embed"):
            embeddings, known = _embedded(frame, detections, models, motion)
        with clock.stage("associate"):
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
        models.num_detections += len(detections)
        yield Tracked(frame, detections, tracks, tracker.tentative(), embeddings)


def _looked_at(
    frames: Iterable[Frame], models: Models, clock: StageClock, every: int, *, overlaps: bool
) -> Iterator[tuple[Frame, Detections | None]]:
    """Each frame with its detections, `None` where nobody looked.

    A detector without pictures reads a file, which is quicker than handing its boxes from thread to thread.
    """
    detector = models.detector

    def look(numbered: tuple[int, Frame]) -> tuple[Frame, Detections | None]:
        position, frame = numbered
        if position % every:
            return frame, None
        with clock.stage("detect"):
            return frame, detector.detect(frame.image, frame.index)

    if not (overlaps and detector.needs_images):
        yield from map(look, enumerate(frames))
        return
    workers = getattr(detector, "parallel", 1)
    with Ahead(look, enumerate(frames), workers=workers, size=workers + 1) as ahead:
        try:
            yield from ahead
        finally:
            clock.add("wait for detector", ahead.wait_s)


def _embedded(
    frame: Frame, detections: Detections, models: Models, motion: Affine | None
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_] | None]:
    """Embeddings `(N, D)`, and which of them are known; `None` where all are. Those of the others are 0."""
    encoder = models.encoder
    if models.demand is None or not encoder.needs_images:
        models.num_embedded += len(detections) if encoder.needs_images else 0
        return encoder.encode(frame.image, detections.xyxy, detections.features), None
    wanted = models.demand.wanted(models.tracker, detections.xyxy, motion)
    embeddings = np.zeros((len(detections), encoder.embedding_dim), np.float32)
    if wanted.any():
        embeddings[wanted] = encoder.encode(frame.image, detections.xyxy[wanted], detections.features[wanted])
    models.num_embedded += int(wanted.sum())
    return embeddings, wanted


def _camera_motion(
    frame: Frame, xyxy: npt.NDArray[np.floating[Any]], models: Models, clock: StageClock
) -> Affine | None:
    """How the camera moved since the frame before, `(2, 3)`; `None` where nobody measures it."""
    if models.camera is None:
        return None
    with clock.stage("camera"):
        return models.camera.estimate(frame.image, xyxy)


def size_of(frame: Frame, size: tuple[int, int] | None) -> tuple[int, int] | None:
    """Width and height (px) of a frame: of its picture, or `size` without one."""
    if frame.image is None:
        return size
    height, width = frame.image.shape[:2]
    return width, height


def usable(detections: Detections, size: tuple[int, int] | None, models: Models) -> Detections:
    """The boxes that can be tracked; the others are counted by reason."""
    reasons = reject_reasons(np.asarray(detections.xyxy, np.float64), detections.scores.astype(np.float64), size)
    if not reasons.any():
        return detections
    models.rejected.update(REJECT_REASONS[reason] for reason in reasons[reasons > 0].tolist())
    return detections[reasons == 0]


def _measured(tracks: Tracks, detections: Detections) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    boxes = np.full((len(tracks), 4), np.nan, np.float32)
    seen = tracks.detection_index >= 0
    boxes[seen] = detections.xyxy[tracks.detection_index[seen]]
    return boxes
