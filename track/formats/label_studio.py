"""Label Studio's JSON of a video: a region of the kind `videorectangle` an identity, in percent, frames from 1.

https://labelstud.io/tags/videorectangle Where a region is not `enabled`, nobody is there until its next entry; between
two entries of an enabled one, boxes move evenly. The name of a region, `track-7`, holds the identity.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from registry.json_texts import parse_json
from track.formats.types import Filler, Row, TrackSet, state_named, track_set_of

__all__ = ["read", "render"]

_IDENTITY = re.compile(r"track-([1-9]\d{0,15})")


def render(tracks: TrackSet) -> bytes:
    """The file: one task with one prediction, ready to be imported; `data.video` is to be where the video lies."""
    width, height = tracks.needed_size("Label Studio")
    results = [_region(track_id, rows, tracks, (width, height)) for track_id, rows in tracks.by_id().items()]
    task = {
        "data": {"video": tracks.name},
        "meta": {"fps": tracks.fps, "width": width, "height": height},
        "predictions": [{"model_version": "track", "result": results}],
    }
    return json.dumps([task]).encode()


def _region(track_id: int, rows: list[Row], tracks: TrackSet, size: tuple[int, int]) -> dict[str, Any]:
    label = Counter(row.class_name for row in rows).most_common(1)[0][0]
    entries = []
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        stays = following is not None and following.frame == row.frame + 1
        entries.append(_entry(row, size, label, enabled=stays))
    region: dict[str, Any] = {
        "id": f"track-{track_id}",
        "type": "videorectangle",
        "from_name": "box",
        "to_name": "video",
        "origin": "prediction",
        "original_width": size[0],
        "original_height": size[1],
        "value": {
            "framesCount": tracks.num_frames,
            "duration": tracks.num_frames / tracks.fps,
            "sequence": entries,
            "labels": [label],
        },
    }
    if track_id in tracks.names:
        region["meta"] = {"text": [tracks.names[track_id]]}
    return region


def _entry(row: Row, size: tuple[int, int], label: str, *, enabled: bool) -> dict[str, Any]:
    """One frame; the last one before a gap is itself there, but not enabled to go on."""
    (x1, y1, x2, y2), (width, height) = row.xyxy, size
    entry: dict[str, Any] = {
        "frame": row.frame + 1,
        "enabled": enabled,
        "rotation": 0,
        "x": 100 * x1 / width,
        "y": 100 * y1 / height,
        "width": 100 * (x2 - x1) / width,
        "height": 100 * (y2 - y1) / height,
        "time": row.time_s,
        "state": row.state,
    }
    if row.score is not None:
        entry["score"] = row.score
    if row.class_name != label:
        entry["class"] = row.class_name
    return entry


def read(path: Path, *, size: tuple[int, int] | None = None, fps: float | None = None) -> TrackSet:
    """The regions of the one task in a file; of its annotations the last, else of its predictions.

    Raises:
        ValueError: not such a file, several tasks, or a size that nothing tells.
    """
    task = _task(path)
    try:
        versions = task.get("annotations") or task.get("predictions") or []
        regions = (
            [region for region in versions[-1]["result"] if region.get("type") == "videorectangle"] if versions else []
        )
        meta = task.get("meta") if isinstance(task.get("meta"), dict) else {}
        size = size or _size(regions, meta or {})
        if size is None and regions:
            raise ValueError(f"{path} is in percent and does not tell the size of the pictures: add --size 1920x1080")
        rate = fps or _rate(regions, meta or {})
        num_frames = max((int(region["value"].get("framesCount") or 0) for region in regions), default=0)
        rows, names, filler = list[Row](), dict[int, str](), Filler()
        for region, track_id in zip(regions, _identities(regions), strict=True):
            rows += _rows(region, track_id, size or (1, 1), filler)
            text = region.get("meta", {}).get("text") if isinstance(region.get("meta"), dict) else None
            if text:
                names[track_id] = str(text[0])
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"{path} is no Label Studio file of a video: {error} is missing or of another kind") from error
    return track_set_of(path, rows, size=size, fps=rate, num_frames=num_frames, names=names)


def _task(path: Path) -> dict[str, Any]:
    try:
        content = parse_json(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is no JSON ({error}): expected what Label Studio exports as JSON") from error
    tasks = content if isinstance(content, list) else [content]
    if len(tasks) != 1 or not isinstance(tasks[0], dict):
        raise ValueError(f"{path} has {len(tasks)} tasks, expected the one of a video: export that one alone")
    return tasks[0]


def _size(regions: list[dict[str, Any]], meta: dict[str, Any]) -> tuple[int, int] | None:
    for facts, (width, height) in (
        (meta, ("width", "height")),
        *((r, ("original_width", "original_height")) for r in regions),
    ):
        if facts.get(width) and facts.get(height):
            return int(facts[width]), int(facts[height])
    return None


def _rate(regions: list[dict[str, Any]], meta: dict[str, Any]) -> float | None:
    if meta.get("fps"):
        return float(meta["fps"])
    for region in regions:
        value = region["value"]
        if value.get("framesCount") and value.get("duration"):
            return float(value["framesCount"]) / float(value["duration"])
    return None


def _identities(regions: list[dict[str, Any]]) -> list[int]:
    """Those that the names of the regions hold; new ones for the others."""
    matches = [_IDENTITY.fullmatch(str(region.get("id", ""))) for region in regions]
    known = {int(match[1]) for match in matches if match is not None}
    free = iter(number for number in range(1, len(known) + len(regions) + 2) if number not in known)
    return [int(match[1]) if match is not None else next(free) for match in matches]


def _rows(region: dict[str, Any], track_id: int, size: tuple[int, int], filler: Filler) -> Iterator[Row]:
    value = region["value"]
    label = str((value.get("labels") or ["object"])[0])
    entries = sorted(value["sequence"], key=lambda entry: entry["frame"])
    num_frames = int(value.get("framesCount") or 0)
    for entry, following in zip(entries, [*entries[1:], None], strict=True):
        row = _row(entry, track_id, label, size)
        yield row
        if not entry.get("enabled", True):
            continue
        if following is None:
            yield from filler.between(row, dataclasses.replace(row, frame=num_frames))
        else:
            yield from filler.between(row, _row(following, track_id, label, size))


def _row(entry: dict[str, Any], track_id: int, label: str, size: tuple[int, int]) -> Row:
    width, height = size
    x, y = entry["x"] * width / 100, entry["y"] * height / 100
    score, time_s = entry.get("score"), entry.get("time")
    return Row(
        frame=int(entry["frame"]) - 1,
        id=track_id,
        xyxy=(x, y, x + entry["width"] * width / 100, y + entry["height"] * height / 100),
        class_name=str(entry.get("class") or label),
        score=None if score is None else float(score),
        state=state_named(entry.get("state")),
        time_s=None if time_s is None else float(time_s),
    )
