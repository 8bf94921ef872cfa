"""Trackers of other projects behind one call: a frame in, the tracks shown in it out; each at its published defaults.

For `peers_clip.py`, which says how to install them. Those that take embeddings get ours, those that measure the motion
of the camera the picture.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["PEERS", "Floats", "Seen", "Step"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Seen:
    """What a tracker gets of one frame.

    Attributes:
        number: 1-based.
        time_s: from the start.
        xyxy: `(N, 4)` px.
        scores: `(N,)`.
        embeddings: `(N, D)`, unit length; D = 0 without an encoder.
        motion: `(2, 3)`, the camera's.
        image: BGR uint8.
    """

    number: int
    time_s: float
    xyxy: Floats
    scores: Floats
    embeddings: npt.NDArray[np.float32]
    motion: Floats
    image: npt.NDArray[np.uint8]


Step = Callable[[Seen], Any]
"""A frame in, `(M, 5)` out: id and xyxy of the tracks that are shown in it."""


NO_OPTIONS: Mapping[str, Any] = {}


def boxmot(name: str, options: Mapping[str, Any] = NO_OPTIONS) -> Step:
    """A tracker of boxmot, options as in its own YAML file but for those given."""
    import torch
    from boxmot.structures import Boxes, Detections
    from boxmot.trackers.factory import create_tracker
    from boxmot.trackers.specs import TrackerSpec

    tracker: Any = create_tracker(TrackerSpec(name=name, options=tuple(sorted(options.items()))))
    takes_embeddings = tracker.capabilities.accepts_embeddings and options.get("use_embeddings", True)

    def step(seen: Seen) -> Floats:
        found = Detections(
            Boxes(torch.tensor(seen.xyxy, dtype=torch.float32)),
            torch.tensor(seen.scores, dtype=torch.float32),
            torch.zeros(len(seen.scores), dtype=torch.int64),
            str(seen.number),
            embeddings=torch.tensor(seen.embeddings) if takes_embeddings else None,
        )
        tracks = tracker.update(found, seen.image)
        return np.column_stack((tracks.track_ids.numpy(), tracks.geometry.values.numpy()))

    return step


def roboflow(name: str, options: Mapping[str, Any] = NO_OPTIONS) -> Step:
    """A tracker of the package `trackers`; without embeddings, it takes none."""
    import supervision
    import trackers

    tracker = getattr(trackers, name)(**options)
    takes_pictures = getattr(tracker, "enable_cmc", False)

    def step(seen: Seen) -> Floats:
        found = supervision.Detections(
            xyxy=seen.xyxy, confidence=seen.scores, class_id=np.zeros(len(seen.scores), np.int64)
        )
        tracks = tracker.update(found, seen.image if takes_pictures else None)
        shown = np.asarray(tracks.tracker_id) >= 0
        return np.column_stack((np.asarray(tracks.tracker_id)[shown], tracks.xyxy[shown]))

    return step


def deep_sort_realtime(options: Mapping[str, Any] = NO_OPTIONS) -> Step:
    """Shown as by the original: confirmed, and seen in this frame or the one before."""
    from deep_sort_realtime.deepsort_tracker import DeepSort as Peer

    tracker: Any = Peer(embedder=None, **options)

    def step(seen: Seen) -> Floats:
        sides = seen.xyxy[:, 2:] - seen.xyxy[:, :2]
        boxes = np.column_stack((seen.xyxy[:, :2], sides)).tolist()
        found = [(box, score, "person") for box, score in zip(boxes, seen.scores.tolist(), strict=True)]
        tracks = tracker.update_tracks(found, embeds=list(seen.embeddings))
        shown = [track for track in tracks if track.is_confirmed() and track.time_since_update <= 1]
        return np.array([[int(track.track_id), *track.to_ltrb()] for track in shown]).reshape(-1, 5)

    return step


def norfair() -> Step:
    """With the distance and threshold of its own YOLO demo, 0.7 by IoU."""
    from norfair import Detection, Tracker

    tracker: Any = Tracker(distance_function="iou", distance_threshold=0.7)

    def step(seen: Seen) -> Floats:
        found = [
            Detection(box.reshape(2, 2), np.full(2, score)) for box, score in zip(seen.xyxy, seen.scores, strict=True)
        ]
        tracks = tracker.update(found)
        return np.array([[track.id, *track.estimate.ravel()] for track in tracks]).reshape(-1, 5)

    return step


def motpy() -> Step:
    """Names its tracks by text; numbered here in order of appearance."""
    from motpy import Detection, MultiObjectTracker

    tracker: Any = MultiObjectTracker(dt=1 / 30)
    numbers: dict[str, int] = {}

    def step(seen: Seen) -> Floats:
        pairs = zip(seen.xyxy, seen.scores, strict=True)
        tracks = tracker.step([Detection(box=box, score=score) for box, score in pairs])
        rows = [[numbers.setdefault(track.id, len(numbers) + 1), *track.box] for track in tracks]
        return np.array(rows).reshape(-1, 5)

    return step


BOXMOT = ("bytetrack", "ocsort", "botsort", "strongsort", "deepocsort", "boosttrack", "hybridsort", "occluboost")
ROBOFLOW = ("SORTTracker", "ByteTrackTracker", "OCSORTTracker", "BoTSORTTracker", "CBIoUTracker")
PEERS: dict[str, Callable[[], Step]] = {
    **{f"boxmot {name}": functools.partial(boxmot, name) for name in BOXMOT},
    **{f"trackers {name.removesuffix('Tracker')}": functools.partial(roboflow, name) for name in ROBOFLOW},
    "deep-sort-realtime": deep_sort_realtime,
    "norfair": norfair,
    "motpy": motpy,
}
