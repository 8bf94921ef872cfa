"""`track zones VIDEO`: a page in the browser to draw on a frame, which saves the file of lines and zones."""

from __future__ import annotations

import math
import sys
import webbrowser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from registry.own_names import replacing
from registry.words import counted
from track.commands.zones.server import PageServer
from track.places.file import parse_places, places_as_yaml, read_places
from track.places.finished import source_of_run
from track.places.types import Places
from track.sources import open_source

__all__ = ["Drawing", "draw_places", "open_drawing"]

LONGEST_SIDE_PX = 1920
"""Of the picture on the page; the places are kept as shares, so that nothing is lost."""
_JPEG_QUALITY = 88


@dataclass
class Drawing:
    """What the page shows, and the file that it saves.

    Attributes:
        name: of the source.
        jpeg: the frame.
        size: width and height (px) of the source.
        path: the file.
        places: what it held before; in px.
    """

    name: str
    jpeg: bytes
    size: tuple[int, int]
    path: Path
    places: Places

    def state(self) -> dict[str, Any]:
        """For the page: places in shares, as a list."""
        shares = self.places.scaled(1 / self.size[0], 1 / self.size[1], in_px=False)
        lines = [{"kind": "line", "name": line.name, "points": [line.start, line.end]} for line in shares.lines]
        zones = [{"kind": "zone", "name": zone.name, "points": zone.polygon} for zone in shares.zones]
        return {
            "source": self.name,
            "file": str(self.path),
            "width": self.size[0],
            "height": self.size[1],
            "places": [*lines, *zones],
        }

    def save(self, content: Any) -> str:
        """Write what the page sent, `{"places": [{"kind", "name", "points"}, ...]}`; the path of the file.

        Raises:
            ValueError: a place that cannot be.
            OSError: the file cannot be written.
        """
        places = parse_places(_by_name(content), self.path.name, self.size)
        with replacing(self.path) as path:
            path.write_text(places_as_yaml(places, self.size), encoding="utf-8")
        self.places = places
        return str(self.path)


def _by_name(content: Any) -> Mapping[str, Any]:
    """What the page sent, in the form of the file."""
    found: dict[str, dict[str, Any]] = {"lines": {}, "zones": {}}
    items = content.get("places") if isinstance(content, dict) else None
    if not isinstance(items, list) or not items:
        raise ValueError("there is nothing to save yet: draw a line or a zone")
    for item in items:
        kind, name, points = (
            (item.get(key) for key in ("kind", "name", "points")) if isinstance(item, dict) else [None] * 3
        )
        if kind not in ("line", "zone") or not isinstance(name, str) or not isinstance(points, list):
            raise ValueError(f"{str(item)[:60]} is no line and no zone")
        name = name.strip()
        if name in found["lines"] or name in found["zones"]:
            raise ValueError(f"two places are named {name!r}: expected another name for one of them")
        if kind == "line":
            found["lines"][name] = dict(zip(("from", "to"), points, strict=False))
        else:
            found["zones"][name] = {"polygon": points}
    return found


def open_drawing(source: str, path: Path, at_s: float) -> Drawing:
    """Read the frame to draw on, and the file if it is there.

    Args:
        source: a video, a folder of pictures, or the folder of a run of one.
        path: the file of lines and zones.
        at_s: second of the frame.

    Raises:
        ValueError, FileNotFoundError: nothing to draw on, or a file that is none of ours.
    """
    if not (math.isfinite(at_s) and at_s >= 0):
        raise ValueError(f"--at is {at_s:g}, expected seconds from 0")
    if path.is_dir():
        raise ValueError(f"--save {path} is a folder, expected a file such as {path / 'zones.yaml'}")
    with open_source(_video_of(source), start_s=at_s) as frames:
        frame = next(iter(frames), None)
        name = frames.name
    if frame is None or frame.image is None:
        raise ValueError(f"{source} has no picture to draw on: write the file by hand, in px")
    height, width = frame.image.shape[:2]
    places = read_places(path, (width, height)) if path.exists() else Places(in_px=True)
    return Drawing(name, _jpeg(frame.image), (width, height), path, places)


def _video_of(source: str) -> str:
    """The source itself; of a run, what was tracked in it."""
    folder = Path(source)
    if not (folder / "tracks.csv").is_file():
        return source
    video = source_of_run(folder)
    if video is None or not Path(video).exists():
        known = "its summary.json names no video" if video is None else f"its video {video} is not there any more"
        raise FileNotFoundError(f"run {source}: {known}; give the video itself: track zones VIDEO")
    return video


def _jpeg(image: npt.NDArray[np.uint8]) -> bytes:
    longest = max(image.shape[:2])
    if longest > LONGEST_SIDE_PX:
        share = LONGEST_SIDE_PX / longest
        image = np.asarray(cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), np.uint8)
    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1])


def draw_places(source: str, path: Path, *, at_s: float = 0.0, port: int = 0, opens: bool = True) -> None:
    """Serve the page until it has saved the file; Ctrl-C ends it, and then the file is as it was.

    Args:
        source, path, at_s: see `open_drawing`.
        port: of the page on this machine; 0 for a free one.
        opens: whether the browser is opened.
    """
    from track.terminal.console import safe_console

    console = safe_console(file=sys.stdout, soft_wrap=True, highlight=False)
    drawing = open_drawing(source, path, at_s)
    with PageServer(drawing.state, drawing.jpeg, drawing.save, port) as server:
        console.print(f"draw at {server.address} and save; Ctrl-C ends without saving", markup=False)
        sys.stdout.flush()
        if opens:
            webbrowser.open(server.address)
        server.wait()
    lines, zones = counted(len(drawing.places.lines), "line"), counted(len(drawing.places.zones), "zone")
    console.print(f"{lines} and {zones} in {path}; count at them with: track run {source} --zones {path}", markup=False)
