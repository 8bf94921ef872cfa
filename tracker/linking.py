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

from .assignment import Index
from .boxes import pairwise_iou, xyah_to_xyxy
from .calibration import whole_video_probabilities
from .extending import Expected, claimed, expected_boxes
from .joining import Ends, best_links, candidate_links, chained
from .kalman import MotionNoise
from .smoothing import smooth_paths

__all__ = ["LINK_NOISE", "LinkConfig", "LinkReport", "Linked", "Sightings", "link_tracks"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LINK_NOISE = MotionNoise(aspect=0.1, measured_factor=2.2)
"""That of the preset `strong`, whichever preset tracked: calm boxes, and an aspect ratio that may change."""
_MOST_ROUNDS = 10
"""Joining and extending each repeat until nothing changes; this only bounds a pathological case."""
_CLEAN_IOU = 0.3
"""A crop that overlaps no other by more shows one object; only such ones say what a track looks like."""


@dataclass(frozen=True)
class LinkConfig:
    """What may be joined, kept, taken in and filled. Times in s, so that any frame rate is the same.

    Attributes:
        max_gap_s: longest gap that is linked, and filled.
        max_shift: of a link, see `joining.candidate_links`; 0 links nothing.
        max_growth: of a link.
        coast_s: of a link.
        max_cosine: largest cosine distance between two tracks that are linked.
        least_probability: a track is kept if its detections were real with this mean probability; 0 keeps all.
        extend_s: how far beyond its ends a track takes in detections that belong to nobody.
        extend_iou: least overlap with where the track was expected; 1 takes none in, not in gaps either.
        smooth: whether boxes are smoothed; gaps are filled along the smoothed path all the same.
    """

    max_gap_s: float = 2.0
    max_shift: float = 0.3
    max_growth: float = 0.3
    coast_s: float = 0.7
    max_cosine: float = 0.2
    least_probability: float = 0.6
    extend_s: float = 0.3
    extend_iou: float = 0.5
    smooth: bool = True


@dataclass(frozen=True)
class Sightings:
    """All detections of a finished run, `(N, ...)` in any order.

    Attributes:
        frames: frame numbers.
        ids: of the track that each was matched to; 0 for one that belongs to nobody. No id twice at a frame.
        xyxy: `(N, 4)` px.
        scores: of the detector, on any scale.
        class_ids: of the objects.
        embeddings: `(N, D)`, any length of row, NaN or 0 for rows that nobody looked at; D = 0 without appearance.
    """

    frames: Ints
    ids: Ints
    xyxy: Array
    scores: Array
    class_ids: Ints
    embeddings: npt.NDArray[np.floating] = dataclasses.field(default_factory=lambda: np.empty((0, 0), np.float32))


@dataclass(frozen=True)
class LinkReport:
    """What linking did.

    Attributes:
        tracks: before.
        links: joints made.
        dropped: tracks (after joining) that were never sure.
        dropped_boxes: their detections.
        taken_in: detections that had belonged to nobody.
        filled: boxes in gaps.
        kept: tracks after all.
    """

    tracks: int
    links: int
    dropped: int
    dropped_boxes: int
    taken_in: int
    filled: int
    kept: int


@dataclass(frozen=True)
class Linked:
    """The boxes after linking, `(M, ...)` in order of frames, then ids.

    Attributes:
        frames: frame numbers.
        ids: of the first piece of each track.
        xyxy: `(M, 4)` px.
        sighting: row of `Sightings` seen there; -1 in a filled gap.
        class_ids: of the sighting; in a gap the class of most of the track.
        report: what was done.
    """

    frames: Ints
    ids: Ints
    xyxy: Array
    sighting: Ints
    class_ids: Ints
    report: LinkReport


def link_tracks(
    seen: Sightings, frame_s: float, config: LinkConfig | None = None, noise: MotionNoise | None = None
) -> Linked:
    """Join, drop, extend, fill and smooth the tracks of a finished run.

    Args:
        seen: its detections.
        frame_s: s from a frame to the next.
        config: settings.
        noise: of the motion model.
    """
    config, noise = config or LinkConfig(), noise or LINK_NOISE
    state = _State(seen, frame_s, config, noise, _tracks(seen))
    before = len(state.tracks)
    probabilities = whole_video_probabilities(seen.frames, seen.xyxy, seen.scores)
    links = state.join()
    sure = [float(probabilities[rows].mean()) >= config.least_probability for rows in state.tracks]
    dropped = [rows for rows, kept in zip(state.tracks, sure, strict=True) if not kept]
    state.tracks = [rows for rows, kept in zip(state.tracks, sure, strict=True) if kept]
    taken_in = state.extend()
    links += state.join() if taken_in else 0
    frames, numbers, xyxy, sighting = state.rows()
    report = LinkReport(
        tracks=before,
        links=links,
        dropped=len(dropped),
        dropped_boxes=sum(map(len, dropped)),
        taken_in=taken_in,
        filled=int((sighting < 0).sum()),
        kept=len(state.tracks),
    )
    ids = np.array([_id(seen, rows) for rows in state.tracks], np.int64)[numbers]
    classes = state.classes()[numbers]
    classes[sighting >= 0] = seen.class_ids[sighting[sighting >= 0]]
    order = np.lexsort((ids, frames))
    return Linked(frames[order], ids[order], xyxy[order], sighting[order], classes[order], report)


def _tracks(seen: Sightings) -> list[Index]:
    """The rows of each track in order of time; tracks in order of their first box, whatever their ids are."""
    rows = np.flatnonzero(seen.ids > 0)
    rows = rows[np.lexsort((seen.frames[rows], seen.ids[rows]))]
    borders = np.flatnonzero(np.diff(seen.ids[rows])) + 1
    tracks = np.split(rows, borders) if len(rows) else []
    return sorted(tracks, key=lambda track: (int(seen.frames[track[0]]), *seen.xyxy[track[0]].tolist()))


def _id(seen: Sightings, rows: Index) -> int:
    """Of the first piece: what was taken in before it has none."""
    ids = seen.ids[rows]
    return int(ids[ids > 0][0])


@dataclass
class _State:
    """The tracks as they stand, as rows of `seen`."""

    seen: Sightings
    frame_s: float
    config: LinkConfig
    noise: MotionNoise
    tracks: list[Index]
    known: dict[bytes, Array] = dataclasses.field(default_factory=dict)

    def paths(self) -> list[Array]:
        """Smoothed states of each, velocities a frame; only tracks that changed are smoothed again."""
        keys = [rows.tobytes() for rows in self.tracks]
        new = [number for number, key in enumerate(keys) if key not in self.known]
        rows_of_new = [self.tracks[number] for number in new]
        smoothed = smooth_paths([(self.seen.frames[rows], self.seen.xyxy[rows]) for rows in rows_of_new], self.noise)
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
        """Take in detections that belong to nobody; the number of them."""
        seen, total = self.seen, 0
        spare = np.flatnonzero(seen.ids <= 0)
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
            sighting = np.full(len(frames), -1, np.int64)
            sighting[known - known[0]] = rows
            gaps = np.repeat(np.diff(known), np.diff(known))  # of each frame but the last, the gap that it is in
            shown = (sighting >= 0) | np.append(gaps <= longest + 1e-9, True)
            xyxy = xyah_to_xyxy(path[:, :, 0])
            if not self.config.smooth:
                xyxy[known - known[0]] = self.seen.xyxy[rows]
            count = int(shown.sum())
            parts.append((frames[shown], np.full(count, number, np.int64), xyxy[shown], sighting[shown]))
        if not parts:
            none = np.empty(0, np.int64)
            return none, none, np.empty((0, 4)), none
        frames, numbers, boxes, sightings = (np.concatenate(column) for column in zip(*parts, strict=True))
        return frames, numbers, boxes, sightings

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


def _is_clean(seen: Sightings) -> npt.NDArray[np.bool_]:
    """Whether each box overlaps no other of its frame by more than `_CLEAN_IOU`."""
    clean = np.ones(len(seen.frames), np.bool_)
    order = np.argsort(seen.frames, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(seen.frames[order])) + 1):
        first, second = np.triu_indices(len(rows), 1)
        near = pairwise_iou(seen.xyxy[rows[first]], seen.xyxy[rows[second]]) > _CLEAN_IOU
        clean[rows[first[near]]] = clean[rows[second[near]]] = False
    return clean
