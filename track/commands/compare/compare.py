"""`track compare`: one source, detected once, embedded once by each encoder, tracked by each encoder and preset."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from evaluation.reading import read_rows
from reid import Encoder
from track.commands.compare.cache import Entry, EntryCache
from track.commands.compare.config import WITHOUT_NETWORK, CompareConfig
from track.commands.compare.continuity import continuity
from track.commands.compare.keys import embedding_key, scene_key, tracking_key
from track.commands.compare.replay import Replay, ReplaySource
from track.commands.compare.report import write_files
from track.commands.compare.result import Comparison, Row, Seen
from track.commands.compare.scene import Embedded, Scene, detect_scene, embed_scene
from track.commands.compare.truth import Truth, check_detections, open_truth
from track.files.run_folder import folder_name, remove_run_files, starting_run_dir
from track.run.clock import StageClock
from track.run.outputs import Outputs
from track.run.passes import Session
from track.run.run import run_passes
from track.setup.checks import check_possible
from track.setup.config import RunConfig
from track.setup.loading import load_detector, load_encoder, warn_of_idle_options
from track.setup.parts import Models
from track.setup.presets import TrackerPreset
from track.setup.settings import tracker_settings
from track.sources import Source, open_source
from track.terminal.interrupt import StoppedError, StopSignal
from track.terminal.progress import Progress
from tracker import create_tracker
from tracker.config import TrackerConfig

__all__ = ["check_encoder", "compare"]


def compare(config: CompareConfig, progress: Progress) -> Comparison:
    """Detect, embed and track as asked for; writes the tracks of each run into a folder of its own.

    Raises:
        ValueError, OSError: something can't be done; what was detected and embedded before stays in the cache.
        StoppedError: a signal to stop came; likewise.
    """
    cache = EntryCache(enabled=config.use_cache)
    with StopSignal() as stop:
        try:
            return _Comparing(config, progress, stop, cache).run()
        except StoppedError as error:
            kept = f"what was detected and embedded by then is in {cache.folder}, so it goes on there next time"
            raise StoppedError(error.number, kept if cache.enabled else "nothing is kept with --no-cache") from None


class _Comparing:
    """One comparison while it goes on."""

    def __init__(self, config: CompareConfig, progress: Progress, stop: StopSignal, cache: EntryCache) -> None:
        self._config, self._progress, self._stop, self._cache = config, progress, stop, cache
        self._from_cache: list[str] = []
        self._encoders: dict[str, Encoder] = {}

    def run(self) -> Comparison:
        config = self._config
        with self._open() as source:
            truth = self._check(source)
            name = f"compare-{source.name}"
            with starting_run_dir(name, config.out, config.overwrite) as folder:
                self._scene_key = scene_key(config.run, source)
                self._prove_weights()
                scene = self._detect(source)
                if truth is not None:
                    check_detections(truth, scene, source)
                embedded = {encoder: self._embed(scene, encoder) for encoder in config.encoders}
                runs = [(encoder, tracker) for encoder in config.encoders for tracker in config.trackers]
                rows = [self._track(source, scene, *each, embedded[each[0]], truth, folder) for each in runs]
                result = Comparison(
                    config, source.name, Seen.of(scene), tuple(rows), tuple(self._from_cache), folder, self._cache
                )
                write_files(result)
        return result

    def _open(self) -> Source:
        config = self._config.run
        return open_source(config.source, start_s=config.start_s, end_s=config.end_s)

    def _check(self, source: Source) -> Truth | None:
        """Find what can't be before anything is detected."""
        config = self._config
        if source.is_live:
            raise ValueError(
                f"{config.run.source} is a live source, but track compare reads it several times: give a file"
            )
        for encoder in config.encoders:
            check_encoder(config.run_of(encoder), source)
        if config.gt is None:
            return None
        return open_truth(config.gt, source, start_s=config.run.start_s, end_s=config.run.end_s)

    def _prove_weights(self) -> None:
        """Load the encoders with weights of the user's own first: what is wrong with a file shows before detecting."""
        for name in self._config.weights:
            if self._cache.find(self._embedding_key(name)) is None:
                with self._progress.waiting(f"loading encoder {name}"):
                    self._encoders[name] = load_encoder(self._config.run_of(name))

    def _embedding_key(self, encoder: str) -> str:
        return embedding_key(self._scene_key, self._config.run_of(encoder))

    def _detect(self, source: Source) -> Scene:
        config = self._config.run
        has_network = any(name not in WITHOUT_NETWORK for name in self._config.encoders)
        entry = self._cache.find(self._scene_key)
        if entry is not None:
            self._from_cache.append("detections")
            scene = Scene.from_entry(entry)
            self._check_classes(scene.class_names)
            warn_of_idle_options(config, scene.facts["detector"], has_network)
            return scene
        with self._progress.waiting(f"loading detector {config.detector}"):
            detector = load_detector(config, source)
        warn_of_idle_options(config, detector.name, has_network)
        self._check_classes(detector.class_names)
        with self._progress.task("detecting", source.num_frames, unit="detection") as task:
            scene = detect_scene(source, detector, task)
        self._scene_key = scene_key(config, source)  # the weights may have been fetched just now
        self._cache.store(self._scene_key, scene.to_entry())
        return scene

    def _check_classes(self, class_names: Mapping[int, str]) -> None:
        """Raise `ValueError` where a tracker names a class that the detector does not have."""
        for tracker in self._config.trackers:
            tracker_settings(self._config.run_of("none", tracker), None, class_names)

    def _embed(self, scene: Scene, name: str) -> Embedded | None:
        """The embeddings of a network, from the cache or made now; `None` for an encoder without one."""
        if name in WITHOUT_NETWORK:
            return None
        key = self._embedding_key(name)
        entry = self._cache.find(key)
        if entry is not None and len(entry.arrays["rows"]) == scene.num_boxes:
            self._from_cache.append(name)
            return Embedded(entry.arrays["rows"], dict(entry.facts))
        with self._progress.waiting(f"loading encoder {name}"):
            encoder = self._encoders.pop(name, None) or load_encoder(self._config.run_of(name))
        with self._open() as source, self._progress.task(f"embedding by {name}", len(scene), unit="crop") as task:
            embedded = embed_scene(source, scene, encoder, task)
        self._cache.store(key, Entry({"rows": embedded.rows}, embedded.facts))
        return embedded

    def _track(
        self,
        source: Source,
        scene: Scene,
        name: str,
        preset: TrackerPreset,
        embedded: Embedded | None,
        truth: Truth | None,
        folder: Path,
    ) -> Row:
        config = self._config.run_of(name, preset)
        gate = None if embedded is None else embedded.facts["gate"]
        settings = tracker_settings(config, gate, scene.class_names)
        settings = dataclasses.replace(settings, camera_motion=settings.camera_motion and len(scene.motions) > 0)
        models = _models(scene, config, embedded, settings)
        place = folder / folder_name(f"{name}-{preset.name}")
        seconds = self._run_tracker(config, ReplaySource(scene, source.name, source.fps), models, place)
        key = tracking_key(self._scene_key, self._embedding_key(name) if embedded else name, settings, preset.kind)
        entry = self._cache.find(key)  # a time measured once, so that the same comparison prints the same again
        if entry is None:
            self._cache.store(key, Entry({}, {"associate": seconds}))
        else:
            seconds = float(entry.facts["associate"])
        times = {
            "detect": float(scene.facts["detect_s"]),
            "camera": float(scene.facts["camera_s"]) if models.camera is not None else 0.0,
            "embed": 0.0 if embedded is None else float(embedded.facts["embed_s"]),
            "associate": seconds,
        }
        return Row(
            encoder=name,
            tracker=preset.name,
            settings=settings,
            folder=place,
            report=None if truth is None else truth.score(place / "tracks.txt", scene),
            continuity=continuity(read_rows(place / "tracks.txt"), source.fps),
            seconds=times,
            num_crops=0 if embedded is None else scene.num_boxes,
            num_frames=len(scene),
            runtime=None if embedded is None else embedded.facts["runtime"],
        )

    def _run_tracker(self, config: RunConfig, source: Source, models: Models, place: Path) -> float:
        """Track, write the files into `place`; returns the seconds that the tracker itself took."""
        place.mkdir(exist_ok=True)
        remove_run_files(place)
        clock = StageClock()
        outputs = Outputs(place, models.detector.class_names, clock)
        session = Session(config, source, models, outputs, self._progress, self._stop, clock)
        try:
            run_passes(session)
        finally:
            outputs.close()
        error = session.error or next(iter(outputs.errors), None)
        if error is not None:
            raise error
        return clock.seconds.get("associate", 0.0) + clock.seconds.get("embed", 0.0)


def check_encoder(config: RunConfig, source: Source) -> None:
    """Raise the errors of `check_possible` with the names of options as `track compare` has them."""
    try:
        check_possible(config, source)
    except (ValueError, FileNotFoundError) as error:  # in the words for an encoder that is alone
        text = str(error).replace("--reid-weights ", f"--reid-weights {config.reid}=")
        raise type(error)(text) from error


def _models(scene: Scene, config: RunConfig, embedded: Embedded | None, settings: TrackerConfig) -> Models:
    """Parts that play the scene back, and a fresh tracker."""
    replay = Replay(scene, config.reid, None if embedded is None else embedded.rows)
    camera = replay if settings.camera_motion else None
    tracker = create_tracker(settings, config.tracker.kind)
    return Models(replay, load_encoder(config) if embedded is None else replay, tracker, camera)
