"""How whole tracks are, judged without ground truth: how many, how long, and where one seems to go on as another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluation.rows import TrackRows

__all__ = ["Continuity", "continuity"]

Array = npt.NDArray[np.float64]

WITHIN_S = 2.0
"""A pause as long as somebody takes to walk behind something, and to be expected by the presets to be bridged."""
VELOCITY_S = 0.5
"""The end of a track that tells where it was going: longer than a step, shorter than a turn."""
NEAR = 0.75
"""Of the height: how far from the expected place somebody may appear. Half a body to either side, and a turn."""
MAX_GROWTH = 1.4
"""Ratio of heights; nobody comes that much nearer within the pause."""


@dataclass(frozen=True)
class Continuity:
    """Facts of a set of tracks.

    Attributes:
        num_tracks: identities.
        mean_length_s: from the first to the last frame of each, in the mean.
        suspected_switches: see `continuity`.
    """

    num_tracks: int
    mean_length_s: float
    suspected_switches: int


def continuity(rows: TrackRows, fps: float) -> Continuity:
    """Count tracks, their mean length, and suspected switches of identity.

    A switch is suspected where a track begins at most 2 s after another ended, within 0.75 of its height of the place
    where that one's last velocity would have taken it, and of a similar height (ratio up to 1.4). Each end is taken by
    one beginning at most, the nearest. Looks play no part, so that encoders are judged by one measure. People who
    exchange their ids while both are in sight are not seen by this: that takes ground truth.

    Args:
        rows: boxes with ids.
        fps: frames per second.
    """
    ids = np.unique(rows.ids)
    tracks = [rows[rows.ids == track] for track in ids]
    tracks = [track[np.argsort(track.frames, kind="stable")] for track in tracks]
    lengths = [(track.frames[-1] - track.frames[0] + 1) / fps for track in tracks]
    return Continuity(len(ids), float(np.mean(lengths)) if lengths else 0.0, _switches(tracks, fps))


def _switches(tracks: list[TrackRows], fps: float) -> int:
    pairs = []
    for gone, before in enumerate(tracks):
        velocity = _velocity(before, fps)
        for come, after in enumerate(tracks):
            pause = int(after.frames[0] - before.frames[-1])
            if 0 < pause <= WITHIN_S * fps:
                distance = _distance(before.tlwh[-1], velocity * pause, after.tlwh[0])
                if distance <= NEAR:
                    pairs.append((distance, gone, come))
    ended: set[int] = set()
    begun: set[int] = set()
    for _, gone, come in sorted(pairs):
        if gone not in ended and come not in begun:
            ended.add(gone)
            begun.add(come)
    return len(begun)


def _velocity(track: TrackRows, fps: float) -> Array:
    """Of the centre over the last half second, px per frame."""
    recent = track.frames >= track.frames[-1] - VELOCITY_S * fps
    centres, frames = _centre(track.tlwh[recent]), track.frames[recent]
    span = int(frames[-1] - frames[0])
    return np.asarray((centres[-1] - centres[0]) / span if span else np.zeros(2))


def _distance(before: Array, way: Array, after: Array) -> float:
    """From the expected to the true centre, in heights; endless where the heights differ too much."""
    heights = sorted((float(before[3]), float(after[3])))
    if heights[0] <= 0 or heights[1] / heights[0] > MAX_GROWTH:
        return float("inf")
    return float(np.hypot(*(_centre(before) + way - _centre(after)))) / heights[1]


def _centre(tlwh: Array) -> Array:
    return np.asarray(tlwh[..., :2] + tlwh[..., 2:] / 2)
