"""A scene, tracked in memory: the rows that `track run` would write, without a file."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from evaluation.rows import NO_CLASS, TrackRows
from reid.gates import parse_curve
from track.rows.offline import linked_rows, moments_of
from track.rows.smooth import smoothed_rows
from track.rows.types import FrameTracks
from track.run.counts import Counts
from track.run.detection_log import DetectionLog
from track.run.pipeline import track_rows
from track.scenes.replay import OnDemand, Replay, ReplaySource
from track.scenes.scene import Embedded, Scene
from track.setup.config import RunConfig
from track.setup.gates import gate_of
from track.setup.loading import load_encoder
from track.setup.parts import Models
from track.setup.plan import Plan, plan_of
from track.setup.settings import tracker_settings
from tracker import AppearanceOnDemand, create_tracker
from tracker.border import watches_border
from tracker.config import TrackerConfig

__all__ = ["replaying_models", "track_scene", "without_classes"]

_DECIMALS = 4
"""Of the pixels in `tracks.txt`: the scores are to be those of the file."""


def track_scene(scene: Scene, config: RunConfig, fps: float, embedded: Embedded | None = None) -> list[FrameTracks]:
    """The rows of each frame, as `track run` writes them with this configuration.

    Args:
        scene: what was detected.
        config: tracker, `every`, and how rows become final; the rest is not looked at.
        fps: frames a second of the source.
        embedded: the embeddings of a network; `None` for an encoder without one.

    Raises:
        ValueError: something that does not fit together.
    """
    settings = tracker_settings(config, None if embedded is None else embedded.facts["gate"], scene.class_names)
    settings = dataclasses.replace(settings, camera_motion=settings.camera_motion and len(scene.motions) > 0)
    plan = plan_of(config, ReplaySource(scene, "scene", fps), replaying_models(scene, config, embedded, settings))
    counts = Counts()
    log = DetectionLog(plan.size, watches_border=watches_border(settings)) if plan.keeps_detections else None
    rows = [tracks for _, tracks in track_rows(plan.source, plan, counts, [] if log is None else [log])]
    if counts.error is not None:
        raise counts.error
    return _final(rows, plan, log)


def _final(rows: list[FrameTracks], plan: Plan, log: DetectionLog | None) -> list[FrameTracks]:
    """Linked or smoothed, where that was asked for."""
    if plan.links is not None and log is not None and rows:
        return linked_rows(log.detections(), moments_of(rows), plan.links)[0]
    return list(smoothed_rows(rows, plan.models.tracker.config)) if plan.rows.smooth else rows


def replaying_models(scene: Scene, config: RunConfig, embedded: Embedded | None, settings: TrackerConfig) -> Models:
    """Parts that play the scene back, and a fresh tracker."""
    replay = Replay(scene, config.reid, None if embedded is None else embedded.rows)
    camera = replay if settings.camera_motion else None
    tracker = create_tracker(settings, config.tracker.kind)
    if embedded is None:
        return Models(replay, load_encoder(config), tracker, camera)
    facts = embedded.facts
    curve, has_network = parse_curve(facts.get("gate_curve")), facts.get("runtime") is not None
    gate = gate_of(config, facts["gate"], curve, has_network=has_network)
    demand = AppearanceOnDemand(config.tracker.reid_refresh) if config.reid_when == "ambiguous" else None
    return Models(replay, replay if demand is None else OnDemand(replay), tracker, camera, demand, gate=gate)


def without_classes(rows: Sequence[FrameTracks]) -> TrackRows:
    """The rows as they stand in `tracks.txt`, which tells no classes."""
    counts = [len(tracks) for tracks in rows]
    xyxy = np.concatenate([np.empty((0, 4)), *(tracks.xyxy for tracks in rows)])
    tlwh = np.column_stack((xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2])).round(_DECIMALS)
    return TrackRows(
        Path("tracks.txt"),
        frames=np.repeat(np.array([tracks.frame_index + 1 for tracks in rows], np.int64), counts),
        ids=np.concatenate([np.empty(0, np.int64), *(tracks.ids for tracks in rows)]),
        tlwh=tlwh,
        flags=np.ones(len(tlwh)),
        class_ids=np.full(len(tlwh), NO_CLASS),
    )
