"""Trackers of other projects that take part in the comparison by groups.

Each runs online, at its published defaults but for what it has to be told: the frame rate, where its interface asks for
one, and that there are no pictures. What that means for each stands in `told`.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.peers_clip_trackers import Seen, Step, boxmot, deep_sort_realtime, norfair, roboflow

__all__ = ["PEERS", "PEERS_THAT_EMBED", "Create", "Options", "Peer", "Space"]

Options = Mapping[str, Any]
Create = Callable[[float, Options], Step]
"""Frames a second, and options that differ from the defaults -> a new tracker."""
Space = Mapping[str, tuple[str, float, float]]
"""Of an option: `whole` or `real`, and the least and the most that are tried."""
_NOBODY = 64
"""Numbers of an embedding that is like no other one: of two drawn by chance, the cosine is far below 0.8."""


@dataclass(frozen=True)
class Peer:
    """A tracker of another project.

    Attributes:
        name: as shown.
        package: that it comes from.
        told: what it is told beyond its defaults, in words.
        create: makes a new one.
        options: that differ from the defaults.
        space: what is tried in tuning; empty where it is not tuned.
        embeds: whether it is given the embeddings of the detections.
    """

    name: str
    package: str
    told: str
    create: Create
    options: Options = dataclasses.field(default_factory=dict)
    space: Space = dataclasses.field(default_factory=dict)
    embeds: bool = False

    @property
    def version(self) -> str:
        """Of the package.

        Raises:
            ModuleNotFoundError: it is not installed.
        """
        return importlib.metadata.version(self.package)

    def with_options(self, options: Options) -> Peer:
        """The same, set otherwise in these."""
        return dataclasses.replace(self, options={**self.options, **options})


def _boxmot(name: str, *, takes_rate: bool = False) -> Create:
    return lambda fps, options: boxmot(name, {**({"frame_rate": fps} if takes_rate else {}), **options})


def _roboflow(name: str) -> Create:
    return lambda fps, options: roboflow(name, {"frame_rate": fps, **options})


def _deep_sort_realtime(fps: float, options: Options) -> Step:
    del fps
    return deep_sort_realtime(options)


def _deep_sort_realtime_blind(fps: float, options: Options) -> Step:
    """It cannot do without embeddings: it gets some that are like no others, and matches by overlap alone.

    Then it is all the same how many it keeps of a track; with one it takes a tenth of the time.
    """
    step, rng = _deep_sort_realtime(fps, {"nn_budget": 1, **options}), np.random.default_rng(0)

    def blind(seen: Seen) -> Any:
        nobody = rng.normal(size=(len(seen.xyxy), _NOBODY)).astype(np.float32)
        return step(dataclasses.replace(seen, embeddings=nobody))

    return blind


def _norfair(fps: float, options: Options) -> Step:
    del fps, options
    return norfair()


# The search spaces that the package `trackers` publishes with them (class attribute `search_space`, version 2.6.1).
_MEMORY, _SHARE = ("whole", 10, 90), ("real", 0.05, 0.7)
_BIRTH, _HIGH, _CONFIRM = ("real", 0.1, 0.9), ("real", 0.3, 0.8), ("whole", 1, 3)
_SORT: Space = {"lost_track_buffer": _MEMORY, "track_activation_threshold": _BIRTH,
                "minimum_consecutive_frames": _CONFIRM, "minimum_iou_threshold": _SHARE}  # fmt: skip
_BYTETRACK: Space = {**_SORT, "high_conf_det_threshold": _HIGH}
_OCSORT: Space = {"lost_track_buffer": ("whole", 10, 60), "minimum_iou_threshold": ("real", 0.1, 0.5),
                  "minimum_consecutive_frames": ("whole", 3, 5), "direction_consistency_weight": ("real", 0.0, 0.5),
                  "high_conf_det_threshold": ("real", 0.4, 0.8), "delta_t": ("whole", 1, 3)}  # fmt: skip
_BOTSORT: Space = {"lost_track_buffer": _MEMORY, "track_activation_threshold": _BIRTH,
                   **{f"minimum_iou_threshold_{which}_assoc": _SHARE for which in ("first", "second", "unconfirmed")},
                   "high_conf_det_threshold": _HIGH, "minimum_consecutive_frames": _CONFIRM}  # fmt: skip

_RATE, _BLIND = "frame rate", "no pictures: camera motion and embeddings off"
_STILL: Options = {"use_cmc": False}
_ALONE: Options = {**_STILL, "use_embeddings": False}
PEERS: tuple[Peer, ...] = (
    Peer("SORT", "trackers", _RATE, _roboflow("SORTTracker"), space=_SORT),
    Peer("ByteTrack", "trackers", _RATE, _roboflow("ByteTrackTracker"), space=_BYTETRACK),
    Peer("OC-SORT", "trackers", _RATE, _roboflow("OCSORTTracker"), space=_OCSORT),
    Peer("BoT-SORT", "trackers", f"{_RATE}; no pictures: camera motion off",
         _roboflow("BoTSORTTracker"), {"enable_cmc": False}, _BOTSORT),
    Peer("norfair", "norfair", "distance IoU, threshold 0.7 of its demo: it has no default", _norfair),
    Peer("OccluBoost", "boxmot", _BLIND, _boxmot("occluboost"), _ALONE),
    Peer("BoostTrack", "boxmot", _BLIND, _boxmot("boosttrack"), _ALONE),
    Peer("BoT-SORT (boxmot)", "boxmot", f"{_RATE}; {_BLIND}", _boxmot("botsort", takes_rate=True), _ALONE),
    Peer("OC-SORT (boxmot)", "boxmot", "", _boxmot("ocsort")),
    Peer("ByteTrack (boxmot)", "boxmot", _RATE, _boxmot("bytetrack", takes_rate=True)),
    Peer("deep-sort-realtime", "deep-sort-realtime", "embeddings that are like no others: it matches by overlap alone",
         _deep_sort_realtime_blind),
)  # fmt: skip
"""With boxes and scores alone; the four first are tuned too."""
_OURS = "our embeddings"
PEERS_THAT_EMBED: tuple[Peer, ...] = (
    Peer("BoT-SORT (boxmot)", "boxmot", f"{_RATE}; {_OURS}", _boxmot("botsort", takes_rate=True), _STILL, embeds=True),
    Peer("OccluBoost", "boxmot", _OURS, _boxmot("occluboost"), _STILL, embeds=True),
    Peer("BoostTrack", "boxmot", _OURS, _boxmot("boosttrack"), _STILL, embeds=True),
    Peer("deep-sort-realtime", "deep-sort-realtime", _OURS, _deep_sort_realtime, embeds=True),
)
"""With embeddings too; the camera stands still where there are some."""
