"""The ground truth of a source: whether it belongs to it, and the scores against it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluation import EvalOptions, GroundTruth, Pair, Report, evaluate, find_ground_truth
from evaluation.looking.checks import look_at_truth, same_video
from evaluation.reading import read_rows
from evaluation.rows import NO_CLASS, TrackRows
from track.scenes.scene import Scene
from track.sources import Source, TimeSpan

__all__ = ["Truth", "check_detections", "open_truth"]


@dataclass(frozen=True)
class Truth:
    """Annotations of the source.

    Attributes:
        file: where they stand.
        rows: what stands there.
        is_part: whether only a part of the source is tracked, and so scored.
    """

    file: GroundTruth
    rows: TrackRows
    is_part: bool

    def score(self, tracks: Path, scene: Scene) -> Report:
        """The scores of a file of tracks, as of `track eval`; of a part of a source, those of its frames."""
        first = last = None
        if self.is_part:
            annotated = max(int(self.rows.frames.max()), self.file.length or 0)
            first, last = int(scene.frame_indices[0]) + 1, min(int(scene.frame_indices[-1]) + 1, annotated)
        return evaluate([Pair(self.file, tracks)], EvalOptions(first=first, last=last, force=True))


def open_truth(path: Path, source: Source, *, start_s: float = 0.0, end_s: float | None = None) -> Truth:
    """Read the ground truth of `source` and look at it, before anything is detected.

    Raises:
        FileNotFoundError: not there.
        ValueError: unreadable, damaged, or of another source by its frame numbers or its places.
    """
    truths = find_ground_truth(path)
    if len(truths) > 1 and source.name not in truths:
        raise ValueError(f"--gt {path} has {len(truths)} sequences, but none named {source.name}: give the one of it")
    file = truths[source.name] if source.name in truths else next(iter(truths.values()))
    rows = read_rows(file.file, file.labels)
    for finding in look_at_truth(rows):
        if finding.stops:
            raise ValueError(finding.text)
    _check_frames(rows, source, start_s, end_s)
    centres = rows.tlwh[:, :2] + rows.tlwh[:, 2:] / 2
    size = np.array([source.width, source.height])
    if size.all() and (outside := float(((centres < 0) | (centres > size)).any(axis=1).mean())) > 0.5:
        raise _foreign(rows, source, f"{outside:.0%} of its boxes lie outside of {source.width}x{source.height} px")
    return Truth(file, rows, is_part=bool(start_s or end_s is not None))


def _check_frames(rows: TrackRows, source: Source, start_s: float, end_s: float | None) -> None:
    if source.num_frames is None:
        return
    first = TimeSpan(start_s).first_index(source.fps) + 1
    last = first - 1 + source.num_frames if source.last_index is None else source.last_index + 1
    of_gt = f"it has frames {rows.frames.min()}-{rows.frames.max()}"
    if not ((rows.frames >= first) & (rows.frames <= last)).any():
        raise _foreign(rows, source, f"{of_gt}, but frames {first}-{last} are tracked")
    if end_s is None and rows.frames.max() > 1.1 * last + 1:
        raise _foreign(rows, source, f"{of_gt}, but the source ends with frame {last}")


def check_detections(truth: Truth, scene: Scene, source: Source) -> None:
    """Raise `ValueError` where detections and ground truth hardly overlap, before anything is embedded."""
    tlwh = np.asarray(scene.xyxy, np.float64).copy()
    tlwh[:, 2:] -= tlwh[:, :2]
    count = scene.num_boxes
    found = TrackRows(
        path=Path("detections"),
        frames=np.repeat(scene.frame_indices + 1, scene.counts),
        ids=np.arange(count),
        tlwh=tlwh,
        flags=np.ones(count),
        class_ids=np.full(count, NO_CLASS),
    )
    if count and not same_video(truth.rows, found):
        raise _foreign(truth.rows, source, "its boxes hardly overlap what was detected")


def _foreign(rows: TrackRows, source: Source, reason: str) -> ValueError:
    return ValueError(f"--gt {rows.path} does not belong to {source.name}: {reason}; give the one of this source")
