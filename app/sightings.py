"""Every detection of a run with its track and its embedding: what linking works from, kept in memory or in a file."""

from __future__ import annotations

import dataclasses
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from app.pipeline import Tracked, size_of
from app.sinks import FrameTracks
from app.sinks.partial import PartialFile
from tracker.border import cut_off
from tracker.linking import Linked, Sightings

__all__ = ["EMBEDDINGS", "SightingLog", "load_sightings", "save_sightings"]

EMBEDDINGS = "embeddings.npz"
_COLUMNS = ("frames", "ids", "xyxy", "scores", "class_ids", "embeddings")


@dataclass(frozen=True)
class _Frame:
    xyxy: npt.NDArray[np.floating]
    scores: npt.NDArray[np.floating]
    class_ids: npt.NDArray[np.int64]
    embeddings: npt.NDArray[np.float16]
    ids: npt.NDArray[np.int64]
    cut_off: npt.NDArray[np.bool_]


class SightingLog:
    """Takes note of detections when they are made, and of their tracks when these are known.

    Embeddings are kept in half precision: 1 KiB for a detection with 512 numbers.

    Args:
        size: width and height (px) of frames that have no picture.
        watches_border: whether it matters what the border cuts off (`tracker.border.watches_border`).
    """

    def __init__(self, size: tuple[int, int] | None = None, *, watches_border: bool = False) -> None:
        self._size, self._watches_border = size, watches_border
        self._frames: dict[int, _Frame] = {}

    def add(self, step: Tracked) -> None:
        """The detections of a frame."""
        found = step.detections
        if len(found):
            embeddings = step.embeddings.astype(np.float16)
            ids = np.zeros(len(found), np.int64)
            cut = cut_off(
                found.xyxy.astype(np.float64), size_of(step.frame, self._size) if self._watches_border else None
            )
            self._frames[step.frame.index] = _Frame(found.xyxy, found.scores, found.class_ids, embeddings, ids, cut)

    def name(self, tracks: FrameTracks) -> None:
        """The tracks that these detections were matched to."""
        if tracks.detection_index is None or tracks.frame_index not in self._frames:
            return
        matched = tracks.detection_index >= 0
        self._frames[tracks.frame_index].ids[tracks.detection_index[matched]] = tracks.ids[matched]

    def rename(self, linked: Linked) -> None:
        """Take over what linking found: `linked` came from `sightings()` of this log."""
        sizes = [len(frame.ids) for frame in self._frames.values()]
        ids = np.zeros(sum(sizes), np.int64)
        there = linked.sighting >= 0
        ids[linked.sighting[there]] = linked.ids[there]
        for frame, new in zip(self._frames.values(), np.split(ids, np.cumsum(sizes)[:-1]), strict=False):
            frame.ids[:] = new

    def sightings(self) -> Sightings:
        """All of them, frames from 0."""
        if not self._frames:
            none = np.empty(0, np.int64)
            return Sightings(none, none, np.empty((0, 4)), np.empty(0), none, cut_off=np.empty(0, np.bool_))
        kept = list(self._frames.values())
        frames = np.repeat(np.array(list(self._frames), np.int64), [len(frame.ids) for frame in kept])
        return Sightings(
            frames,
            np.concatenate([frame.ids for frame in kept]),
            np.concatenate([frame.xyxy for frame in kept]).astype(np.float64),
            np.concatenate([frame.scores for frame in kept]).astype(np.float64),
            np.concatenate([frame.class_ids for frame in kept]),
            np.concatenate([frame.embeddings for frame in kept]),
            np.concatenate([frame.cut_off for frame in kept]),
        )


def save_sightings(path: Path, seen: Sightings, max_cosine: float) -> None:
    """Write `embeddings.npz`, whole or not at all; frames from 0, embeddings as float16.

    Args:
        path: of the file.
        seen: id 0 for what belongs to nobody.
        max_cosine: the appearance gate of the run, for those who link it.
    """
    content = io.BytesIO()
    columns = {name: getattr(seen, name) for name in _COLUMNS}
    columns["embeddings"] = seen.embeddings.astype(np.float16)
    if seen.cut_off is not None:
        columns["cut_off"] = seen.cut_off
    np.savez(content, max_cosine=np.float64(max_cosine), **columns)
    file = PartialFile(path)
    try:
        file.append(content.getvalue())
    except OSError:
        file.discard()
        raise
    file.commit()


def load_sightings(path: Path) -> tuple[Sightings, float]:
    """What `save_sightings` wrote: detections and appearance gate; older files do not tell what the border cuts off.

    Raises:
        ValueError: not such a file.
    """
    try:
        with np.load(path, allow_pickle=False) as content:
            columns = [content[name] for name in _COLUMNS]
            cut = np.asarray(content["cut_off"], np.bool_) if "cut_off" in content else None
            gate = float(content["max_cosine"])
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is damaged or of another kind ({error}): remove it to link without it") from error
    known = columns if cut is None else [*columns, cut]
    if len({len(column) for column in known}) > 1 or columns[2].ndim != 2:
        raise ValueError(f"{path} is damaged (its columns differ in length): remove it to link without it")
    return dataclasses.replace(Sightings(*columns), cut_off=cut), gate
