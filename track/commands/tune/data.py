"""The sequences to tune on: found, checked, detected and embedded once, then tracked and scored in memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evaluation import EvalOptions, find_ground_truth, is_sequence
from evaluation.evaluate import prepare_rows
from evaluation.pieces import Pieces, count_pieces, joined, num_pieces
from registry import unknown_name
from registry.defaults import DEFAULT_ENCODER
from track.commands.tune.config import TuneConfig
from track.scenes.cache import EntryCache, content_digest
from track.scenes.cached import embedded_scene, scene_of
from track.scenes.dataset import dataset_sequences
from track.scenes.scene import Embedded, Scene
from track.scenes.tracking import track_scene, without_classes
from track.scenes.truth import Truth, check_detections, open_truth
from track.setup.checks import check_possible
from track.setup.config import RunConfig
from track.setup.loading import check_detections as check_files
from track.sources import Source, open_source
from track.sources.images import natural_key
from track.terminal.progress import Progress
from tracker.presets import TrackerPreset

__all__ = ["Clip", "find_clips", "load_clips"]

VIDEOS = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".gif")
"""Endings by which a folder's videos are known."""
FEWEST_FRAMES = 40
"""Annotated frames of all sequences: in fewer, everything is chance."""


@dataclass(frozen=True)
class Clip:
    """A sequence, ready to be tracked with any setting.

    Attributes:
        name: of the sequence.
        run: its settings; the preset is set for each trial.
        scene: what was detected.
        embedded: embeddings, where a network makes them.
        fps: frames a second.
        truth: annotations.
        options: how it is scored.
        num_frames: that are scored.
        key: of everything before tracking.
    """

    name: str
    run: RunConfig
    scene: Scene
    embedded: Embedded | None
    fps: float
    truth: Truth
    options: EvalOptions
    num_frames: int
    key: str

    @property
    def num_pieces(self) -> int:
        """In which it is counted."""
        return num_pieces(self.fps, self.num_frames)

    def count(self, preset: TrackerPreset) -> Pieces:
        """What the tracker finds with these settings, scored as `track eval` scores `tracks.txt`."""
        config = dataclasses.replace(self.run, tracker=preset, every=preset.every)
        tracks = without_classes(track_scene(self.scene, config, self.fps, self.embedded))
        span, classes = prepare_rows(self.truth.file, self.truth.rows, tracks, self.options)
        return joined([count_pieces(each, self.num_pieces, first=span[0]) for each in classes])


def find_clips(config: TuneConfig) -> dict[str, Path]:
    """Name -> sequence folder or video, in natural order.

    Raises:
        FileNotFoundError: no such file or folder.
        ValueError: nothing to tune on in it, or no sequence of that name.
    """
    path = config.dataset
    if not path.exists():
        raise FileNotFoundError(f"dataset {path} not found: expected a folder of sequences or videos, or one of these")
    found: dict[str, Path] = dataset_sequences(str(path))
    if not found and path.is_dir() and not is_sequence(path):
        videos = [file for file in path.iterdir() if file.suffix.lower() in VIDEOS and file.is_file()]
        found = {file.stem: file for file in sorted(videos, key=lambda file: natural_key(file.name))}
    if not found:
        found = {path.resolve().stem if path.is_file() else path.resolve().name: path}
    for name in config.sequences:
        if name not in found:
            raise unknown_name("sequence", name, found)
    return {name: each for name, each in found.items() if name in config.sequences or not config.sequences}


def load_clips(config: TuneConfig, progress: Progress) -> tuple[list[Clip], list[str]]:
    """All sequences with their detections and embeddings, from the cache or made now; and notes for a person.

    Nothing is detected before all of them were looked at.

    Raises:
        ValueError, OSError: something is missing, or does not fit together.
    """
    paths = find_clips(config)
    runs = _runs(config, paths)
    truths, notes = {}, list[str]()
    for name, run in runs.items():
        with open_source(run.source) as source:
            truths[name] = _truth(config, name, paths[name], source)
    spans = {name: _span(truth) for name, truth in truths.items()}
    num_frames = sum(last - first + 1 for first, last in spans.values())
    if num_frames < FEWEST_FRAMES:
        raise ValueError(
            f"{config.dataset} has {num_frames} annotated frames, expected {FEWEST_FRAMES} or more: in so few, any "
            "gain is chance; annotate a longer piece, or several"
        )
    clips = []
    for name, run in runs.items():
        truth, span = truths[name], spans[name]
        with open_source(run.source) as source:
            length, fps = truth.file.length or source.num_frames or span[1], source.fps
        if span[1] < length:
            notes.append(f"{name}: annotated up to frame {span[1]} of {length}; the rest is left out")
            run = dataclasses.replace(run, end_s=span[1] / fps)
        clips.append(_clip(config, name, run, truth, span, progress))
    return clips, notes


def _runs(config: TuneConfig, paths: Mapping[str, Path]) -> dict[str, RunConfig]:
    """The settings of each sequence, the same for all but for source and detector; checked without a model."""
    sources: dict[str, Source] = {}
    for name, path in paths.items():
        with open_source(str(path)) as source:
            if source.is_live:
                raise ValueError(f"{path} is a live source, but track tune reads it several times: give a file")
            sources[name] = source
    default = DEFAULT_ENCODER if all(source.has_images for source in sources.values()) else "none"
    reid = default if config.reid is None else config.reid
    runs = {}
    for name, path in paths.items():
        has_det = path.is_dir() and (path / "det").is_dir()
        detector = ("public" if has_det else "auto") if config.detector is None else config.detector
        when = None if reid in ("none", "file") else "always"
        run = dataclasses.replace(config.run, source=str(path), detector=detector, reid=reid, reid_when=when)
        check_possible(run, sources[name])
        check_files(run, sources[name])
        runs[name] = run
    return runs


def _truth(config: TuneConfig, name: str, path: Path, source: Source) -> Truth:
    if config.gt is None:
        if not (path / "gt" / "gt.txt").is_file():
            raise ValueError(f"{name} has no gt/gt.txt, without which nothing can be scored: give --gt")
        return open_truth(path, source)
    if len(find_clips(config)) > 1 and name not in find_ground_truth(config.gt):
        raise ValueError(
            f"--gt {config.gt} has no ground truth of {name}: expected {name}/gt/gt.txt or {name}.txt in it; "
            "--sequences leaves some out"
        )
    return open_truth(config.gt, source)


def _span(truth: Truth) -> tuple[int, int]:
    """First and last frame that are scored: the rest may not have been annotated."""
    frames = truth.rows.frames
    length = truth.file.length
    if length is None:
        return int(frames.min()), int(frames.max())
    tenth = length // 10
    first = int(frames.min()) if frames.min() > 1 + tenth else 1
    last = int(frames.max()) if frames.max() < length - tenth else max(length, int(frames.max()))
    return first, last


def _clip(
    config: TuneConfig, name: str, run: RunConfig, truth: Truth, span: tuple[int, int], progress: Progress
) -> Clip:
    cache = EntryCache()
    key, scene = scene_of(run, cache, progress, name)
    with open_source(run.source) as source:
        check_detections(truth, scene, source)
        fps = source.fps
    embedding_key, embedded = embedded_scene(run, key, scene, cache, progress, name)
    options = EvalOptions(config.rules, config.run.classes, first=span[0], last=span[1], force=True)
    whole_key = f"{key} {embedding_key} {content_digest(truth.file.file)} {span}"
    return Clip(name, run, scene, embedded, fps, truth, options, span[1] - span[0] + 1, whole_key)
