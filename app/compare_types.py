"""What `track compare` is asked for, and what comes of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.config import RunConfig, TrackerPreset
from app.continuity import Continuity
from app.embedding_cache import EntryCache
from app.scene import Scene
from app.sources import open_source
from app.sources.images import list_images, natural_key
from configs import preset_names
from evaluation import Report, is_sequence
from reid.bundled import bundled_names
from tracker.config import TrackerConfig

__all__ = [
    "WITHOUT_NETWORK",
    "CompareConfig",
    "Comparison",
    "Row",
    "Seen",
    "dataset_sequences",
    "default_encoders",
    "parse_weights",
    "with_short_names",
]

WITHOUT_NETWORK = ("none", "file")


@dataclass(frozen=True)
class CompareConfig:
    """What `track compare` was asked for.

    Attributes:
        run: source, detector and what else all runs share.
        encoders: names, in the order of the table.
        trackers: presets, likewise.
        weights: of encoders, by name, where they were given.
        gt: ground truth.
        out: folder of the results.
        overwrite: whether it may hold an earlier comparison.
        use_cache: whether detections and embeddings are looked for in the cache, and kept.
    """

    run: RunConfig
    encoders: tuple[str, ...]
    trackers: tuple[TrackerPreset, ...]
    weights: Mapping[str, Path] = field(default_factory=dict)
    gt: Path | None = None
    out: Path | None = None
    overwrite: bool = False
    use_cache: bool = True

    def __post_init__(self) -> None:
        for option, names in (("--reid", self.encoders), ("--tracker", tuple(t.name for t in self.trackers))):
            for name in names:
                if names.count(name) > 1:
                    raise ValueError(f"{option} names {name} twice: expected each once")
        for name in self.weights:
            if name not in self.encoders:
                raise ValueError(f"--reid-weights {name}=... is of no encoder in --reid {','.join(self.encoders)}")
            if name in WITHOUT_NETWORK:
                raise ValueError(f"--reid-weights {name}=... has no effect: {name} has no network; drop it")

    def run_of(self, encoder: str, tracker: TrackerPreset | None = None) -> RunConfig:
        """The settings with which `track run` does the same: every frame, everybody embedded, whatever the preset."""
        return dataclasses.replace(
            self.run,
            reid=encoder,
            reid_weights=self.weights.get(encoder),
            reid_when=None if encoder in WITHOUT_NETWORK else "always",
            every=1,
            tracker=self.run.tracker if tracker is None else tracker,
            video=False,
        )


@dataclass(frozen=True)
class Row:
    """What came of one encoder with one tracker.

    Attributes:
        encoder, tracker: their names.
        settings: of the tracker, with the gate that counted.
        folder: of its `tracks.txt` and `tracks.csv`.
        report: scores; `None` without ground truth.
        continuity: what shows without ground truth.
        seconds: of the parts that count for the speed: `detect`, `camera`, `embed`, `associate`.
        num_crops: crops that went through a network.
        num_frames: frames tracked.
        runtime: what ran the network, `None` without one.
    """

    encoder: str
    tracker: str
    settings: TrackerConfig
    folder: Path
    report: Report | None
    continuity: Continuity
    seconds: dict[str, float]
    num_crops: int
    num_frames: int
    runtime: str | None

    @property
    def crops_per_s(self) -> float | None:
        """Crops that the encoder takes in a second, cutting them out included; `None` without a network."""
        return self.num_crops / self.seconds["embed"] if self.num_crops else None

    @property
    def fps(self) -> float:
        """Frames that could be detected, embedded and tracked in a second, one after the other."""
        return self.num_frames / max(sum(self.seconds.values()), 1e-9)


@dataclass(frozen=True)
class Seen:
    """What was detected.

    Attributes:
        num_frames, num_boxes: how much.
        detector: its name.
        detect_s: seconds that it took.
        notes: what a person should know of the source.
    """

    num_frames: int
    num_boxes: int
    detector: str
    detect_s: float
    notes: tuple[str, ...]

    @staticmethod
    def of(scene: Scene) -> Seen:
        """Of one source."""
        facts = scene.facts
        return Seen(len(scene), scene.num_boxes, facts["detector"], float(facts["detect_s"]), tuple(facts["notes"]))


@dataclass(frozen=True)
class Comparison:
    """The whole result.

    Attributes:
        config: what was asked for.
        source: name of the source.
        seen: what was detected.
        rows: one for each encoder and tracker, in the order asked for.
        from_cache: what had been measured before: `detections`, and names of encoders.
        folder: of the results.
        cache: where detections and embeddings are kept.
        sequences: names, where the source is a folder of several.
    """

    config: CompareConfig
    source: str
    seen: Seen
    rows: tuple[Row, ...]
    from_cache: tuple[str, ...]
    folder: Path
    cache: EntryCache
    sequences: tuple[str, ...] = ()


def with_short_names(presets: Sequence[TrackerPreset]) -> tuple[TrackerPreset, ...]:
    """The presets, files among them by their name without folder and ending, where no two would be called the same."""
    short = [Path(preset.name).stem if preset.name not in preset_names() else preset.name for preset in presets]
    return tuple(
        dataclasses.replace(preset, name=name) if short.count(name) == 1 and name not in preset_names() else preset
        for preset, name in zip(presets, short, strict=True)
    )


def default_encoders(run: RunConfig) -> tuple[str, ...]:
    """Motion alone, and each encoder with bundled weights where there are pictures to look at."""
    for path in dataset_sequences(run.source).values() or (run.source,):
        with open_source(str(path), start_s=run.start_s, end_s=run.end_s) as source:
            if not source.has_images:
                return ("none",)
    return ("none", *bundled_names())


def dataset_sequences(source: str) -> dict[str, Path]:
    """Name -> folder of the sequences in a folder that is none itself and holds no pictures; else none."""
    folder = Path(source)
    if not folder.is_dir() or is_sequence(folder) or list_images(folder):
        return {}
    found = {path.name: path for path in folder.iterdir() if path.is_dir() and is_sequence(path)}
    return dict(sorted(found.items(), key=lambda item: natural_key(item[0])))


def parse_weights(pairs: Sequence[str]) -> dict[str, Path]:
    """Encoder -> weights, of texts such as `dogenet50=mine.safetensors`.

    Raises:
        ValueError: not of that form, or an encoder twice.
    """
    weights: dict[str, Path] = {}
    for pair in pairs:
        name, equals, path = pair.partition("=")
        if not (name.strip() and equals and path.strip()):
            raise ValueError(f"--reid-weights is {pair!r}, expected NAME=FILE, such as dogenet50=mine.safetensors")
        if name in weights:
            raise ValueError(f"--reid-weights names {name} twice: expected each encoder once")
        weights[name] = Path(path)
    return weights
