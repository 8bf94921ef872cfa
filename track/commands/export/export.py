"""`track export`: an encoder as one file for other programs, checked on crops of people before it is kept."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detectors import DetectorOptions, create_detector
from detectors.trust import TRUST
from registry.defaults import DEFAULT_ENCODER
from reid import create_encoder, is_encoder
from reid.backbone_encoder import load_network
from reid.export import ExportResult, check_export, default_path, export_network, remove_killed
from reid.preprocess import crop_batch
from reid.registry import WITHOUT_NETWORK
from reid.runtimes.choose import is_exported
from reid.runtimes.facts import EncoderFacts
from reid.runtimes.quantise import FEWEST_CROPS
from synthetic.identity_crops import render_identity
from track.files.inputs import files_in, refuse_to_replace
from track.files.lock import locked
from track.sources import Source, open_source
from track.terminal.interrupt import StopSignal
from track.terminal.progress import Progress

__all__ = ["ExportConfig", "export", "print_export"]

Crops = npt.NDArray[np.uint8]

NUM_RENDERED = 40
FEWEST_OF_ONE = 2
"""Crops that the renderer draws of a person at least."""
NUM_CHECKED = 80
"""Crops of a video that check; they are kept from the calibration."""
NUM_CALIBRATING = 300
"""What NNCF's authors recommend."""
FRAMES = 150
"""Frames of a video that crops are cut from, evenly spread."""
SMALLEST_PX = 8
"""Boxes with a shorter side show nobody."""


@dataclass(frozen=True)
class ExportConfig:
    """Everything that `track export` was asked for; see `track export --help`."""

    reid: str
    to: str
    precision: str = "fp32"
    calibrate: str | None = None
    detector: str = "auto"
    weights: Path | None = None
    input_size: tuple[int, int] | None = None
    seed: int = 0
    out: Path | None = None
    overwrite: bool = False
    trust: bool = False

    def __post_init__(self) -> None:
        if self.reid in WITHOUT_NETWORK:
            raise ValueError(f"--reid {self.reid} has no network to export; name a backbone, such as {DEFAULT_ENCODER}")
        if self.precision == "int8" and self.calibrate is None:
            raise ValueError("--int8 takes its ranges from real crops; give a video of people with --calibrate VIDEO")
        if self.detector != "auto" and self.calibrate is None:
            raise ValueError("--detector has no effect without --calibrate VIDEO, whose people it finds; drop it")
        if self.weights is not None and is_exported(self.weights):
            raise ValueError(f"{self.weights} is exported already, expected a checkpoint such as weights.safetensors")
        if not 0 <= self.seed < 1 << 63:
            raise ValueError(f"--seed is {self.seed}, expected a whole number from 0 to 2**63 - 1")

    @property
    def path(self) -> Path:
        """Where the export goes."""
        return self.out or default_path(self.reid, self.to, self.precision)


def export(config: ExportConfig, progress: Progress) -> ExportResult:
    """Export an encoder.

    Raises:
        ValueError, OSError, ImportError: it cannot be done, or the result is too far from PyTorch; nothing is written.
    """
    with StopSignal(), contextlib.ExitStack() as stack:  # a signal unwinds, so that unfinished files go
        if not is_encoder(config.reid):
            create_encoder(config.reid)  # raises with the closest and the known names
        check_export(config.path, to=config.to, precision=config.precision, overwrite=config.overwrite)
        # Beside the export, since that may be a file, and is replaced as a whole.
        stack.enter_context(locked(config.path.with_name(f".{config.path.name}.lock"), str(config.path)))
        below = config.path.iterdir() if config.path.is_dir() else ()
        refuse_to_replace(files_in(dataclasses.replace(config, out=None)), [config.path, *below])
        result = _export(config, progress)
        remove_killed(config.path)  # not before: one may hold the earlier export, killed while that was replaced
        return result


def _export(config: ExportConfig, progress: Progress) -> ExportResult:
    with progress.waiting(f"loading {config.reid}"):
        network = load_network(config.reid, config.weights, seed=config.seed, input_size=config.input_size)
    calibration, checked = _crops(config, network.facts(), progress)
    with progress.waiting(f"exporting {config.reid} to {config.to}, and checking it on {len(checked)} crops"):
        return export_network(
            network,
            config.path,
            to=config.to,
            precision=config.precision,
            crops=checked,
            calibration=calibration,
            overwrite=config.overwrite,
        )


def _crops(config: ExportConfig, facts: EncoderFacts, progress: Progress) -> tuple[Crops | None, Crops]:
    """Crops for calibration (`None` without a video) and, apart from them, for the check."""
    if config.calibrate is None:
        return None, rendered_crops(facts.input_size)
    with open_source(config.calibrate) as source:
        crops = crops_of_video(source, config.detector, facts, progress, trust=config.trust)
    if len(crops) < 2 or (config.precision == "int8" and len(crops) * 3 // 4 < FEWEST_CROPS):
        needed = FEWEST_CROPS * 4 // 3 if config.precision == "int8" else 2
        raise ValueError(
            f"{config.calibrate} gave {len(crops)} crops of people, but {needed} or more are needed; use a longer video"
            " or one with more people, or another --detector"
        )
    checks = np.arange(len(crops)) % 4 == 3 if len(crops) > 4 else np.ones(len(crops), bool)
    return crops[~checks][:NUM_CALIBRATING], crops[checks][:NUM_CHECKED]


def rendered_crops(size: tuple[int, int], count: int = NUM_RENDERED) -> Crops:
    """`(count, H, W, 3)` drawn people, the same each time: for a check that needs no video."""
    return np.stack([render_identity(person, FEWEST_OF_ONE, size=size)[0].image for person in range(count)])


def crops_of_video(
    source: Source, detector: str, facts: EncoderFacts, progress: Progress, *, trust: bool = False
) -> Crops:
    """`(N, H, W, 3)` uint8 BGR crops of what a detector finds, evenly spread over the video and in random order.

    Raises:
        ValueError: a source without images, or an unknown detector.
    """
    if not source.has_images:
        raise ValueError(f"--calibrate {source.name} has no images to cut crops from; give a video")
    with progress.waiting(f"looking for people in {source.name}"):
        batches = list(_batches(source, detector, facts, trust))
    crops = np.concatenate([np.empty((0, *facts.input_size, 3), np.uint8), *batches])
    return crops[np.random.default_rng(0).permutation(len(crops))]


def _batches(source: Source, name: str, facts: EncoderFacts, trust: bool) -> Iterator[Crops]:
    """The crops of each frame, none for frames in between."""
    options = DetectorOptions(sequence=source.sequence, frame_rate=source.fps, trust=trust)
    detector = create_detector(name, options)
    every = max(1, (source.num_frames or 0) // FRAMES)
    for frame in source:
        wanted = frame.index % every == 0
        # A detector of motion must see every frame; for others the frames in between cost time for nothing.
        if frame.image is None or (not wanted and detector.name != "motion"):
            yield np.empty((0, *facts.input_size, 3), np.uint8)
            continue
        xyxy = detector.detect(frame.image, frame.index).xyxy
        large = (xyxy[:, 2:] - xyxy[:, :2]).min(axis=1, initial=np.inf) >= SMALLEST_PX
        xyxy = xyxy[large] if wanted else xyxy[:0]
        yield crop_batch(frame.image, xyxy, input_size=facts.input_size, fill=facts.mean, resize=facts.resize)


def print_export(result: ExportResult) -> None:
    """What was written, on standard output."""
    from track.terminal.console import safe_console

    console = safe_console(soft_wrap=True, highlight=False)
    facts, found, limit = result.facts, result.agreement, result.limit
    height, width = facts.input_size
    console.print(
        f"{facts.backbone} in {facts.precision}: crops of {height}x{width} px (height x width), BGR uint8, any number"
        f" at once -> {facts.embedding_dim} numbers each; {result.num_bytes / 1e6:.1f} MB"
    )
    console.print(
        f"against PyTorch on {found.num_crops} crops: largest difference {found.difference:.1e} of the largest"
        f" component (limit {limit.difference:g}), smallest cosine {found.cosine:.7f} (limit {limit.cosine:g})"
    )
    if facts.seed is not None:
        console.print("warning: these are random weights; give trained ones with --reid-weights", style="yellow")
    trust = f" {TRUST}" if result.path.suffix == ".torchscript" else ""  # a program, also if it is our own
    console.print(f"use it: track run VIDEO --reid {facts.backbone} --reid-weights {result.path}{trust}", markup=False)
    console.print("results:")
    console.print(str(result.path), markup=False)
