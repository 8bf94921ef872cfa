"""Whose appearance matters in a frame: appearance on demand.

An encoder is the most expensive part of DeepSORT after the detector, and most of its answers change nothing: a person
who walks alone is found again by motion. Embedded are the detections

* that no track is near (they may start one, or be somebody who was lost),
* that motion alone cannot place: more than one track of the level that chooses first (the matching cascade, Wojke et
  al. 2017, listing 1) is near, or the track near is near another detection, too,
* whose track was lost in the frame before,
* that a track is near that was lost in the last `LATELY` frames: who was hidden behind somebody comes back beside them,
  and motion cannot say which of the two is which,
* whose track was embedded `refresh` detector frames ago or more, so that its gallery keeps up with light and pose.

Near is inside the motion gate of the first stage or inside the overlap gate of the second; with `overlap_first`, the
overlap gate alone. What is not embedded takes part at a neutral cost (`measured.NEUTRAL`), and is not remembered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import kalman
from .association import iou_pairs, motion_pairs
from .boxes import xyah_to_xyxy, xyxy_to_xyah
from .matching import seen_lately
from .pairs import Index, Mask
from .state import VERSION, State, array_from, check_version, number_from
from .validation import check_motion

if TYPE_CHECKING:
    from .deepsort import DeepSort
    from .types import Tracker

__all__ = ["AppearanceOnDemand", "undecided"]

Array = npt.NDArray[np.float64]

_KIND = "AppearanceOnDemand"

LATELY = 20
"""Detector frames. Measured (docs/realtime.md): 10 and 5 miss people who come back, all lost tracks together are near
almost everybody after a while."""


class AppearanceOnDemand:
    """Chooses, frame by frame of one video, which detections to embed; one object a video.

    Args:
        refresh: detector frames after which a track is embedded again; 1 embeds every detection.

    Raises:
        ValueError: less than 1.
    """

    def __init__(self, refresh: int) -> None:
        if refresh < 1:
            raise ValueError(f"refresh is {refresh}, expected 1 (every detection) or more frames")
        self._refresh = refresh
        self._ages: dict[int, int] = {}
        """Serial number of a track -> detector frames since it was embedded."""

    def state_dict(self) -> State:
        """When each track was embedded, as arrays and numbers; see `DeepSort.state_dict`."""
        births = np.array(list(self._ages), np.int64)
        ages = np.array(list(self._ages.values()), np.int64)
        return {"kind": _KIND, "version": VERSION, "refresh": self._refresh, "births": births, "ages": ages}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was called, beside a tracker whose state was saved in the same frame.

        Raises:
            ValueError: a state of something else, of another version or another `refresh`, or a damaged one.
        """
        check_version(state, _KIND)
        if number_from(state, "refresh") != self._refresh:
            raise ValueError(
                f"the state was saved with refresh {number_from(state, 'refresh')}, but here it is {self._refresh}"
            )
        births = array_from(state, "births", (None,), np.int64)
        ages = array_from(state, "ages", (len(births),), np.int64)
        self._ages = dict(zip(births.tolist(), ages.tolist(), strict=True))

    def wanted(
        self,
        tracker: Tracker,
        xyxy: npt.ArrayLike,
        motion: npt.ArrayLike | None = None,
        *,
        time_s: float | None = None,
    ) -> Mask:
        """`(N,)`, true for the detections whose embedding the tracker needs; to be asked before its `update`.

        Args:
            tracker: as the frame before left it.
            xyxy: `(N, 4)` px, boxes that the tracker will accept.
            motion, time_s: as for `DeepSort.update`.

        Raises:
            ValueError: the tracker is no `DeepSort`.
        """
        known = _deep_sort(tracker)
        boxes = np.asarray(xyxy, np.float64).reshape(-1, 4)
        table = known._table
        tracks, detections = _near_pairs(known, boxes, check_motion(motion), time_s)
        levels = table.misses + 1
        chooses = choose_first(tracks, detections, levels, len(boxes))
        wanted = undecided(tracks, detections, levels, chooses, len(boxes))
        ages = [self._ages.get(birth, self._refresh) for birth in table.birth.tolist()]
        due = np.array(ages, np.int64) + 1 >= self._refresh
        wanted[detections[chooses & due[tracks]]] = True
        lately_lost = (levels > 1) & (levels <= LATELY + 1)
        wanted[detections[lately_lost[tracks]]] = True
        return wanted

    def note(self, tracker: Tracker, embedded: Mask) -> None:
        """Take note, after `DeepSort.update`, of the tracks whose detection was embedded."""
        ages: dict[int, int] = {}
        table = _deep_sort(tracker)._table
        for birth, detection in zip(table.birth.tolist(), table.detection.tolist(), strict=True):
            is_new = detection >= 0 and bool(embedded[detection])
            ages[birth] = 0 if is_new else self._ages.get(birth, self._refresh) + 1  # new and not embedded: due at once
        self._ages = ages


def _deep_sort(tracker: Tracker) -> DeepSort:
    from .deepsort import DeepSort

    if not isinstance(tracker, DeepSort):
        raise ValueError(
            f"appearance on demand asks a DeepSort, but the tracker is a {type(tracker).__name__}; embed every "
            "detection (--reid-when always)"
        )
    return tracker


def choose_first(tracks: Index, detections: Index, levels: npt.NDArray[np.int64], num_detections: int) -> Mask:
    """`(P,)`, true for the pairs whose track is of the first level of the cascade that is near their detection.

    The others get the detection only if none of those wants it.
    """
    first = np.full(num_detections, np.iinfo(np.int64).max)
    np.minimum.at(first, detections, levels[tracks])
    chooses: Mask = levels[tracks] == first[detections]
    return chooses


def undecided(
    tracks: Index, detections: Index, levels: npt.NDArray[np.int64], chooses: Mask, num_detections: int
) -> Mask:
    """`(num_detections,)`, true where motion does not say whose a detection is.

    Args:
        tracks, detections: `(P,)` each, the pairs that are near.
        levels: of each track in the cascade; 1 was seen in the frame before.
        chooses: `(P,)`, see `choose_first`.
        num_detections: N.
    """
    of_detection = np.bincount(detections[chooses], minlength=num_detections)
    of_track = np.bincount(tracks, minlength=len(levels))
    alone = np.zeros(num_detections, np.bool_)
    alone[detections[chooses & (levels[tracks] == 1) & (of_track[tracks] == 1)]] = True
    unplaced: Mask = (of_detection != 1) | ~alone
    return unplaced


def _near_pairs(tracker: DeepSort, boxes: Array, motion: Array | None, time_s: float | None) -> tuple[Index, Index]:
    """Pairs of a live track, where it is predicted, and a detection, that some stage could match."""
    table, config = tracker._table, tracker.config
    mean, covariance = table.mean, table.covariance
    if motion is not None:
        mean, covariance = kalman.warp(mean, covariance, motion)
    steps = tracker._clock.steps_to(time_s) if config.motion_in_seconds else 1.0
    mean, covariance = kalman.predict(mean, covariance, config.noise, steps)
    by_overlap = iou_pairs(xyah_to_xyxy(mean[:, :, 0]), boxes, config.max_iou_distance)
    if config.overlap_first:  # who overlaps one track alone is matched before anybody asks for appearance
        lately = seen_lately(table, config, table.misses + 1, tracker._clock.time_of(time_s))[by_overlap.tracks]
        return by_overlap.tracks[lately], by_overlap.detections[lately]
    expected, innovation = kalman.project(mean, covariance, config.noise)
    by_motion = motion_pairs(expected, innovation, xyxy_to_xyah(boxes), config.motion_gate)
    keys = [pairs.tracks * max(len(boxes), 1) + pairs.detections for pairs in (by_motion, by_overlap)]
    both = np.unique(np.concatenate(keys))
    tracks, detections = np.divmod(both, max(len(boxes), 1))
    return tracks, detections
