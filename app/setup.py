"""What happens before the first frame: contradictions are found, models loaded, settings resolved."""

from __future__ import annotations

import dataclasses
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.camera_motion import CameraMotion
from app.class_groups import numbered
from app.config import RunConfig
from app.pipeline import Models
from app.sources import Source
from app.threads import InBackground
from app.weights import check_given
from detectors import (
    DETECTORS,
    Detector,
    DetectorOptions,
    create_detector,
    is_detector_file,
    needs_torch,
    reads_detections,
)
from detectors.public import PublicDetector
from detectors.weights import CONFIDENCE, IOU
from reid import Encoder, create_encoder, is_encoder
from reid.bundled import RANDOM, chosen_weights
from tracker import AppearanceOnDemand, DeepSort
from tracker.config import TrackerConfig

__all__ = [
    "check_detections",
    "check_possible",
    "create_camera",
    "detector_name",
    "load_detector",
    "load_encoder",
    "load_models",
    "resolved_configuration",
    "tracker_settings",
    "warn_of_idle_options",
    "with_gate",
]

logger = logging.getLogger(__name__)


def check_possible(config: RunConfig, source: Source) -> None:
    """Find, before anything is loaded, what can't be: unknown names, missing files, options that contradict the source.

    Raises:
        ValueError, FileNotFoundError: the first of them.
    """
    if not is_encoder(config.reid):
        create_encoder(config.reid)  # raises with the closest and the known names
    check_given("--reid-weights", config.reid_weights)
    if config.reid not in ("none", "file"):
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
    if source.has_images:
        return
    if config.reid not in ("none", "file"):
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
    if detector in DETECTORS:
        return False
    if Path(detector).expanduser().exists():
        return not is_detector_file(detector)
    return os.sep in detector or not (Path(detector).suffix or detector.endswith("_model"))


def load_models(config: RunConfig, source: Source) -> Models:
    """Detector, encoder and a fresh tracker; the appearance gate is the checkpoint's where it brings one.

    They are loaded at the same time where that pays and is safe: OpenVINO compiles a detector without Python, PyTorch
    has one state of random numbers, and the SciPy of the motion detector stumbles over a PyTorch that another thread is
    still importing. Of two errors the encoder's is told.
    """
    detector_named = detector_name(config, source)
    one_by_one = detector_named == "motion" or str(config.reid_weights) == RANDOM
    if one_by_one or needs_torch(detector_named, detector_options(config, source)):
        encoder, detector = load_encoder(config), load_detector(config, source)
    else:
        coming = InBackground(lambda: load_detector(config, source), name="load-detector")
        encoder = load_encoder(config)
        detector = coming.result()
    warn_of_idle_options(config, detector.name, encoder.needs_images)
    if config.reid == "file":
        _try_features(detector, encoder, source)
    settings = tracker_settings(config, encoder.gate, detector.class_names)
    camera = create_camera(source, detector.name) if settings.camera_motion else None
    settings = dataclasses.replace(settings, camera_motion=camera is not None)
    on_demand = config.reid_when == "ambiguous" and encoder.needs_images
    demand = AppearanceOnDemand(config.tracker.reid_refresh) if on_demand else None
    return Models(detector, encoder, DeepSort(settings), camera, demand)


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
    )


def detector_name(config: RunConfig, source: Source) -> str:
    """What was asked for; without images there is one thing that `auto` can mean."""
    return "public" if config.detector == "auto" and not source.has_images else config.detector


def tracker_settings(config: RunConfig, of_checkpoint: float | None, class_names: Mapping[int, str]) -> TrackerConfig:
    """The tracker's settings as they take effect: with the gate that counts, and the ids of classes that are named."""
    settings = with_gate(config, of_checkpoint)
    if not config.tracker.class_groups:
        return settings
    try:
        groups = numbered(config.tracker.class_groups, class_names)
    except ValueError as error:
        raise ValueError(f"{config.tracker.class_groups_file}: {error}") from error
    return dataclasses.replace(settings, class_groups=groups)


def with_gate(config: RunConfig, of_checkpoint: float | None) -> TrackerConfig:
    """The tracker's settings with the appearance gate that counts: `--max-cosine`, else that of the user's own file,
    else the checkpoint's, else the preset's."""
    settings = config.tracker.config
    if config.max_cosine is not None:
        return dataclasses.replace(settings, max_cosine_distance=config.max_cosine)
    if of_checkpoint is None or config.tracker.own_gate:
        return settings
    return dataclasses.replace(settings, max_cosine_distance=of_checkpoint)


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
    for index in range(source.num_frames or 0):
        detections = detector.detect(None, index)
        if len(detections):
            encoder.encode(None, detections.xyxy, detections.features)
            return


def _warn_of_boxes_beyond(detector: Detector, source: Source, config: RunConfig) -> None:
    """Detections of frames that the source does not have are likely those of another source."""
    if not isinstance(detector, PublicDetector) or source.num_frames is None or config.start_s or config.end_s:
        return
    beyond = detector.num_beyond(source.num_frames)
    if beyond:
        logger.warning(
            "%d detections in %s are of frames after the last one (%d): are they of this source?",
            beyond,
            detector.file,
            source.num_frames,
        )


def warn_of_idle_options(config: RunConfig, detector: str, has_network: bool) -> None:
    """Warn of options that this detector, by name, or an encoder without a network does not look at."""
    if config.device not in ("auto", "cpu") and detector != "yolo" and not has_network:
        logger.warning("--device %s has no effect: nothing here runs a network", config.device)
    for option, value in (("--iou", config.iou), ("--imgsz", config.imgsz)):
        if value is not None and detector != "yolo":
            logger.warning("%s has no effect: it is of YOLO, but the detector is %s", option, detector)


def resolved_configuration(config: RunConfig, models: Models) -> dict[str, Any]:
    """Every setting of a run as it took effect, for `summary.json`."""
    asked = {item.name: getattr(config, item.name) for item in dataclasses.fields(config)}
    asked["detector"] = {"asked": config.detector, "used": models.detector.name}
    if models.detector.name == "yolo":
        asked["conf"] = CONFIDENCE if config.conf is None else config.conf
        asked["iou"] = IOU if config.iou is None else config.iou
    asked["reid"] = {
        "name": models.encoder.name,
        "weights": config.reid_weights,
        "embedding_dim": models.encoder.embedding_dim,
        "runtime": getattr(models.encoder, "runtime", None),
        "precision": getattr(models.encoder, "precision", None),
        "device": str(getattr(models.encoder, "device", "cpu")),
        "suggested_gate": models.encoder.gate,
    }
    asked["camera_motion"] = _camera_facts(config, models)
    asked["reid_refresh"] = config.tracker.reid_refresh if models.demand is not None else None
    asked["tracker"] = {"preset": config.tracker.name, **dataclasses.asdict(models.tracker.config)}
    return asked


def _camera_facts(config: RunConfig, models: Models) -> dict[str, Any]:
    """Whether the camera's motion was measured, as `tracker.camera_motion` says too, and what came of it or why not."""
    if isinstance(models.camera, CameraMotion):
        return {"used": True, **dataclasses.asdict(models.camera)}
    if not config.tracker.config.camera_motion:
        return {"used": False, "reason": f"camera_motion is off in {config.tracker.name}"}
    still = "the detector motion takes the camera to stand still"
    return {"used": False, "reason": still if models.detector.name == "motion" else "the source has no pictures"}
