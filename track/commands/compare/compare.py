"""`track compare`: one source, detected once, embedded once by each encoder, tracked by each encoder and preset."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping
from pathlib import Path

from evaluation import Report, find_ground_truth
from evaluation.reading import read_rows
from reid import Encoder
from reid.registry import WITHOUT_NETWORK, WITHOUT_PICTURES
from track.commands.compare.config import CompareConfig
from track.commands.compare.continuity import continuity
from track.commands.compare.repeats import disturbed
from track.commands.compare.report import SEQUENCES, write_files
from track.commands.compare.result import Comparison, Row, Seen
from track.files.inputs import files_in
from track.files.run_folder import RUN_FILES, folder_name, held_run_folder
from track.run.counts import Counts
from track.run.outputs import Outputs
from track.run.passes import run_passes
from track.run.session import start_session
from track.scenes.cache import Entry, EntryCache
from track.scenes.keys import embedding_key, scene_key, tracking_key
from track.scenes.load import HIGH_LOAD, LoadMeter
from track.scenes.replay import ReplaySource
from track.scenes.scene import Embedded, Scene, detect_scene, embed_scene
from track.scenes.tracking import replaying_models
from track.scenes.truth import Truth, check_detections, open_truth
from track.setup.checks import check_possible
from track.setup.config import RunConfig
from track.setup.loading import load_detector, load_encoder, warn_of_idle_options
from track.setup.plan import Plan, plan_of
from track.setup.settings import tracker_settings
from track.sources import Source, open_source
from track.terminal.interrupt import StoppedError, StopSignal
from track.terminal.progress import Progress
from tracker.config import TrackerConfig
from tracker.presets import TrackerPreset

__all__ = ["WRITES", "check_encoder", "compare", "files_read"]

_OF_ONE = ("compare.csv", "compare.json", "compare.png", *(f"*/{name}" for name in RUN_FILES))
WRITES = (*_OF_ONE, "*/*.txt", *(f"{SEQUENCES}/*/{pattern}" for pattern in _OF_ONE))
"""What may take the place of an earlier comparison, as patterns below the folder."""


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
        self._load = LoadMeter()

    def run(self) -> Comparison:
        config = self._config
        with self._open() as source:
            truth = self._check(source)
            name = f"compare-{source.name}"
            reads, writes = files_read(config), WRITES
            with held_run_folder(name, config.out, config.overwrite, reads=reads, writes=writes) as held:
                folder = held.path
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
            self._load.start()
            scene = detect_scene(source, detector, task)
        scene = dataclasses.replace(scene, facts={**scene.facts, "load": self._load.others()})
        self._scene_key = scene_key(config, source)  # the weights may have been fetched just now
        self._cache.store(self._scene_key, scene.to_entry())
        return scene

    def _check_classes(self, class_names: Mapping[int, str]) -> None:
        """Raise `ValueError` where a tracker names a class that the detector does not have."""
        for tracker in self._config.trackers:
            tracker_settings(self._config.run_of("none", tracker), None, class_names)

    def _embed(self, scene: Scene, name: str) -> Embedded | None:
        """The embeddings of the pictures, from the cache or made now; `None` for an encoder that looks at none."""
        if name in WITHOUT_PICTURES:
            return None
        key = self._embedding_key(name)
        entry = self._cache.find(key)
        if entry is not None and len(entry.arrays["rows"]) == scene.num_boxes:
            self._from_cache.append(name)
            return Embedded(entry.arrays["rows"], dict(entry.facts))
        with self._progress.waiting(f"loading encoder {name}"):
            encoder = self._encoders.pop(name, None) or load_encoder(self._config.run_of(name))
        with self._open() as source, self._progress.task(f"embedding by {name}", len(scene), unit="crop") as task:
            self._load.start()
            embedded = embed_scene(source, scene, encoder, task)
        embedded = dataclasses.replace(embedded, facts={**embedded.facts, "load": self._load.others()})
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
        models = replaying_models(scene, config, embedded, settings)
        place = folder / folder_name(f"{name}-{preset.name}")
        self._load.start()
        seconds = self._run_tracker(plan_of(config, ReplaySource(scene, source.name, source.fps), models), place)
        key = tracking_key(self._scene_key, self._embedding_key(name) if embedded else name, settings, preset.kind)
        seconds, load = self._time_kept(key, seconds, self._load.others())
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
            loads={
                "detect": float(scene.facts["load"]),
                "embed": 0.0 if embedded is None else float(embedded.facts["load"]),
                "associate": load,
            },
            num_crops=0 if embedded is None else scene.num_boxes,
            num_frames=len(scene),
            runtime=None if embedded is None else embedded.facts["runtime"],
            repeats=() if truth is None else self._repeated(source, scene, config, embedded, settings, truth),
        )

    def _repeated(
        self,
        source: Source,
        scene: Scene,
        config: RunConfig,
        embedded: Embedded | None,
        settings: TrackerConfig,
        truth: Truth,
    ) -> tuple[Report, ...]:
        """The scores on each disturbed draw of the detections."""
        reports = []
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "draw"
            for number in range(self._config.repeats or 0):
                draw, vectors = disturbed(scene, embedded, config.seed + number)
                models = replaying_models(draw, config, vectors, settings)
                self._run_tracker(plan_of(config, ReplaySource(draw, source.name, source.fps), models), place)
                reports.append(truth.score(place / "tracks.txt", draw))
        return tuple(reports)

    def _time_kept(self, key: str, seconds: float, load: float) -> tuple[float, float]:
        """The time and load that count: those measured once, so that the same comparison prints the same again, unless
        the machine was busy then and is not now."""
        entry = self._cache.find(key)
        if entry is not None and (float(entry.facts["load"]) <= HIGH_LOAD or load > HIGH_LOAD):
            return float(entry.facts["associate"]), float(entry.facts["load"])
        self._cache.store(key, Entry({}, {"associate": seconds, "load": load}))
        return seconds, load

    def _run_tracker(self, plan: Plan, place: Path) -> float:
        """Track, write the files into `place`; returns the seconds that the tracker itself took."""
        counts = Counts()
        with held_run_folder(place.name, place, overwrite=True) as held:
            held.remove_unfinished()
            outputs = Outputs(place, plan.models.detector.class_names, counts.clock, plan.size)
            try:
                run_passes(start_session(plan, outputs, self._progress, self._stop, counts))
            finally:
                outputs.close()
            error = counts.error or next(iter(outputs.errors), None)
            if error is not None:
                raise error
            held.remove_stale()
        seconds = counts.clock.seconds
        return seconds.get("associate", 0.0) + seconds.get("embed", 0.0)


def files_read(config: CompareConfig) -> list[Path]:
    """What the results must not replace: all files that were named, and those of a folder of ground truth."""
    truths = (
        [] if config.gt is None or not config.gt.is_dir() else [t.file for t in find_ground_truth(config.gt).values()]
    )
    return [*files_in(config), *truths]


def check_encoder(config: RunConfig, source: Source) -> None:
    """Raise the errors of `check_possible` with the names of options as `track compare` has them."""
    try:
        check_possible(config, source)
    except (ValueError, FileNotFoundError) as error:  # in the words for an encoder that is alone
        text = str(error).replace("--reid-weights ", f"--reid-weights {config.reid}=")
        raise type(error)(text) from error
