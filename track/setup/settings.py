"""A run's settings as they take effect: the gate that counts, classes by number, and all of it for `summary.json`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from detectors.weights import CONFIDENCE, IOU
from track.setup.camera_motion import CameraMotion
from track.setup.class_groups import numbered
from track.setup.config import RunConfig
from track.setup.parts import Models
from tracker.config import TrackerConfig

__all__ = ["resolved_configuration", "tracker_settings", "with_gate"]


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
        "runtime": models.encoder.runtime,
        "precision": models.encoder.precision,
        "device": models.encoder.device,
        "suggested_gate": models.encoder.gate,
    }
    asked["gate"] = _gate_facts(config, models)
    asked["camera_motion"] = _camera_facts(config, models)
    asked["reid_refresh"] = config.tracker.reid_refresh if models.demand is not None else None
    asked["tracker"] = {
        "preset": config.tracker.name,
        "version": config.tracker.version,
        **dataclasses.asdict(models.tracker.config),
    }
    return asked


def _gate_facts(config: RunConfig, models: Models) -> dict[str, Any]:
    """Where the appearance gate came from, and which it was."""
    if models.gate is not None:
        return models.gate.facts()
    if config.max_cosine is not None:
        source = "--max-cosine"
    elif config.tracker.own_gate or models.encoder.gate is None:
        source = f"preset {config.tracker.name}"
    else:
        source = "number of the encoder"
    return {"source": source, "gate": models.tracker.config.max_cosine_distance}


def _camera_facts(config: RunConfig, models: Models) -> dict[str, Any]:
    """Whether the camera's motion was measured, as `tracker.camera_motion` says too, and what came of it or why not."""
    if isinstance(models.camera, CameraMotion):
        return {"used": True, **dataclasses.asdict(models.camera)}
    if not config.tracker.config.camera_motion:
        return {"used": False, "reason": f"camera_motion is off in {config.tracker.name}"}
    still = "the detector motion takes the camera to stand still"
    return {"used": False, "reason": still if models.detector.name == "motion" else "the source has no pictures"}
