"""Which tracks and detections may meet, pair by pair: what numba compiles for `steps_compiled`.

Each loop does in one call what the array expressions of `association`, `pairs` and `steps_numpy` do in ten, with the
same results to the last bit. A loop must be plain enough for numba: no calls of one another.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["contested", "motion_pairs", "mutually_nearest", "nearest_in_turn", "overlaps"]

Array = npt.NDArray[np.float64]
Counters = npt.NDArray[np.int64]
Index = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]


def motion_pairs(
    mean: Array,
    innovation: Array,
    tracks: Index,
    xyah: Array,
    detections: Index,
    bounds: Index,
    gate: float,
    hair: float,
) -> tuple[Index, Index, Array]:
    """As `association.motion_pairs`, of the rows `tracks` with the rows `detections`: both, and their distances.

    Args:
        bounds: `(2, N)`, from which to which place in `detections` a track finds all that may be inside its gate; or
            empty: it looks at all of them.
        hair: as `kalman.HAIR`.
    """
    some = bounds.size > 0
    room = np.sum(bounds[1] - bounds[0]) if some else tracks.size * detections.size
    found_tracks, found_detections, distances = np.empty(room, np.intp), np.empty(room, np.intp), np.empty(room)
    found = 0
    for at in range(tracks.size):
        i, start = tracks[at], found
        reach = np.sqrt(gate * innovation[i, 0]) * hair
        for place in range(bounds[0, at] if some else 0, bounds[1, at] if some else detections.size):
            j, distance = detections[place], 0.0
            if abs(xyah[j, 0] - mean[i, 0, 0]) > reach:  # most are beyond the gate by x alone, at no division
                continue
            for k in range(4):
                residual = xyah[j, k] - mean[i, k, 0]
                distance += residual * residual / innovation[i, k]
                if distance > gate:
                    break
            if distance <= gate:
                slot = found
                while some and slot > start and found_detections[slot - 1] > j:  # in order of the detections
                    found_detections[slot], distances[slot] = found_detections[slot - 1], distances[slot - 1]
                    slot -= 1
                found_tracks[found], found_detections[slot], distances[slot] = i, j, distance
                found += 1
    return found_tracks[:found].copy(), found_detections[:found].copy(), distances[:found].copy()


def overlaps(
    boxes: Array, tracks: Index, others: Array, detections: Index, bounds: Index, most: float, least_union: float
) -> tuple[Index, Index, Array]:
    """As `association.iou_pairs`, of `boxes[i]`, which is that of `tracks[i]`, with the rows `detections` of `others`.

    Args:
        bounds: as in `motion_pairs`.
        most: largest 1 - IoU.
        least_union: as `boxes.TINY`.
    """
    some = bounds.size > 0
    room = np.sum(bounds[1] - bounds[0]) if some else tracks.size * detections.size
    found_tracks, found_detections, distances = np.empty(room, np.intp), np.empty(room, np.intp), np.empty(room)
    found = 0
    for at in range(tracks.size):
        left, top, right, bottom = boxes[at, 0], boxes[at, 1], boxes[at, 2], boxes[at, 3]
        area, start = (right - left) * (bottom - top), found
        for place in range(bounds[0, at] if some else 0, bounds[1, at] if some else detections.size):
            j = detections[place]
            width = min(right, others[j, 2]) - max(left, others[j, 0])
            if width <= 0:
                continue
            height = min(bottom, others[j, 3]) - max(top, others[j, 1])
            if height <= 0:
                continue
            shared = width * height
            union = area + (others[j, 2] - others[j, 0]) * (others[j, 3] - others[j, 1]) - shared
            distance = 1.0 - shared / max(union, least_union)
            if distance <= most and distance < 1.0:
                slot = found
                while some and slot > start and found_detections[slot - 1] > j:
                    found_detections[slot], distances[slot] = found_detections[slot - 1], distances[slot - 1]
                    slot -= 1
                found_tracks[found], found_detections[slot], distances[slot] = tracks[at], j, distance
                found += 1
    return found_tracks[:found].copy(), found_detections[:found].copy(), distances[:found].copy()


def contested(tracks: Index, detections: Index) -> Index:
    """As `pairs.Pairs.contested`."""
    num_tracks, num_detections = 0, 0
    for i in range(tracks.size):
        num_tracks, num_detections = max(num_tracks, tracks[i] + 1), max(num_detections, detections[i] + 1)
    of_track, of_detection = np.zeros(num_tracks, np.int64), np.zeros(num_detections, np.int64)
    for i in range(tracks.size):
        of_track[tracks[i]] += 1
        of_detection[detections[i]] += 1
    rivals, found = np.empty(tracks.size, np.intp), 0
    for i in range(tracks.size):
        if of_track[tracks[i]] > 1 or of_detection[detections[i]] > 1:
            rivals[found] = i
            found += 1
    return rivals[:found].copy()


def nearest_in_turn(
    tracks: Index, detections: Index, costs: Array, level: Counters, rivals: Index, matched: Index
) -> Mask:
    """As in `steps_numpy`."""
    num_tracks, num_detections = 0, 0
    for i in range(tracks.size):
        num_tracks, num_detections = max(num_tracks, tracks[i] + 1), max(num_detections, detections[i] + 1)
    taken_at = np.full(num_detections, np.iinfo(np.int64).max)
    for i in matched:
        taken_at[detections[i]] = level[i]
    nearest, seen, found = np.ones(tracks.size, np.bool_), np.empty(rivals.size, np.intp), 0
    of_track, of_detection = np.full(num_tracks, np.inf), np.full(num_detections, np.inf)
    for i in rivals:
        nearest[i] = False
        if level[i] <= taken_at[detections[i]]:
            seen[found] = i
            found += 1
            of_track[tracks[i]] = min(of_track[tracks[i]], costs[i])
    by_level = seen[:found][np.argsort(level[seen[:found]])]
    start = 0
    while start < found:  # a detection meets each level anew
        end = start
        while end < found and level[by_level[end]] == level[by_level[start]]:
            of_detection[detections[by_level[end]]] = np.inf
            end += 1
        for i in by_level[start:end]:
            of_detection[detections[i]] = min(of_detection[detections[i]], costs[i])
        for i in by_level[start:end]:
            nearest[i] = costs[i] == of_track[tracks[i]] and costs[i] == of_detection[detections[i]]
        start = end
    return nearest


def mutually_nearest(tracks: Index, detections: Index, costs: Array) -> Mask:
    """As `association.mutually_nearest`."""
    num_tracks, num_detections = 0, 0
    for i in range(tracks.size):
        num_tracks, num_detections = max(num_tracks, tracks[i] + 1), max(num_detections, detections[i] + 1)
    of_track, of_detection = np.full(num_tracks, np.inf), np.full(num_detections, np.inf)
    for i in range(tracks.size):
        of_track[tracks[i]] = min(of_track[tracks[i]], costs[i])
        of_detection[detections[i]] = min(of_detection[detections[i]], costs[i])
    nearest = np.empty(tracks.size, np.bool_)
    for i in range(tracks.size):
        nearest[i] = costs[i] == of_track[tracks[i]] and costs[i] == of_detection[detections[i]]
    return nearest
