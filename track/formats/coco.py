"""COCO instances in JSON, with the identity as `track_id`: an image a frame, an annotation a box.

Score, state, name and time stand under keys that COCO does not know and its readers pass over; `attributes` is where
datumaro looks for an identity.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Any

from registry.json_texts import parse_json
from registry.words import printable
from track.formats.checks import check_num_frames
from track.formats.types import Row, TrackSet, state_named, track_set_of

__all__ = ["read", "render"]

_LAST_NUMBER = re.compile(r"(\d+)\D*$")


def render(tracks: TrackSet) -> bytes:
    """The file."""
    width, height = tracks.needed_size("COCO")
    check_num_frames("COCO", tracks.num_frames)
    number = {name: place for place, name in enumerate(tracks.classes, start=1)}
    images, annotations = [], list[dict[str, Any]]()
    by_frame = tracks.by_frame()
    for frame in range(tracks.num_frames):
        here = by_frame.get(frame, [])
        image: dict[str, Any] = {
            "id": frame + 1,
            "file_name": f"frame_{frame + 1:06d}.jpg",
            "width": width,
            "height": height,
            "frame_index": frame,
        }
        if here and here[0].time_s is not None:
            image["time_s"] = here[0].time_s
        images.append(image)
        annotations += [_annotation(len(annotations) + at, row, number, tracks) for at, row in enumerate(here, start=1)]
    content = {
        "info": {"description": tracks.name, "fps": tracks.fps},
        "licenses": [],
        "categories": [{"id": place, "name": name, "supercategory": ""} for name, place in number.items()],
        "images": images,
        "annotations": annotations,
    }
    return json.dumps(content).encode()


def _annotation(number: int, row: Row, classes: dict[str, int], tracks: TrackSet) -> dict[str, Any]:
    x1, y1, x2, y2 = row.xyxy
    width, height = round(x2 - x1, 4), round(y2 - y1, 4)
    found: dict[str, Any] = {
        "id": number,
        "image_id": row.frame + 1,
        "category_id": classes[row.class_name],
        "bbox": [x1, y1, width, height],
        "area": round(width * height, 4),
        "iscrowd": 0,
        "segmentation": [],
        "track_id": row.id,
        "attributes": {"track_id": row.id},
        "state": row.state,
    }
    if row.score is not None:
        found["score"] = row.score
    if row.id in tracks.names:
        found["name"] = tracks.names[row.id]
    return found


def read(path: Path, *, size: tuple[int, int] | None = None, fps: float | None = None) -> TrackSet:
    """The boxes of a file whose annotations have a `track_id`, of their own or among their `attributes`.

    Raises:
        ValueError: not such a file, or a box that cannot be.
    """
    content = _content(path)
    try:
        categories = content.get("categories", [])
        _check_once(path, "categories", [category["id"] for category in categories])
        classes = {category["id"]: str(category["name"]) for category in categories}
        _check_once(path, "images", [image["id"] for image in content["images"]])
        _check_one_video(path, content["images"])
        images = {image["id"]: image for image in content["images"]}
        frames = _frames(content["images"])
        _check_once(path, "images of the frame", list(frames.values()))
        names: dict[int, str] = {}
        rows = []
        for annotation in content["annotations"]:
            row = _row(path, annotation, frames, images, classes)
            rows.append(row)
            if annotation.get("name"):
                names[row.id] = str(annotation["name"])
        if not size and images:
            first = next(iter(images.values()))
            size = (int(first["width"]), int(first["height"])) if first.get("width") and first.get("height") else None
        told = content.get("info", {}).get("fps") if isinstance(content.get("info"), dict) else None
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"{path} is no COCO file of tracks: {error} is missing or of another kind") from error
    rate = fps or (float(told) if isinstance(told, (int, float)) and told > 0 else None)
    last = max(frames.values(), default=-1)
    return track_set_of(path, rows, size=size, fps=rate, num_frames=last + 1, names=names)


def _content(path: Path) -> dict[str, Any]:
    try:
        content = parse_json(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is no JSON ({error}): expected a COCO file of instances") from error
    if not isinstance(content, dict) or not isinstance(content.get("annotations"), list):
        raise ValueError(f"{path} has no annotations, expected a COCO file of instances")
    return content


def _check_once(path: Path, what: str, numbers: list[Any]) -> None:
    """Of two entries with one number nobody knows which is meant."""
    twice = next((number for number, count in Counter(numbers).items() if count > 1), None)
    if twice is not None:
        raise ValueError(f"{path} has two {what} {printable(str(twice)[:40])}, expected each once")


def _check_one_video(path: Path, images: list[dict[str, Any]]) -> None:
    """Ids begin again in every video: those of two would become the same people."""
    videos = {str(image["video_id"]) for image in images if image.get("video_id") is not None}
    if len(videos) < 2 and not any("frame_index" in image for image in images):
        videos = {str(PurePosixPath(str(image.get("file_name", "")).replace("\\", "/")).parent) for image in images}
    if len(videos) > 1:
        names = ", ".join(sorted(printable(name[:40]) for name in videos)[:3])
        raise ValueError(f"{path} has the pictures of {len(videos)} videos ({names}), expected one: a file for each")


def _frames(images: list[dict[str, Any]]) -> dict[Any, int]:
    """Frame index of each image: as it says, by the last number of its name, or by its place."""
    if all(isinstance(image.get("frame_index"), int) for image in images):
        return {image["id"]: image["frame_index"] for image in images}
    numbers = [_LAST_NUMBER.search(Path(str(image.get("file_name", ""))).stem) for image in images]
    found = [int(match[1]) for match in numbers if match is not None and len(match[1]) < 10]
    if len(set(found)) == len(images):
        first = min(found, default=0)
        return {image["id"]: number - min(first, 1) for image, number in zip(images, found, strict=True)}
    return {image["id"]: place for place, image in enumerate(images)}


def _row(
    path: Path,
    annotation: dict[str, Any],
    frames: dict[Any, int],
    images: dict[Any, dict[str, Any]],
    classes: dict[Any, str],
) -> Row:
    attributes = annotation.get("attributes") if isinstance(annotation.get("attributes"), dict) else {}
    track_id = annotation.get("track_id", (attributes or {}).get("track_id"))
    if isinstance(track_id, bool) or not isinstance(track_id, (int, float)) or track_id != int(track_id):
        raise ValueError(
            f"{path}: annotation {annotation['id']} has no track_id, without which nobody knows who is who; CVAT's "
            "COCO loses it: export CVAT for video 1.1 or MOT 1.1"
        )
    x, y, width, height = map(float, annotation["bbox"])
    time_s = images[annotation["image_id"]].get("time_s")
    score = annotation.get("score")
    return Row(
        frame=frames[annotation["image_id"]],
        id=int(track_id),
        xyxy=(x, y, x + width, y + height),
        class_name=classes.get(annotation["category_id"], str(annotation["category_id"])),
        score=None if score is None else float(score),
        state=state_named(annotation.get("state")),
        time_s=None if time_s is None else float(time_s),
    )
