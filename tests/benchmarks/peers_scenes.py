"""Small groups with known answers, and peers that are functions: no package is needed for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.groups import Member
from benchmarks.peers_entrants import Peer
from evaluation.rows import NO_CLASS, TrackRows
from track.scenes.scene import Scene

NUM_FRAMES, FPS = 40, 10.0


def member(name="seq", *, moved_px=0.0, num_frames=NUM_FRAMES, embedded=None) -> Member:
    """Two people who stand still, each found in each frame; the detections lie `moved_px` beside them."""
    people = np.array([[100, 100, 150, 250], [400, 100, 450, 250]], np.float64)
    frames = np.repeat(np.arange(1, num_frames + 1), 2)
    tlwh = np.tile(np.column_stack((people[:, :2], people[:, 2:] - people[:, :2])), (num_frames, 1))
    truth = TrackRows(Path(name), frames, np.tile([1, 2], num_frames), tlwh, np.ones(len(frames)),
                      np.full(len(frames), NO_CLASS))  # fmt: skip
    scene = Scene(
        frame_indices=np.arange(num_frames),
        times_s=np.arange(num_frames) / FPS,
        counts=np.full(num_frames, 2),
        motions=np.empty((0, 2, 3)),
        xyxy=np.tile(people, (num_frames, 1)) + moved_px,
        scores=np.full(len(frames), 0.9, np.float32),
        class_ids=np.zeros(len(frames), np.int64),
        features=np.empty((len(frames), 0), np.float32),
        facts={"size": [640, 480], "detector": "drawn", "class_names": {"0": "person"}, "rejected": {}, "notes": []},
    )
    return Member(name, scene, FPS, truth, "mot15", embedded)


def peer(name: str, rows: Callable, package="numpy", **more) -> Peer:
    """A peer whose step is `rows(seen, options)`; `numpy` stands for the package that it comes from."""
    return Peer(name, package, "", lambda fps, options: lambda seen: rows(seen, options), **more)


def perfect(seen, options):
    """Each person under a name of their own."""
    return np.column_stack(([7, 9], seen.xyxy))


def forgetful(seen, options):
    """A new name each `lasts` frames."""
    lasts = options.get("lasts", 5)
    return np.column_stack((np.array([1, 2]) + 2 * (seen.number // lasts), seen.xyxy))


def broken(seen, options):
    raise RuntimeError("not today\nsecond line")
