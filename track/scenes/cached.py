"""Detections and embeddings of a source, from the cache or made now and kept there."""

from __future__ import annotations

import dataclasses

from reid.registry import WITHOUT_NETWORK, WITHOUT_PICTURES
from track.scenes.cache import Entry, EntryCache
from track.scenes.keys import embedding_key, scene_key
from track.scenes.load import LoadMeter
from track.scenes.scene import Embedded, Scene, detect_scene, embed_scene
from track.setup.config import RunConfig
from track.setup.loading import load_detector, load_encoder, warn_of_idle_options
from track.sources import open_source
from track.terminal.progress import Progress

__all__ = ["embedded_scene", "scene_of"]


def scene_of(config: RunConfig, cache: EntryCache, progress: Progress, name: str) -> tuple[str, Scene]:
    """The detections of a source with their key.

    Args:
        config: source, detector and its settings.
        cache: where they are looked for, and kept.
        progress: told of every frame.
        name: of the source, for people.
    """
    with open_source(config.source, start_s=config.start_s, end_s=config.end_s) as source:
        entry = cache.find(scene_key(config, source))
        if entry is not None:
            return scene_key(config, source), Scene.from_entry(entry)
        with progress.waiting(f"{name}: loading detector {config.detector}"):
            detector = load_detector(config, source)
        warn_of_idle_options(config, detector.name, config.reid not in WITHOUT_NETWORK)
        load = LoadMeter()
        with progress.task(f"{name}: detecting", source.num_frames, unit="detection") as task:
            scene = detect_scene(source, detector, task)
        scene = dataclasses.replace(scene, facts={**scene.facts, "load": load.others()})
        key = scene_key(config, source)  # the weights may have been fetched just now
    cache.store(key, scene.to_entry())
    return key, scene


def embedded_scene(
    config: RunConfig, key: str, scene: Scene, cache: EntryCache, progress: Progress, name: str
) -> tuple[str, Embedded | None]:
    """The embeddings of a scene with their key; the encoder's name and `None` for an encoder of no pictures."""
    if config.reid in WITHOUT_PICTURES:
        return config.reid, None
    key = embedding_key(key, config)
    entry = cache.find(key)
    if entry is not None and len(entry.arrays["rows"]) == scene.num_boxes:
        return key, Embedded(entry.arrays["rows"], dict(entry.facts))
    with progress.waiting(f"{name}: loading encoder {config.reid}"):
        encoder = load_encoder(config)
    load = LoadMeter()
    with (
        open_source(config.source, start_s=config.start_s, end_s=config.end_s) as source,
        progress.task(f"{name}: embedding by {config.reid}", len(scene), unit="crop") as task,
    ):
        embedded = embed_scene(source, scene, encoder, task)
    embedded = dataclasses.replace(embedded, facts={**embedded.facts, "load": load.others()})
    cache.store(key, Entry({"rows": embedded.rows}, embedded.facts))
    return key, embedded
