"""What `track compare` is asked for, and what comes of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from registry.defaults import DEFAULT_ENCODER
from registry.shipped import preset_names
from reid.bundled import bundled_names
from reid.registry import WITHOUT_NETWORK, WITHOUT_PICTURES
from track.scenes.dataset import dataset_sequences
from track.setup.config import RunConfig
from track.sources import open_source
from tracker.presets import TrackerPreset

__all__ = [
    "CompareConfig",
    "default_encoders",
    "parse_weights",
    "with_short_names",
]

MOST_REPEATS = 100


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
        repeats: how many disturbed draws of the detections are scored, too.
    """

    run: RunConfig
    encoders: tuple[str, ...]
    trackers: tuple[TrackerPreset, ...]
    weights: Mapping[str, Path] = field(default_factory=dict)
    gt: Path | None = None
    out: Path | None = None
    overwrite: bool = False
    use_cache: bool = True
    repeats: int | None = None

    def __post_init__(self) -> None:
        if self.repeats is not None and not 2 <= self.repeats <= MOST_REPEATS:
            raise ValueError(f"--repeats is {self.repeats}, expected a number from 2 to {MOST_REPEATS}")
        if self.repeats is not None and self.gt is None:
            raise ValueError("--repeats tells how far scores are noise, which needs a ground truth: add --gt")
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
            reid_when=None if encoder in WITHOUT_PICTURES else "always",
            every=1,
            tracker=self.run.tracker if tracker is None else tracker,
            video=False,
        )


def with_short_names(presets: Sequence[TrackerPreset]) -> tuple[TrackerPreset, ...]:
    """The presets, files among them by their name without folder and ending, where no two would be called the same."""
    short = [Path(preset.name).stem if preset.name not in preset_names() else preset.name for preset in presets]
    return tuple(
        dataclasses.replace(preset, name=name) if short.count(name) == 1 and name not in preset_names() else preset
        for preset, name in zip(presets, short, strict=True)
    )


def default_encoders(run: RunConfig) -> tuple[str, ...]:
    """Motion alone, and where there are pictures to look at colours and each encoder with bundled weights."""
    for path in dataset_sequences(run.source).values() or (run.source,):
        with open_source(str(path), start_s=run.start_s, end_s=run.end_s) as source:
            if not source.has_images:
                return ("none",)
    return ("none", "colour", *bundled_names())


def parse_weights(pairs: Sequence[str]) -> dict[str, Path]:
    """Encoder -> weights, of texts such as `dogenet50=mine.safetensors`.

    Raises:
        ValueError: not of that form, or an encoder twice.
    """
    weights: dict[str, Path] = {}
    for pair in pairs:
        name, equals, path = pair.partition("=")
        if not (name.strip() and equals and path.strip()):
            raise ValueError(
                f"--reid-weights is {pair!r}, expected NAME=FILE, such as {DEFAULT_ENCODER}=mine.safetensors"
            )
        if name in weights:
            raise ValueError(f"--reid-weights names {name} twice: expected each encoder once")
        weights[name] = Path(path)
    return weights
