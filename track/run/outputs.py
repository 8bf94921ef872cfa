"""The files of a run, opened together and closed together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.own_names import own_name
from track.files.run_folder import RUN_FILES, stamp_of
from track.places.sinks import EventsCsv, ZonesCsv
from track.places.tables import EVENTS_FILE, ZONES_FILE
from track.places.types import Places
from track.rows.detections_file import EMBEDDINGS, SavedDetections, save_detections
from track.rows.identities import Identity
from track.rows.identities_file import IDENTITIES, IdentitiesCsv, IdentityFacts
from track.run.appearance_log import AppearanceLog
from track.run.clock import StageClock
from track.sinks import FrameTracks, OutputError, Sink
from track.sinks.styles import DEFAULT_STYLE, create_drawer
from track.sinks.text import TracksCsv, TracksTxt
from track.sources import Frame, Source
from track.threads.background_sink import BackgroundSink
from tracker.config import TrackerConfig
from tracker.offline.linking import TrackedDetections

if TYPE_CHECKING:
    from track.run.crop_log import CropLog
    from track.sinks.hide import Hider

__all__ = ["Outputs"]

SUMMARY_BYTES = 64 << 10
"""Set aside from the start to the end, so that a full disk still takes `summary.json`."""
MAX_DRAWN_BEHIND = 4
"""Pictures that may wait to be drawn and encoded, which is faster than any detector."""


class Outputs:
    """`tracks.txt`, `tracks.csv`, `identities.csv` and, when asked for, the other files of a run.

    Args:
        run_dir: folder of the run.
        class_names: name of each class id.
        clock: of the run.
        size: width and height of the pictures, px, as far as the source tells.

    Attributes:
        files: those that were finished, complete under their final names, once closed.
        errors: what kept a file from being finished.
        facts: what `identities.csv` tells beside the rows.
        has_begun: whether a frame was written.
        writes_nothing: once closed, whether it leaves no files: it has none, and failed or would replace those of an
            earlier run.
    """

    def __init__(
        self,
        run_dir: Path,
        class_names: Mapping[int, str],
        clock: StageClock,
        size: tuple[int, int] | None = None,
    ) -> None:
        self.files: list[Path] = []
        self.errors: list[Exception] = []
        self.run_dir = run_dir
        self._class_names = class_names
        self._clock = clock
        self.has_begun = self.writes_nothing = False
        self._earlier = {name: stamp_of(run_dir / name) for name in RUN_FILES}
        self._reserve = own_name(run_dir / "summary.json", "reserve")
        try:
            self._reserve.write_bytes(bytes(SUMMARY_BYTES))
        except OSError as error:
            raise OutputError(run_dir / "summary.json", error.strerror or str(error)) from error
        self.facts = IdentityFacts()
        self._identities = IdentitiesCsv(run_dir / IDENTITIES, class_names, size, self.facts)
        self._texts: list[TracksTxt | TracksCsv] = [
            TracksTxt(run_dir / "tracks.txt"),
            TracksCsv(run_dir / "tracks.csv", class_names),
        ]
        self._crops: CropLog | None = None
        self._video: BackgroundSink | None = None
        self._places: EventsCsv | None = None
        self._place_totals: ZonesCsv | None = None

    def watch(self, appearance: AppearanceLog | None, crops: CropLog | None) -> None:
        """Finish what these gather with the other files."""
        if appearance is not None:
            self.facts.changes_s = appearance.changes_s
        self._crops = crops

    @property
    def identities(self) -> list[Identity]:
        """All of them, once closed."""
        return self._identities.identities

    def open_video(
        self, source: Source, style: str = DEFAULT_STYLE, *, every: int = 1, hider: Hider | None = None
    ) -> None:
        """Start `annotated.mp4` of a source, drawn and encoded in a thread of its own.

        Args:
            source: whose pictures they are.
            style: one of `STYLES`.
            every: that of `Drawer`.
            hider: hides people in a picture before it is drawn on.
        """
        from track.sinks.hide import HidingDrawer
        from track.sinks.video import AnnotatedVideo, VideoSink

        width, height = source.width, source.height
        drawer = create_drawer(style, (width, height), source.fps, self._class_names, every=every)
        drawer = drawer if hider is None else HidingDrawer(hider, drawer)
        video = VideoSink(self.run_dir / "annotated.mp4", width, height, source.fps)
        self._video = BackgroundSink(AnnotatedVideo(video, drawer), size=MAX_DRAWN_BEHIND)

    def open_places(self, places: Places, *, as_it_goes: bool) -> None:
        """Start `events.csv` and `zones.csv`; of a camera, events are in sight `as_it_goes`."""
        path = self.run_dir / EVENTS_FILE
        self._places = EventsCsv(path, places, self._class_names, as_it_goes=as_it_goes)
        self._place_totals = ZonesCsv(self.run_dir / ZONES_FILE, self._places)

    def write(self, frame: Frame, tracks: FrameTracks) -> None:
        """Append the tracks of one frame to all files; `OutputError` when the disk takes no more."""
        self.write_rows(tracks)
        self.write_picture(frame, tracks)

    def write_rows(self, tracks: FrameTracks) -> None:
        """Append the tracks of one frame to the text files."""
        self.has_begun = True
        with self._clock.stage("write"):
            for text in self._texts:
                text.write(tracks)
            self._identities.write(tracks)
            if self._places is not None:
                self._places.write(tracks)

    def write_picture(self, frame: Frame, tracks: FrameTracks) -> None:
        """Append one frame to the video, if there is one; waits while its thread is far behind."""
        if self._video is not None and frame.image is not None:
            with self._clock.stage("wait for video"):
                self._video.write(frame.image, tracks)

    def write_detections(self, seen: TrackedDetections, settings: TrackerConfig) -> None:
        """Write `embeddings.npz` (`track.rows.detections_file`); a full disk is noted in `errors`.

        Args:
            seen: what was detected.
            settings: of the tracker, for those who link it.
        """
        path = self.run_dir / EMBEDDINGS
        saved = SavedDetections(
            seen,
            max_cosine=settings.max_cosine_distance,
            class_names=self._class_names,
            class_vote=settings.class_vote,
            class_groups=settings.class_groups,
        )
        try:
            with self._clock.stage("write"):
                save_detections(path, saved)
        except OSError as error:
            self.errors.append(error if isinstance(error, OutputError) else OutputError(path, str(error)))
        else:
            self.files.append(path)

    def close(self, *, failed: bool = False) -> None:
        """Finish every file, whatever happens to the others; see `files` and `errors`.

        Args:
            failed: whether the run did; without a frame, nothing is left of it then.
        """
        self.writes_nothing = not self.has_begun and (failed or set(self._earlier.values()) != {None})
        if self._video is not None:
            with self._clock.stage("wait for video"):
                self._close_one(self._video, self.run_dir / "annotated.mp4")
            self._clock.add("draw and encode", self._video.busy_s)
        for text, name in zip(self._texts, ("tracks.txt", "tracks.csv"), strict=True):
            self._close_one(text, self.run_dir / name)
        crops = self._closed_crops()
        self._close_one(self._identities, self._identities.path)
        self.files += crops
        for table, name in ((self._places, EVENTS_FILE), (self._place_totals, ZONES_FILE)):
            if table is not None:
                self._close_one(table, self.run_dir / name)
        self._reserve.unlink(missing_ok=True)
        self.files.sort(key=lambda path: path.suffix != ".mp4")

    def _closed_crops(self) -> list[Path]:
        """The folder of crops, if there is one."""
        if self._crops is None:
            return []
        if self.writes_nothing:
            self._crops.discard()
            return []
        try:
            with self._clock.stage("write"):
                self.facts.crops = self._crops.write()
        except OSError as error:
            self.errors.append(error)
            return []
        return [self._crops.path]

    def place_facts(self) -> dict[str, Any]:
        """What was counted at lines and zones, once closed; empty where nothing was to be counted."""
        return {} if self._places is None or self.writes_nothing else self._places.facts()

    def _close_one(self, sink: Sink, path: Path) -> None:
        if self.writes_nothing:
            sink.discard()
            return
        try:
            sink.close()
        except OSError as error:
            known = isinstance(error, OutputError)
            self.errors.append(error if known else OutputError(path, error.strerror or str(error)))
        except Exception as error:  # drawing failed in its thread; the other files must be finished all the same
            self.errors.append(error)
        if stamp_of(path) not in (None, self._earlier[path.name]):
            self.files.append(path)
