"""Other trackers, each behind one function: the detections of a frame in, nothing out; they are only timed.

They are no dependencies of this project. Install them somewhere else, without what they drag along:

python -m pip install --no-deps --target DIR norfair deep-sort-realtime trackers supervision
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.association_scene import Sight

__all__ = ["PEERS", "Step", "available"]

Step = Callable[[Sight], object]


def _norfair() -> Step:
    norfair: Any = importlib.import_module("norfair")
    tracker = norfair.Tracker(distance_function="iou", distance_threshold=0.7)
    return lambda sight: tracker.update(
        [norfair.Detection(points=box.reshape(2, 2), scores=np.full(2, score)) for box, score in _boxes(sight)]
    )


def _deep_sort_realtime() -> Step:
    module: Any = importlib.import_module("deep_sort_realtime.deepsort_tracker")
    tracker = module.DeepSort(max_cosine_distance=0.2, nn_budget=100, embedder=None)

    def step(sight: Sight) -> object:
        tlwh = np.concatenate((sight.xyxy[:, :2], sight.xyxy[:, 2:] - sight.xyxy[:, :2]), axis=1)
        raw = [(box.tolist(), score, 0) for box, score in zip(tlwh, sight.scores.tolist(), strict=True)]
        return tracker.update_tracks(raw, embeds=list(sight.embeddings))

    return step


def _roboflow(name: str) -> Callable[[], Step]:
    def build() -> Step:
        trackers: Any = importlib.import_module("trackers")
        supervision: Any = importlib.import_module("supervision")
        tracker = getattr(trackers, name)()
        return lambda sight: tracker.update(
            supervision.Detections(
                xyxy=sight.xyxy, confidence=sight.scores, class_id=np.zeros(len(sight.xyxy), np.int64)
            )
        )

    return build


def _boxmot(name: str) -> Callable[[], Step]:
    def build() -> Step:
        boxmot: Any = importlib.import_module("boxmot")
        tracker, picture = getattr(boxmot, name)(), np.zeros((2160, 3840, 3), np.uint8)
        return lambda sight: tracker.update(
            np.column_stack((sight.xyxy, sight.scores, np.zeros(len(sight.scores)))), picture
        )

    return build


def _boxes(sight: Sight) -> zip[Any]:
    return zip(sight.xyxy, sight.scores.tolist(), strict=True)


PEERS: dict[str, Callable[[], Step]] = {
    "deep-sort-realtime, features": _deep_sort_realtime,
    "norfair": _norfair,
    "SORT (trackers)": _roboflow("SORTTracker"),
    "ByteTrack (trackers)": _roboflow("ByteTrackTracker"),
    "SFSORT (boxmot)": _boxmot("SFSORT"),
    "ByteTrack (boxmot)": _boxmot("ByteTrack"),
}
"""Name -> a new tracker."""


def available() -> tuple[list[str], dict[str, str]]:
    """The peers that can be built here, and why the others can't."""
    reasons = {name: _obstacle(build) for name, build in PEERS.items()}
    return [name for name in PEERS if not reasons[name]], {name: why for name, why in reasons.items() if why}


def _obstacle(build: Callable[[], Step]) -> str:
    try:
        build()
    except Exception as error:  # whatever a stranger raises, it only means that it does not take part
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return ""
