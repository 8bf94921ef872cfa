"""Every detection of a run with its track and its embedding: what linking works from, kept in memory or in a file."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import numpy as np

from registry.arrays import load_arrays
from track.files.partial import PartialFile
from tracker.offline.linking import TrackedDetections

__all__ = ["EMBEDDINGS", "load_detections", "save_detections"]

EMBEDDINGS = "embeddings.npz"
_COLUMNS = ("frames", "ids", "xyxy", "scores", "class_ids", "embeddings")


def save_detections(path: Path, seen: TrackedDetections, max_cosine: float) -> None:
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


def load_detections(path: Path) -> tuple[TrackedDetections, float]:
    """What `save_detections` wrote: detections and appearance gate; older files do not tell what the border cuts off.

    Raises:
        ValueError: not such a file.
    """
    try:
        content = load_arrays(path)
        columns = [content[name] for name in _COLUMNS]
        cut = np.asarray(content["cut_off"], np.bool_) if "cut_off" in content else None
        gate = float(content["max_cosine"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged or of another kind ({error}): remove it to link without it") from error
    known = columns if cut is None else [*columns, cut]
    if 0 in {column.ndim for column in known} or len({len(column) for column in known}) > 1 or columns[2].ndim != 2:
        raise ValueError(f"{path} is damaged (its columns differ in length): remove it to link without it")
    return dataclasses.replace(TrackedDetections(*columns), cut_off=cut), gate
