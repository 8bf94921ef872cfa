"""The rows of a finished run drawn on its video: read once more, paired by the number of the frame."""

from __future__ import annotations

import dataclasses
import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from track.files.run_facts import RunFacts, read_facts
from track.rows.detections_file import EMBEDDINGS, load_detections
from track.rows.run_frames import read_run_frames
from track.rows.stored import StoredTracks
from track.rows.types import FrameTracks
from track.run.clock import StageClock
from track.run.passes import decode_ahead
from track.sinks.hide import Hider, Presence
from track.sinks.styles import DEFAULT_STYLE, HIDING, check_style, create_drawer
from track.sinks.video import AnnotatedVideo, VideoSink
from track.sources import Frame, Source, open_source
from track.terminal.progress import Progress
from track.threads.background_sink import BackgroundSink

__all__ = ["Look", "draw_run", "open_video"]

logger = logging.getLogger(__name__)

MAX_DRAWN_BEHIND = 4
Detections = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]


@dataclass(frozen=True)
class Look:
    """How a run is to be shown.

    Attributes:
        style: one of `STYLES`.
        only: ids to show; empty for all.
        trail_s: length of trails, s; `None` for the usual one.
        blur_others: hide whoever is not in `only`.
        faces: hide heads only.
    """

    style: str = DEFAULT_STYLE
    only: frozenset[int] = frozenset()
    trail_s: float | None = None
    blur_others: bool = False
    faces: bool = False

    def __post_init__(self) -> None:
        check_style(self.style)
        if self.trail_s is not None and not (math.isfinite(self.trail_s) and self.trail_s >= 0):
            raise ValueError(f"--trail is {self.trail_s:g}, expected seconds from 0")
        if self.trail_s is not None and self.style in (HIDING, "heat", "none"):
            raise ValueError(f"--trail has no effect with --style {self.style}, which draws no trails; drop it")
        if self.blur_others and not self.only:
            raise ValueError("--blur-others hides all but those of --only: name them, such as --only 3,4")
        if self.blur_others and self.style == HIDING:
            raise ValueError(
                f"--blur-others has no effect with --style {HIDING}, which hides those of --only: choose one"
            )
        if self.faces and not (self.blur_others or self.style == HIDING):
            raise ValueError(f"--faces says how to hide: it needs --style {HIDING} or --blur-others")

    @property
    def hides(self) -> bool:
        """Whether anybody is hidden."""
        return self.blur_others or self.style == HIDING

    def hidden(self, tracks: StoredTracks) -> StoredTracks:
        """The rows of those who are hidden."""
        if self.blur_others:
            return tracks[~np.isin(tracks.ids, list(self.only))]
        return tracks[np.isin(tracks.ids, list(self.only))] if self.only else tracks

    @property
    def hides_strangers(self) -> bool:
        """Whether detections that belong to nobody are hidden, too."""
        return self.blur_others or not self.only


def open_video(path: str, facts: RunFacts, run_dir: Path) -> Source:
    """The video of a run, from where the run began.

    Raises:
        FileNotFoundError, ValueError: it is not there, no video, without pictures, or of another size.
    """
    source = open_source(path, start_s=facts.number("start_s") or 0.0, end_s=facts.number("end_s"))
    size = (source.width, source.height)
    if not source.has_images or facts.size not in (None, size):
        source.close()
        if not source.has_images:
            raise ValueError(f"{path} has no pictures to draw on: give the video by --video")
        known = "x".join(map(str, facts.size or ()))
        raise ValueError(
            f"{path} is {size[0]}x{size[1]} px, but run {run_dir} was of {known} px: give its video by --video"
        )
    return source


def draw_run(
    tracks: StoredTracks,
    source: Source,
    run_dir: Path,
    facts: RunFacts,
    path: Path,
    look: Look,
    progress: Progress,
    *,
    also_hidden: StoredTracks | None = None,
) -> int:
    """Write the pictures of `source` with the rows drawn on them to `path`; returns how many.

    Args:
        tracks: rows.
        source: the video of the run, open.
        run_dir: of the run, for its frames, and its detections where they were kept.
        facts: of the run.
        path: of the video to write.
        look: how.
        progress: told of every frame.
        also_hidden: further rows of those to be hidden, where anybody is.

    Raises:
        OutputError: the disk is full.
        ValueError: none of the video's frames is one of the run.
    """
    size = source.width, source.height
    drawer = create_drawer(
        look.style,
        size,
        source.fps,
        tracks.class_names,
        names=tracks.names,
        trail_s=look.trail_s,
        every=int(facts.number("every") or 1),
    )
    hidden = [look.hidden(rows) for rows in (tracks, also_hidden) if rows is not None]
    hider = _hider(hidden, look, tracks, run_dir) if look.hides else None
    shown = tracks[np.isin(tracks.ids, list(look.only))] if look.only else tracks
    video = BackgroundSink(AnnotatedVideo(VideoSink(path, *size, source.fps), drawer), size=MAX_DRAWN_BEHIND)
    try:
        count = _write(video, _frames(source, run_dir), shown, hider, tracks, progress)
        if not count:
            raise ValueError(f"no frame of {source.name} is one of run {run_dir}: give the video it was of by --video")
        video.close()
    except BaseException:
        video.discard()
        raise
    return count


def _write(
    video: BackgroundSink,
    frames: Iterator[Frame],
    shown: StoredTracks,
    hider: Hider | None,
    tracks: StoredTracks,
    progress: Progress,
) -> int:
    rows, count, last = _Rows(shown), 0, -1
    times = dict(zip(tracks.frames.tolist(), tracks.times_s.tolist(), strict=True)) if hider else {}
    with progress.task("drawing", None) as task:
        for frame in frames:
            here = rows.at(frame)
            if frame.image is None:
                continue
            if hider is not None:
                hider.hide_on(frame.image, times.get(frame.index, frame.time_s))
            video.write(frame.image, dataclasses.replace(here, time_s=frame.time_s))
            task.step(len(here))
            count, last = count + 1, frame.index
    if len(tracks) and tracks.frames[-1] > last:
        logger.warning(
            "rows go on to frame %d, but the video ends with frame %d: is it the one of this run?",
            tracks.frames[-1] + 1,
            last + 1,
        )
    return count


class _Rows:
    """The rows of one frame after the other."""

    def __init__(self, tracks: StoredTracks) -> None:
        self._coming = tracks.by_frame()
        self._next = next(self._coming, None)

    def at(self, frame: Frame) -> FrameTracks:
        """Those of a frame; frames are asked for in order."""
        while self._next is not None and self._next.frame_index < frame.index:
            self._next = next(self._coming, None)
        if self._next is None or self._next.frame_index > frame.index:
            return FrameTracks.empty(frame.index, frame.time_s)
        return self._next


def _frames(source: Source, run_dir: Path) -> Iterator[Frame]:
    """The frames that the run has looked at; all of them where nobody knows."""
    known = read_run_frames(run_dir)
    with decode_ahead(source, StageClock()) as frames:
        for frame in frames:
            if known.last is not None and frame.index > known.last:
                return
            if known.first is None or frame.index >= known.first:
                yield frame


def _hider(hidden: Sequence[StoredTracks], look: Look, tracks: StoredTracks, run_dir: Path) -> Hider:
    presences = [presence for rows in hidden for presence in _presences(rows)]
    return Hider(presences, _strangers(tracks, run_dir) if look.hides_strangers else None, faces=look.faces)


def _presences(rows: StoredTracks) -> list[Presence]:
    order = np.lexsort((rows.frames, rows.ids))
    starts = np.flatnonzero(np.diff(rows.ids[order], prepend=0))
    pieces = np.split(order, starts[1:]) if len(starts) else []
    return [Presence(rows.times_s[piece], rows.xyxy[piece]) for piece in pieces]


def _strangers(tracks: StoredTracks, run_dir: Path) -> Detections | None:
    """Times and boxes of the detections that belong to nobody, where the run has kept them."""
    path = run_dir / EMBEDDINGS
    if not path.is_file():
        return None
    seen = load_detections(path).seen
    alone = seen.ids == 0
    return _times(seen.frames[alone], tracks, run_dir), seen.xyxy[alone].astype(np.float64)


def _times(frames: npt.NDArray[np.int64], tracks: StoredTracks, run_dir: Path) -> npt.NDArray[np.float64]:
    """Seconds of frames, as the rows tell; where no row is left, by the frame rate."""
    if len(tracks):
        return np.interp(frames, tracks.frames, tracks.times_s)
    fps = read_facts(run_dir).number("fps")
    if not fps:
        raise ValueError(
            f"{run_dir} has no row, and its summary.json no fps: nobody knows when those were there who are to be "
            "hidden; take the run that it was made of"
        )
    return np.asarray((frames - 1) / fps, np.float64)
