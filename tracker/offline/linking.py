"""After the run: join the pieces of a track, drop what was never sure, take in what was missed, fill gaps, smooth.

Online, a tracker decides with the past alone. `link_tracks` looks at finished tracks from both sides: pieces are joined
over a gap by place, size, time and appearance (Hungarian method on tracklets, as in Stadler and Beyerer 2021; GSI and
AFLink of StrongSORT, Du et al. 2022, aim at the same), and a gap becomes a path.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tracker.boxes import pairwise_iou, xyah_to_xyxy
from tracker.calibration import whole_video_probabilities
from tracker.class_groups import group_of, parse_groups
from tracker.kalman import MotionNoise
from tracker.pairs import Index

from .extending import Expected, claimed, expected_boxes
from .joining import Ends, best_links, candidate_links, chained
from .smoothing import smooth_paths
from .types import LinkConfig, Linked, LinkReport, TrackedDetections

__all__ = ["LINK_NOISE", "LinkConfig", "LinkReport", "Linked", "TrackedDetections", "link_tracks"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LINK_NOISE = MotionNoise(aspect=0.1, measured_factor=2.2)
"""That of the preset `strong`, whichever preset tracked: calm boxes, and an aspect ratio that may change."""
_MOST_ROUNDS = 10
"""Joining and extending each repeat until nothing changes; this only bounds a pathological case."""
_SURE = 0.75
"""Mean probability from which a track is a measure for the others: as much as a score is worth of which nothing is
known (`tracker.calibration`)."""
_CLEAN_IOU = 0.3
"""A crop that overlaps no other by more shows one object; only such ones say the appearance of a track."""


def link_tracks(
    seen: TrackedDetections,
    frame_s: float,
    config: LinkConfig | None = None,
    noise: MotionNoise | None = None,
    missing: Ints | None = None,
) -> Linked:
    """Join, drop, extend, fill and smooth the tracks of a finished run.

    Args:
        seen: its detections.
        frame_s: s from a frame to the next.
        config: settings.
        noise: of the motion model.
        missing: `(L, 2)`, in order, the first and the last of frames that were not there to be seen: nothing is filled
            in them, and what goes on after them was never lost.
    """
    config, noise = config or LinkConfig(), noise or LINK_NOISE
    missing = np.empty((0, 2), np.int64) if missing is None else missing
    probabilities = whole_video_probabilities(_counted(seen.frames, missing), seen.xyxy, seen.scores)
    state = _State(seen, frame_s, config, noise, missing, _tracks(seen), 1 - config.score_noise * probabilities)
    before = len(state.tracks)
    links = state.join()
    means = np.array([probabilities[rows].mean() for rows in state.tracks])
    sure = (means >= _least_probabilities(means, config.least_probability)).tolist()
    dropped = [rows for rows, kept in zip(state.tracks, sure, strict=True) if not kept]
    state.tracks = [rows for rows, kept in zip(state.tracks, sure, strict=True) if kept]
    taken_in = state.extend()
    links += state.join() if taken_in else 0
    frames, numbers, xyxy, detection = state.rows()
    report = LinkReport(
        tracks=before,
        links=links,
        dropped=len(dropped),
        dropped_boxes=sum(map(len, dropped)),
        taken_in=taken_in,
        filled=int((detection < 0).sum()),
        kept=len(state.tracks),
    )
    ids = np.array([_id(seen, rows) for rows in state.tracks], np.int64)[numbers]
    classes = state.classes()[numbers]
    if not config.class_vote:
        classes[detection >= 0] = seen.class_ids[detection[detection >= 0]]
    order = np.lexsort((ids, frames))
    return Linked(frames[order], ids[order], xyxy[order], detection[order], classes[order], report)


def _least_probabilities(means: Array, least: float) -> Array:
    """`(N,)`, what the mean probability of each track must be, for it to be kept.

    Probabilities are learned by contrast: how seldom detections of a score are found again, where others are. Where no
    other track is sure, there is no contrast, and so no reason to drop: the bar sinks with the surest of the others. A
    track that is alone, or the surest, always stays.
    """
    if len(means) < 2:
        return np.zeros(len(means))
    second, best = np.partition(means, -2)[-2:]
    surest_other = np.where(np.arange(len(means)) == means.argmax(), second, best)
    return np.asarray(least * np.minimum(surest_other / _SURE, 1.0))


def _tracks(seen: TrackedDetections) -> list[Index]:
    """The rows of each track in order of time; tracks in order of their first box, whatever their ids are."""
    rows = np.flatnonzero(seen.ids > 0)
    rows = rows[np.lexsort((seen.frames[rows], seen.ids[rows]))]
    borders = np.flatnonzero(np.diff(seen.ids[rows])) + 1
    tracks = np.split(rows, borders) if len(rows) else []
    return sorted(tracks, key=lambda track: (int(seen.frames[track[0]]), *seen.xyxy[track[0]].tolist()))


def _counted(frames: Ints, missing: Ints) -> Ints:
    """The frame numbers without those that are missing: what was looked at one after the other counts up by one."""
    lengths = np.concatenate(([0], np.cumsum(missing[:, 1] - missing[:, 0] + 1)))
    return np.asarray(frames - lengths[np.searchsorted(missing[:, 0], frames, side="right")])


def _are_missing(frames: Ints, missing: Ints) -> npt.NDArray[np.bool_]:
    """Which of `frames` lie in a stretch of `missing`."""
    first_and_last = np.concatenate(([[-1, -2]], missing))  # an empty stretch before all, so that each has one before
    return np.asarray(frames <= first_and_last[np.searchsorted(missing[:, 0], frames, side="right"), 1])


def _id(seen: TrackedDetections, rows: Index) -> int:
    """Of the first piece: what was taken in before it has none."""
    ids = seen.ids[rows]
    return int(ids[ids > 0][0])


@dataclass
class _State:
    """The tracks as they stand, as rows of `seen`; `shares` of the measured variance of each of its rows."""

    seen: TrackedDetections
    frame_s: float
    config: LinkConfig
    noise: MotionNoise
    missing: Ints
    tracks: list[Index]
    shares: Array
    known: dict[bytes, Array] = dataclasses.field(default_factory=dict)

    def paths(self) -> list[Array]:
        """Smoothed states of each, velocities a frame; only tracks that changed are smoothed again."""
        keys = [rows.tobytes() for rows in self.tracks]
        new = [number for number, key in enumerate(keys) if key not in self.known]
        rows_of_new = [self.tracks[number] for number in new]
        boxes = [(self.seen.frames[rows], self.seen.xyxy[rows]) for rows in rows_of_new]
        smoothed = smooth_paths(boxes, self.noise, [self.shares[rows] for rows in rows_of_new])
        fresh = dict(zip([keys[number] for number in new], smoothed, strict=True))
        self.known = {key: fresh[key] if key in fresh else self.known[key] for key in keys}
        return list(self.known.values())

    def classes(self) -> Ints:
        """The class of most of each track's boxes; with `class_vote`, of most of their scores (`tracker.votes`)."""
        scores = self.seen.scores if self.config.class_vote else np.ones(len(self.seen.frames))
        return np.array([_leading(self.seen.class_ids[rows], scores[rows]) for rows in self.tracks], np.int64)

    def groups(self) -> Ints:
        """The group of each track's class: only tracks and detections of one group may be one object."""
        return self.group_of(self.classes())

    def group_of(self, class_ids: Ints) -> Ints:
        """The group of each class, `(N,)`."""
        return group_of(class_ids, parse_groups(self.config.class_groups))

    def join(self) -> int:
        """Link the tracks, and the chains again, until there is nothing more to link; the number of links."""
        total, config = 0, self.config
        if not config.max_shift or not config.max_gap_s:
            return 0
        for _ in range(_MOST_ROUNDS):
            if len(self.tracks) < 2:
                break
            pairs = candidate_links(
                self._ends(),
                max_gap_s=config.max_gap_s,
                max_shift=config.max_shift,
                max_growth=config.max_growth,
                coast_s=config.coast_s,
                max_cosine=config.max_cosine,
            )
            before, after = best_links(pairs)
            if not len(before):
                break
            chains = chained(len(self.tracks), before, after)
            self.tracks = [np.concatenate([self.tracks[piece] for piece in chain]) for chain in chains]
            total += len(before)
        return total

    def extend(self) -> int:
        """Take in detections that belong to nobody and are not cut off; the number of them."""
        seen, total = self.seen, 0
        spare = np.flatnonzero(seen.ids <= 0)
        if seen.cut_off is not None:
            spare = spare[~seen.cut_off[spare]]
        for _ in range(_MOST_ROUNDS if self.config.extend_iou < 1 else 0):
            if not len(spare) or not self.tracks:
                break
            reach = round(self.config.extend_s / self.frame_s)
            parts = [
                expected_boxes(number, seen.frames[rows], path, reach)
                for number, (rows, path) in enumerate(zip(self.tracks, self.paths(), strict=True))
            ]
            expected, groups = Expected.joined(parts), self.group_of(seen.class_ids[spare])
            detections = seen.frames[spare], seen.xyxy[spare], groups
            numbers, found = claimed(expected, self.groups(), *detections, self.config.extend_iou)
            if not len(found):
                break
            for number in np.unique(numbers).tolist():
                rows = np.concatenate((self.tracks[number], spare[found[numbers == number]]))
                self.tracks[number] = rows[np.argsort(seen.frames[rows])]
            spare = np.delete(spare, found)
            total += len(found)
        return total

    def rows(self) -> tuple[Ints, Ints, Array, Ints]:
        """Frames, numbers of tracks, boxes and rows of `seen` (-1 in gaps) of all that is shown."""
        parts: list[tuple[Ints, Ints, Array, Ints]] = []
        longest = self.config.max_gap_s / self.frame_s
        for number, (rows, path) in enumerate(zip(self.tracks, self.paths(), strict=True)):
            known = self.seen.frames[rows]
            frames = np.arange(known[0], known[-1] + 1)
            detection = np.full(len(frames), -1, np.int64)
            detection[known - known[0]] = rows
            gaps = np.repeat(np.diff(known), np.diff(known))  # of each frame but the last, the gap that it is in
            filled = np.append(gaps <= longest + 1e-9, True) & ~_are_missing(frames, self.missing)
            shown = (detection >= 0) | filled
            xyxy = xyah_to_xyxy(path[:, :, 0])
            if not self.config.smooth:
                xyxy[known - known[0]] = self.seen.xyxy[rows]
            count = int(shown.sum())
            parts.append((frames[shown], np.full(count, number, np.int64), xyxy[shown], detection[shown]))
        if not parts:
            none = np.empty(0, np.int64)
            return none, none, np.empty((0, 4)), none
        frames, numbers, boxes, detections = (np.concatenate(column) for column in zip(*parts, strict=True))
        return frames, numbers, boxes, detections

    def _ends(self) -> Ends:
        first_frames = np.array([self.seen.frames[rows[0]] for rows in self.tracks], np.float64)
        last_frames = np.array([self.seen.frames[rows[-1]] for rows in self.tracks], np.float64)
        paths, a_second = self.paths(), np.array([1.0, 1 / self.frame_s])
        return Ends(
            first_frames * self.frame_s,
            last_frames * self.frame_s,
            np.array([path[0] for path in paths]) * a_second,
            np.array([path[-1] for path in paths]) * a_second,
            self.groups(),
            self._appearance(),
        )

    def _appearance(self) -> Array:
        """The mean embedding of the clean crops of each track, unit length; 0 where there is none."""
        embeddings = self.seen.embeddings
        appearance = np.zeros((len(self.tracks), embeddings.shape[1]))
        if not appearance.shape[1]:
            return appearance
        clean = _is_clean(self.seen)
        for number, rows in enumerate(self.tracks):
            chosen = rows[clean[rows]] if clean[rows].any() else rows
            vectors = np.nan_to_num(embeddings[chosen].astype(np.float64))
            lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
            mean = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0).sum(axis=0)
            appearance[number] = mean / max(float(np.linalg.norm(mean)), 1e-12)
        return appearance


def _leading(class_ids: Ints, votes: Array) -> int:
    """The class with the most votes; of several, the lowest one."""
    values, places = np.unique(class_ids, return_inverse=True)
    return int(values[np.bincount(places, np.maximum(votes, 0)).argmax()])


def _is_clean(seen: TrackedDetections) -> npt.NDArray[np.bool_]:
    """Whether each box overlaps no other of its frame by more than `_CLEAN_IOU`."""
    clean = np.ones(len(seen.frames), np.bool_)
    order = np.argsort(seen.frames, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(seen.frames[order])) + 1):
        first, second = np.triu_indices(len(rows), 1)
        near = pairwise_iou(seen.xyxy[rows[first]], seen.xyxy[rows[second]]) > _CLEAN_IOU
        clean[rows[first[near]]] = clean[rows[second[near]]] = False
    return clean
