"""`track run` as a function that is called again and again with models that were loaded once."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import track.run.run
import track.setup.plan
from track.setup.config import RunConfig
from track.setup.loading import create_camera, load_models
from track.setup.parts import Models
from track.sources import open_source
from track.terminal.progress import Progress, Silent
from tracker import AppearanceOnDemand, DeepSort

__all__ = ["load_once", "run_once"]


def load_once(config: RunConfig) -> Models:
    """The models of a run."""
    with open_source(config.source, end_s=config.end_s) as source:
        return load_models(config, source)


def run_once(config: RunConfig, loaded: Models, progress: Progress | None = None) -> int:
    """Run with the networks of `loaded` and a fresh tracker, into a passing folder; returns the number of frames."""

    def kept(_config: RunConfig, source: Any) -> Models:
        return _with_fresh_tracker(config, loaded, source)

    with tempfile.TemporaryDirectory() as folder, mock.patch.object(track.setup.plan, "load_models", kept):
        summary = track.run.run.run(replace(config, out=Path(folder) / "out"), progress or Silent())
    return int(summary.counts["frames"])


def _with_fresh_tracker(config: RunConfig, loaded: Models, source: Any) -> Models:
    return replace(
        loaded,
        tracker=DeepSort(loaded.tracker.config),
        camera=create_camera(source, loaded.detector.name) if loaded.camera is not None else None,
        demand=None if loaded.demand is None else AppearanceOnDemand(config.tracker.reid_refresh),
    )
