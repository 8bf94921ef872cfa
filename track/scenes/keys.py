"""What detections, embeddings and times depend on, as names of entries in the cache."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from detectors import DETECTORS, FILE_SUFFIXES, own_detector
from detectors.public import find_file
from detectors.weights import DEFAULT_WEIGHTS, find_weights
from registry.user_folders import expanded
from reid.bundled import RANDOM, chosen_weights
from reid.imagenet import IMAGENET
from reid.registry import WITHOUT_NETWORK, own_digest
from track.scenes.cache import code_digest, content_digest, key_of
from track.setup.config import RunConfig
from track.setup.loading import detector_name
from track.sources import Source
from track.sources.images import list_images
from tracker.config import TrackerConfig

__all__ = ["embedding_key", "scene_key", "tracking_key"]

_NOT_SEEN = ("det", "gt")
"""Folders of a sequence that hold no pictures; of detections, the file that is used counts by itself."""


def scene_key(config: RunConfig, source: Source) -> str:
    """Of the detections: content of the source, the part that is read, the detector, its settings and weights."""
    name = detector_name(config, source)
    return key_of(
        "detections",
        {
            "source": _source_digests(config, source),
            "span": [config.start_s, config.end_s],
            "fps": source.fps,
            "detector": name if name in DETECTORS else _own_detector(name),
            "files": [content_digest(path) for path in _detector_files(name, source)],
            "settings": [config.classes, config.conf, config.iou, config.imgsz, config.device],
            "code": code_digest(
                "detectors",
                "track/sources",
                "track/setup/camera_motion",
                "track/setup/loading",
                "track/run/pipeline",
                "tracker/boxes",  # which boxes are rejected
                "tracker/validation",
                "track/scenes/scene",
            ),
        },
    )


def embedding_key(scene: str, config: RunConfig) -> str:
    """Of the embeddings of a scene: the encoder, its weights, which also fix the input size, and its runtime."""
    return key_of(
        f"embeddings-{''.join(letter if letter.isalnum() else '-' for letter in config.reid)}",
        {
            "scene": scene,
            "encoder": config.reid,
            "weights": _weights_digest(config),
            "own": own_digest(config.reid),
            "running": [config.reid_runtime, config.device],
            "code": code_digest("reid", "track/scenes/scene"),
        },
    )


def tracking_key(scene: str, embeddings: str, settings: TrackerConfig, kind: str) -> str:
    """Of the time that tracking took."""
    parts: dict[str, Any] = {"scene": scene, "embeddings": embeddings, "settings": dataclasses.asdict(settings)}
    return key_of("tracking", {**parts, "kind": kind, "code": code_digest("tracker", "track/run/pipeline")})


def _source_digests(config: RunConfig, source: Source) -> list[str]:
    path = Path(config.source)
    if path.is_file():
        return [content_digest(path)]
    if source.sequence is None:
        return [f"{image.name} {content_digest(image)}" for image in list_images(path)]
    pictures = [folder for folder in sorted(path.iterdir()) if folder.is_dir() and folder.name not in _NOT_SEEN]
    return [content_digest(part) for part in (path / "seqinfo.ini", *pictures)]


def _detector_files(name: str, source: Source) -> Iterable[Path]:
    """The files that decide what a detector finds; none where it has none, or they are not there (yet)."""
    if name == "motion" or own_detector(name) is not None:
        return []
    if name in ("auto", "yolo"):
        weights = find_weights(DEFAULT_WEIGHTS)
    elif name == "public" and source.sequence is not None:
        weights = find_file(source.sequence, source.sequence)
    else:
        path = expanded(name)
        if path.suffix == ".xml":
            return [path.parent]
        is_model = path.is_dir() and any(path.glob("*.xml"))
        is_detections = (path.is_dir() and not is_model) or path.suffix.lower() in FILE_SUFFIXES
        weights = find_file(path, source.sequence) if is_detections else find_weights(name)
    return [] if weights is None else [weights]


def _own_detector(name: str) -> str:
    """Name and code of the user's own detector; empty for files, which count by content."""
    own = own_detector(name)
    return "" if own is None else f"{name} {own.digest()}"


def _weights_digest(config: RunConfig) -> str:
    """By content; seeded ones by their seed, published ones, fetched by name, by that name."""
    if str(config.reid_weights) == RANDOM:
        return f"{RANDOM} {config.seed}"
    if str(config.reid_weights) == IMAGENET:
        return IMAGENET
    if config.reid in WITHOUT_NETWORK:
        return ""
    path = chosen_weights(config.reid, config.reid_weights)
    if path is None:  # the user's own network, as its constructor builds it
        return f"built {config.seed}"
    beside = path.with_suffix(".bin") if path.suffix == ".xml" else None
    return content_digest(path) + (content_digest(beside) if beside is not None and beside.is_file() else "")
