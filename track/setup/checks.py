"""What can be found before anything is loaded: contradictions, unknown names, missing files."""

from __future__ import annotations

import os
from pathlib import Path

from detectors import (
    DETECTORS,
    create_detector,
    is_detector_file,
    own_detector,
)
from registry.user_folders import expanded
from reid import create_encoder, is_encoder
from reid.bundled import chosen_weights
from reid.registry import WITHOUT_NETWORK, WITHOUT_PICTURES
from track.places.file import read_places
from track.setup.config import RunConfig
from track.setup.given_weights import check_given
from track.sinks.styles import HIDING
from track.sources import Source

__all__ = ["check_possible"]


def check_possible(config: RunConfig, source: Source) -> None:
    """Find, before anything is loaded, what can't be: unknown names, missing files, options that contradict the source.

    Raises:
        ValueError, FileNotFoundError: the first of them.
    """
    if not is_encoder(config.reid):
        create_encoder(config.reid)  # raises with the closest and the known names
    check_given("--reid-weights", config.reid_weights, config.trust)
    if config.reid not in WITHOUT_NETWORK:
        chosen_weights(config.reid, config.reid_weights)
    if _names_nothing(config.detector):
        create_detector(config.detector)  # raises with the closest and the known names
    if source.num_frames == 0:
        raise ValueError(f"{config.source} has no frame from --start {config.start_s:g} to --end {config.end_s:g} s")
    if config.smooth and source.is_live:
        raise ValueError("--smooth needs finished tracks, but a live source has no end; leave --smooth out")
    if config.offline and source.is_live:
        raise ValueError("--offline needs finished tracks, but a live source has no end; leave --offline out")
    if config.keep_embeddings and source.is_live:
        raise ValueError("--keep-embeddings needs memory for each frame, but a live source has no end; leave it out")
    if config.style == HIDING and source.is_live:
        raise ValueError(
            f"--style {HIDING} hides people before they are known, but a live source cannot be read again: record it, "
            "track the recording"
        )
    if config.zones is not None:
        read_places(config.zones, (source.width, source.height) if source.width and source.height else None)
    if source.has_images:
        return
    if config.crops:
        raise ValueError(f"--crops {config.crops} cuts them out of images, but {config.source} has none; leave it out")
    if config.reid not in WITHOUT_PICTURES:
        raise ValueError(
            f"--reid {config.reid} looks at images, but {config.source} has none; use --reid none, or --reid file for "
            "features that came with the detections"
        )
    if config.detector in DETECTORS and config.detector not in ("public", "auto"):
        raise ValueError(
            f"--detector {config.detector} looks at images, but {config.source} has none; use --detector public"
        )


def _names_nothing(detector: str) -> bool:
    """Whether this is neither a known detector nor a file of one, nor the name of weights that may be fetched."""
    if detector in DETECTORS or own_detector(detector) is not None:
        return False
    if expanded(detector).exists():
        return not is_detector_file(detector)
    return os.sep in detector or not (Path(detector).suffix or detector.endswith("_model"))
