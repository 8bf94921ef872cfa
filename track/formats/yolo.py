"""YOLO's labels: a text file a frame, `class cx cy w h` in shares of the picture; identities in a file of their own.

`labels/frame_000001.txt` fits pictures that are named so, `data.yaml` names the classes, and `ids.csv` says whose each
line is, with its score: YOLO's labels have no place for either.
"""

from __future__ import annotations

import csv
import io

from registry.words import printable
from track.formats.checks import check_num_frames
from track.formats.types import Row, TrackSet

__all__ = ["files"]


def files(tracks: TrackSet) -> dict[str, bytes]:
    """The files, by name below the folder; a frame without a box has an empty one, as a picture without objects."""
    import yaml

    size = tracks.needed_size("YOLO")
    check_num_frames("YOLO", tracks.num_frames)
    found: dict[str, bytes] = {}
    ids: list[tuple[object, ...]] = [("frame", "line", "id", "score", "file")]
    by_frame = tracks.by_frame()
    for frame in range(tracks.num_frames):
        name = f"labels/frame_{frame + 1:06d}.txt"
        here = by_frame.get(frame, [])
        found[name] = "".join(_line(row, tracks, size) for row in here).encode()
        ids += [
            (frame + 1, line, row.id, "" if row.score is None else f"{row.score:.4f}", name)
            for line, row in enumerate(here, start=1)
        ]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(ids)
    found["ids.csv"] = text.getvalue().encode()
    names = {number: printable(name) for number, name in enumerate(tracks.classes)}
    content = {"path": ".", "train": "images", "val": "images", "names": names}
    found["data.yaml"] = yaml.safe_dump(content, sort_keys=False, allow_unicode=True).encode()
    return found


def _line(row: Row, tracks: TrackSet, size: tuple[int, int]) -> str:
    """Of the part inside of the picture, which is all that YOLO takes."""
    width, height = size
    x1, x2 = (min(max(x, 0.0), width) for x in row.xyxy[::2])
    y1, y2 = (min(max(y, 0.0), height) for y in row.xyxy[1::2])
    box = (x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height
    return f"{tracks.classes.index(row.class_name)} " + " ".join(f"{value:.8f}" for value in box) + "\n"
