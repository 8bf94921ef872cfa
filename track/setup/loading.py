"""What happens before the first frame: contradictions are found, models loaded, settings resolved."""

from __future__ import annotations

import dataclasses
import logging

from detectors import (
    DETECTORS,
    Detector,
    DetectorOptions,
    create_detector,
    needs_torch,
    reads_detections,
)
from detectors.public import PublicDetector
from registry.words import counted
from reid import Encoder, create_encoder
from reid.bundled import RANDOM
from reid.registry import own_network
from track.setup.camera_motion import CameraMotion
from track.setup.config import RunConfig
from track.setup.gates import gate_of
from track.setup.parts import Models
from track.setup.settings import tracker_settings
from track.sources import Source
from track.threads.ahead import Ahead
from tracker import AppearanceOnDemand, create_tracker

__all__ = [
    "check_detections",
    "create_camera",
    "detector_name",
    "load_detector",
    "load_encoder",
    "load_models",
    "warn_of_idle_options",
]

logger = logging.getLogger(__name__)

MOST_OUTSIDE = 0.2
"""Share of a file's boxes. Of those of nine MOTChallenge sequences 0 to 8 % have their centre outside the picture."""


def load_models(config: RunConfig, source: Source) -> Models:
    """Detector, encoder and a fresh tracker; the appearance gate is the checkpoint's where it brings one.

    They are loaded at the same time where that pays and is safe: OpenVINO compiles a detector without Python, PyTorch
    has one state of random numbers, the SciPy of the motion detector stumbles over a PyTorch that another thread is
    still importing, and a user's own file runs with its folder on the import path. Of two errors the encoder's is told.
    """
    detector_named = detector_name(config, source)
    is_own = own_network(config.reid) is not None
    one_by_one = detector_named == "motion" or str(config.reid_weights) == RANDOM or is_own
    if one_by_one or needs_torch(detector_named, detector_options(config, source)):
        encoder, detector = load_encoder(config), load_detector(config, source)
    else:
        coming = Ahead(lambda config: load_detector(config, source), [config], name="load-detector")
        encoder = load_encoder(config)
        detector = next(coming)
    warn_of_idle_options(config, detector.name, encoder.runtime is not None)
    if config.reid == "file":
        _try_features(detector, encoder, source)
    _tell_of_gate(config, encoder)
    settings = tracker_settings(config, encoder.gate, detector.class_names)
    camera = create_camera(source, detector.name) if settings.camera_motion else None
    settings = dataclasses.replace(settings, camera_motion=camera is not None)
    on_demand = config.reid_when == "ambiguous" and encoder.needs_images
    demand = AppearanceOnDemand(config.tracker.reid_refresh) if on_demand else None
    gate = gate_of(config, encoder.gate, encoder.gate_curve, has_network=encoder.runtime is not None)
    return Models(detector, encoder, create_tracker(settings, config.tracker.kind), camera, demand, gate)


def _tell_of_gate(config: RunConfig, encoder: Encoder) -> None:
    """A checkpoint without a gate, such as one measured on too few people, takes the preset's."""
    is_there = config.reid_weights is not None and config.reid_weights.exists()  # and no word
    is_given = config.max_cosine is not None or config.tracker.own_gate or encoder.gate is not None
    if is_there and encoder.needs_images and not is_given:
        preset = config.tracker
        logger.warning(
            "%s holds no gate, so that of %s is used (%g) until the run has measured one: --max-cosine sets another",
            config.reid_weights,
            preset.name,
            preset.config.max_cosine_distance,
        )


def create_camera(source: Source, detector: str) -> CameraMotion | None:
    """What measures the camera's motion; `None` without pictures, and for the motion detector, whose camera must stand
    still."""
    return CameraMotion() if source.has_images and detector != "motion" else None


def load_encoder(config: RunConfig) -> Encoder:
    """The encoder that was asked for."""
    return create_encoder(
        config.reid,
        weights=config.reid_weights,
        device=config.device,
        seed=config.seed,
        runtime=config.reid_runtime,
    )


def load_detector(config: RunConfig, source: Source) -> Detector:
    """The detector that was asked for, or what `auto` means for this source.

    Raises:
        ValueError: an unknown detector or class, a file that cannot be used, a missing package, or a detector of images
            where there are none.
        FileNotFoundError: no file of weights or detections there.
    """
    detector = create_detector(detector_name(config, source), detector_options(config, source))
    if detector.needs_images and not source.has_images:
        raise ValueError(
            f"--detector {config.detector} looks at images, but {config.source} has none; use --detector public"
        )
    if isinstance(detector, PublicDetector):
        _warn_of_boxes_outside(detector, source)
        _warn_of_boxes_beyond(detector, source, config)
    return detector


def detector_options(config: RunConfig, source: Source) -> DetectorOptions:
    """What the detector is told of the run."""
    return DetectorOptions(
        classes=config.classes,
        confidence=config.conf,
        iou=config.iou,
        image_size=config.imgsz,
        device=config.device,
        sequence=source.sequence,
        frame_rate=source.fps,
        trust=config.trust,
    )


def detector_name(config: RunConfig, source: Source) -> str:
    """What was asked for; without images there is one thing that `auto` can mean."""
    return "public" if config.detector == "auto" and not source.has_images else config.detector


def check_detections(config: RunConfig, source: Source) -> None:
    """Read detections that were made before, and try their features for `--reid file`; other detectors pass.

    Raises:
        ValueError, FileNotFoundError: they are not there, or damaged.
    """
    name = detector_name(config, source)
    if reads_detections(name):
        detector = create_detector(name, detector_options(config, source))
        if config.reid == "file":
            _try_features(detector, load_encoder(config), source)


def _try_features(detector: Detector, encoder: Encoder, source: Source) -> None:
    """Let the encoder of `--reid file` see the first detections, so that features that are not there show now."""
    if detector.needs_images:
        raise ValueError(
            f"--reid file takes features that came with the detections, but the detector is {detector.name}; use "
            "--detector path/to/detections.npy, or another --reid"
        )
    for index in range(_last_index(source) + 1):
        detections = detector.detect(None, index)
        if len(detections):
            encoder.encode(None, detections.xyxy, detections.features)
            return


def _warn_of_boxes_outside(detector: PublicDetector, source: Source) -> None:
    """Boxes beside the picture are likely of pictures of another size."""
    outside = detector.share_outside(source.width, source.height) if source.width and source.height else 0.0
    if outside > MOST_OUTSIDE:
        logger.warning(
            "%.0f %% of the boxes in %s lie outside the picture (%dx%d px): are they of this source, at the same "
            "size? If the pictures were scaled, scale the boxes likewise",
            100 * outside,
            detector.file,
            source.width,
            source.height,
        )


def _warn_of_boxes_beyond(detector: PublicDetector, source: Source, config: RunConfig) -> None:
    """Detections of frames that the source does not have are likely those of another source."""
    num_frames = _last_index(source) + 1
    if not num_frames or config.start_s or config.end_s:
        return
    beyond = detector.num_beyond(num_frames)
    if beyond:
        logger.warning(
            "%s in %s %s of frames after the last one (%d): are they of this source?",
            counted(beyond, "detection"),
            detector.file,
            "is" if beyond == 1 else "are",
            num_frames,
        )


def _last_index(source: Source) -> int:
    """The index of the last frame of a source that is read from its start; -1 where it does not tell."""
    return (source.num_frames or 0) - 1 if source.last_index is None else source.last_index


def warn_of_idle_options(config: RunConfig, detector: str, has_network: bool) -> None:
    """Warn of options that this detector, by name, or an encoder without a network does not look at.

    A detector of the user's own may look at all of them.
    """
    if config.device not in ("auto", "cpu") and detector in DETECTORS and detector != "yolo" and not has_network:
        logger.warning("--device %s has no effect: nothing here runs a network", config.device)
    for option, value in (("--iou", config.iou), ("--imgsz", config.imgsz)):
        if value is not None and detector in DETECTORS and detector != "yolo":
            logger.warning("%s has no effect: it is of YOLO, but the detector is %s", option, detector)
