"""Detections that belong to nobody, and lie where a finished track must have been: they continue it.

Online, a doubtful detection starts no track and may miss one that was lost a moment before. Once the path of a track is
known from both sides, the same detection speaks for itself (the second association of ByteTrack, Zhang et al. 2022, on
smoothed paths).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tracker.assignment import assign
from tracker.boxes import pairwise_iou, xyah_to_xyxy
from tracker.pairs import Index, Pairs, sweep_pairs

__all__ = ["Expected", "claimed", "expected_boxes"]

Array = npt.NDArray[np.float64]
Frames = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Expected:
    """Where tracks must have been at frames at which nobody saw them; `(K, ...)`, no track twice at a frame.

    Attributes:
        tracks: row of the track.
        frames: frame number.
        xyxy: `(K, 4)` px.
    """

    tracks: Index
    frames: Frames
    xyxy: Array

    @staticmethod
    def joined(parts: list[Expected]) -> Expected:
        """All of them."""
        if not parts:
            return Expected(np.empty(0, np.intp), np.empty(0, np.int64), np.empty((0, 4)))
        return Expected(
            np.concatenate([part.tracks for part in parts]),
            np.concatenate([part.frames for part in parts]),
            np.concatenate([part.xyxy for part in parts]),
        )


def expected_boxes(track: int, seen: Frames, path: Array, reach: int) -> Expected:
    """The boxes of one track in its gaps, and at most `reach` frames before its start and after its end.

    Args:
        track: its row.
        seen: `(K,)` frames at which it was seen, increasing.
        path: `(T, 4, 2)`, smoothed states from the first to the last of them, velocities a frame.
        reach: frames.
    """
    missing = np.setdiff1d(np.arange(seen[0], seen[-1] + 1), seen)
    steps = np.arange(1, reach + 1)
    earlier = path[0, :, 0] - steps[:, None] * path[0, :, 1] * [1, 1, 0, 0]
    later = path[-1, :, 0] + steps[:, None] * path[-1, :, 1] * [1, 1, 0, 0]
    frames = np.concatenate((missing, seen[0] - steps, seen[-1] + steps))
    xyah = np.concatenate((path[missing - seen[0], :, 0], earlier, later))
    return Expected(np.full(len(frames), track, np.intp), frames, xyah_to_xyxy(xyah))


def claimed(
    expected: Expected, track_groups: npt.NDArray[np.int64], frames: Frames, xyxy: Array, groups: Frames, iou: float
) -> tuple[Index, Index]:
    """Which detection goes to which track, one to one at each frame, by the greatest overlap in sum.

    Args:
        expected: where tracks must have been.
        track_groups: group of classes of each track.
        frames, xyxy, groups: `(M, ...)`, the detections that belong to nobody.
        iou: least overlap.

    Returns:
        Rows of tracks and rows of detections, `(C,)` each.
    """
    places, found = sweep_pairs(
        expected.frames.astype(np.float64), expected.frames.astype(np.float64), frames.astype(np.float64)
    )
    same = track_groups[expected.tracks[places]] == groups[found]
    places, found = places[same], found[same]
    distances = 1 - pairwise_iou(expected.xyxy[places], xyxy[found])
    chosen = assign(Pairs(places, found, distances), 1 - iou)
    return expected.tracks[places[chosen]], found[chosen]
