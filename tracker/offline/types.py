"""What linking takes and gives: the detections of a finished run, the settings, the boxes after it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["LinkConfig", "LinkReport", "Linked", "TrackedDetections"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


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
        score_noise: how far a sure detection is trusted beyond others in smoothing, as in `TrackerConfig`.
        smooth: whether boxes are smoothed; gaps are filled along the smoothed path all the same.
        class_vote: every box of a track has the class that most of its detections have, weighed by their scores, as in
            `TrackerConfig`; else each has that of its own detection.
        class_groups: classes that may be one object, as in `TrackerConfig`; without, only those that are the same.
    """

    max_gap_s: float = 2.0
    max_shift: float = 0.3
    max_growth: float = 0.3
    coast_s: float = 0.7
    max_cosine: float = 0.2
    least_probability: float = 0.6
    extend_s: float = 0.3
    extend_iou: float = 0.5
    score_noise: float = 0.5
    smooth: bool = True
    class_vote: bool = False
    class_groups: str = ""


@dataclass(frozen=True)
class TrackedDetections:
    """All detections of a finished run, `(N, ...)` in any order.

    Attributes:
        frames: frame numbers.
        ids: of the track that each was matched to; 0 for one that belongs to nobody. No id twice at a frame.
        xyxy: `(N, 4)` px.
        scores: of the detector, on any scale.
        class_ids: of the objects.
        embeddings: `(N, D)`, any length of row, NaN or 0 for rows that nobody looked at; D = 0 without appearance.
        cut_off: which of them show only what the border of the picture leaves (`tracker.border.cut_off`), and so are
            not taken in; `None` where that is unknown, or does not matter.
    """

    frames: Ints
    ids: Ints
    xyxy: Array
    scores: Array
    class_ids: Ints
    embeddings: npt.NDArray[np.floating] = dataclasses.field(default_factory=lambda: np.empty((0, 0), np.float32))
    cut_off: npt.NDArray[np.bool_] | None = None


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
        detection: row of `TrackedDetections` seen there; -1 in a filled gap.
        class_ids: of the detection; in a gap the class of most of the track; see `LinkConfig.class_vote`.
        report: what was done.
    """

    frames: Ints
    ids: Ints
    xyxy: Array
    detection: Ints
    class_ids: Ints
    report: LinkReport
