"""After the run: join the pieces of a track, drop what was never sure, take in what was missed, fill gaps, smooth.

Online, a tracker decides with the past alone. `link_tracks` looks at finished tracks from both sides: pieces are joined
over a gap by place, size, time and looks (Hungarian method on tracklets, as in Stadler and Beyerer 2021; GSI and AFLink
of StrongSORT, Du et al. 2022, aim at the same), and a gap becomes a path.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tracker.boxes import pairwise_iou, xyah_to_xyxy
from tracker.calibration import whole_video_probabilities
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
_CLEAN_IOU = 0.3
"""A crop that overlaps no other by more shows one object; only such ones say what a track looks like."""


def link_tracks(
    seen: TrackedDetections, frame_s: float, config: LinkConfig | None = None, noise: MotionNoise | None = None
) -> Linked:
    """Join, drop, extend, fill and smooth the tracks of a finished run.

    Args:
        seen: its detections.
        frame_s: s from a frame to the next.
        config: settings.
        noise: of the motion model.
    """
    config, noise = config or LinkConfig(), noise or LINK_NOISE
    probabilities = whole_video_probabilities(seen.frames, seen.xyxy, seen.scores)
    state = _State(seen, frame_s, config, noise, _tracks(seen), 1 - config.score_noise * probabilities)
    before = len(state.tracks)
    links = state.join()
    sure = [float(probabilities[rows].mean()) >= config.least_probability for rows in state.tracks]
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
    classes[detection >= 0] = seen.class_ids[detection[detection >= 0]]
    order = np.lexsort((ids, frames))
    return Linked(frames[order], ids[order], xyxy[order], detection[order], classes[order], report)


def _tracks(seen: TrackedDetections) -> list[Index]:
    """The rows of each track in order of time; tracks in order of their first box, whatever their ids are."""
    rows = np.flatnonzero(seen.ids > 0)
    rows = rows[np.lexsort((seen.frames[rows], seen.ids[rows]))]
    borders = np.flatnonzero(np.diff(seen.ids[rows])) + 1
    tracks = np.split(rows, borders) if len(rows) else []
    return sorted(tracks, key=lambda track: (int(seen.frames[track[0]]), *seen.xyxy[track[0]].tolist()))


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
        """The class of most of each track's boxes."""
        common = []
        for rows in self.tracks:
            values, counts = np.unique(self.seen.class_ids[rows], return_counts=True)
            common.append(int(values[counts.argmax()]))
        return np.array(common, np.int64)

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
            expected, detections = Expected.joined(parts), (seen.frames[spare], seen.xyxy[spare], seen.class_ids[spare])
            numbers, found = claimed(expected, self.classes(), *detections, self.config.extend_iou)
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
            shown = (detection >= 0) | np.append(gaps <= longest + 1e-9, True)
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
            self.classes(),
            self._looks(),
        )

    def _looks(self) -> Array:
        """The mean embedding of the clean crops of each track, unit length; 0 where there is none."""
        embeddings = self.seen.embeddings
        looks = np.zeros((len(self.tracks), embeddings.shape[1]))
        if not looks.shape[1]:
            return looks
        clean = _is_clean(self.seen)
        for number, rows in enumerate(self.tracks):
            chosen = rows[clean[rows]] if clean[rows].any() else rows
            vectors = np.nan_to_num(embeddings[chosen].astype(np.float64))
            lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
            mean = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0).sum(axis=0)
            looks[number] = mean / max(float(np.linalg.norm(mean)), 1e-12)
        return looks


def _is_clean(seen: TrackedDetections) -> npt.NDArray[np.bool_]:
    """Whether each box overlaps no other of its frame by more than `_CLEAN_IOU`."""
    clean = np.ones(len(seen.frames), np.bool_)
    order = np.argsort(seen.frames, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(seen.frames[order])) + 1):
        first, second = np.triu_indices(len(rows), 1)
        near = pairwise_iou(seen.xyxy[rows[first]], seen.xyxy[rows[second]]) > _CLEAN_IOU
        clean[rows[first[near]]] = clean[rows[second[near]]] = False
    return clean
