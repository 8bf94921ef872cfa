"""Every detection of a run with its track and its embedding: what linking works from, kept in memory or in a file."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from registry.arrays import load_arrays
from registry.json_texts import parse_json
from track.files.partial import PartialFile
from tracker.class_groups import parse_groups
from tracker.offline.linking import TrackedDetections

__all__ = ["EMBEDDINGS", "SavedDetections", "load_detections", "save_detections"]

EMBEDDINGS = "embeddings.npz"
_COLUMNS = ("frames", "ids", "xyxy", "scores", "class_ids", "embeddings")


@dataclass(frozen=True)
class SavedDetections:
    """What `embeddings.npz` holds.

    Attributes:
        seen: frames from 0, id 0 for what belongs to nobody.
        max_cosine: the appearance gate of the run.
        class_names: of the detector, by class id; `None` in an older file.
        class_vote, class_groups: as the tracker had them, see `TrackerConfig`; off in an older file.
    """

    seen: TrackedDetections
    max_cosine: float
    class_names: Mapping[int, str] | None = None
    class_vote: bool = False
    class_groups: str = ""


def save_detections(path: Path, saved: SavedDetections) -> None:
    """Write `embeddings.npz`, whole or not at all; embeddings as float16."""
    content, seen = io.BytesIO(), saved.seen
    columns: dict[str, Any] = {name: getattr(seen, name) for name in _COLUMNS}
    columns["embeddings"] = seen.embeddings.astype(np.float16)
    if seen.cut_off is not None:
        columns["cut_off"] = seen.cut_off
    if saved.class_names is not None:
        columns["class_names"] = np.array(json.dumps({str(key): name for key, name in saved.class_names.items()}))
    columns["max_cosine"] = np.float64(saved.max_cosine)
    columns["class_vote"], columns["class_groups"] = np.bool_(saved.class_vote), np.array(saved.class_groups)
    np.savez(content, **columns)
    file = PartialFile(path)
    try:
        file.append(content.getvalue())
    except OSError:
        file.discard()
        raise
    file.commit()


def load_detections(path: Path) -> SavedDetections:
    """What `save_detections` wrote; older files do not tell what the border cuts off, nor how classes are called.

    Raises:
        ValueError: not such a file.
    """
    try:
        content = load_arrays(path)
        columns = [content[name] for name in _COLUMNS]
        cut = np.asarray(content["cut_off"], np.bool_) if "cut_off" in content else None
        facts: dict[str, Any] = {
            name: content[name].item()
            for name in ("max_cosine", "class_vote", "class_groups", "class_names")
            if name in content
        }
        saved = _saved(TrackedDetections(*columns), facts)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{path} is damaged or of another kind ({error}): remove it to link without it") from error
    known = columns if cut is None else [*columns, cut]
    if 0 in {column.ndim for column in known} or len({len(column) for column in known}) > 1 or columns[2].ndim != 2:
        raise ValueError(f"{path} is damaged (its columns differ in length): remove it to link without it")
    return dataclasses.replace(saved, seen=dataclasses.replace(saved.seen, cut_off=cut))


def _saved(seen: TrackedDetections, facts: Mapping[str, Any]) -> SavedDetections:
    names = parse_json(facts["class_names"]) if "class_names" in facts else None
    groups = str(facts.get("class_groups", ""))
    parse_groups(groups)  # what is no such text is damaged
    return SavedDetections(
        seen,
        float(facts["max_cosine"]),
        None if names is None else {int(key): str(name) for key, name in names.items()},
        bool(facts.get("class_vote", False)),
        groups,
    )
