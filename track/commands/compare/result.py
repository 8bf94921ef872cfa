"""What a comparison found: rows of the table, and what they rest on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from evaluation import Report
from track.commands.compare.config import CompareConfig
from track.commands.compare.continuity import Continuity
from track.scenes.cache import EntryCache
from track.scenes.scene import Scene
from tracker.config import TrackerConfig

__all__ = ["Comparison", "Row", "Seen"]


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
        loads: for `detect`, `embed` and `associate`, the share of the cores that other programs kept busy meanwhile.
        num_crops: crops that went through a network.
        num_frames: frames tracked.
        runtime: what ran the network, `None` without one.
        repeats: scores on disturbed detections, one a draw.
    """

    encoder: str
    tracker: str
    settings: TrackerConfig
    folder: Path
    report: Report | None
    continuity: Continuity
    seconds: dict[str, float]
    loads: dict[str, float]
    num_crops: int
    num_frames: int
    runtime: str | None
    repeats: tuple[Report, ...] = ()

    @property
    def crops_per_s(self) -> float | None:
        """Crops that the encoder takes in a second, cutting them out included; `None` without a network."""
        return self.num_crops / self.seconds["embed"] if self.num_crops else None

    @property
    def load(self) -> float:
        """The highest of `loads`."""
        return max(self.loads.values())

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
