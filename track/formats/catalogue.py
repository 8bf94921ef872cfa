"""Which formats there are, and how each is written and read."""

from __future__ import annotations

import importlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry import unknown_name
from registry.own_names import replacing
from track.formats.types import TrackSet

__all__ = ["FORMATS", "Format", "format_named", "read_file", "write_files"]


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        module: under `track.formats`; has `render` for a file or `files` for a folder, and `read` where it `is_read`.
        suffix: of its file; empty where it is a folder, which may be zipped.
        summary: in a few words.
        is_read: whether it can be read, too.
    """

    module: str
    suffix: str
    summary: str
    is_read: bool = False

    def load(self) -> Any:
        """Its module."""
        return importlib.import_module(f"track.formats.{self.module}")


FORMATS: Mapping[str, Format] = {
    "cvat": Format("cvat", ".xml", "CVAT for video 1.1", is_read=True),
    "mot": Format("mot", "", "MOT 1.1: gt/gt.txt, gt/labels.txt, seqinfo.ini", is_read=True),
    "coco": Format("coco", ".json", "COCO instances with track_id", is_read=True),
    "yolo": Format("yolo", "", "YOLO labels, identities in ids.csv"),
    "label-studio": Format("label_studio", ".json", "Label Studio JSON of a video", is_read=True),
    "supervision": Format("supervision_csv", ".csv", "the CSV of supervision's CSVSink"),
    "geojson": Format("geojson", ".geojson", "the way of each identity"),
    "parquet": Format("parquet", ".parquet", "the columns of tracks.csv, typed"),
    "rerun": Format("rerun", ".rrd", "for the viewer of rerun.io"),
}


def format_named(option: str, name: str) -> Format:
    """The format of that name, which can be read where the option is `--from`.

    Raises:
        ValueError: no such format.
    """
    known = [key for key, each in FORMATS.items() if each.is_read or option != "--from"]
    if name not in known:
        raise ValueError(str(unknown_name(option, name, known)))
    return FORMATS[name]


def write_files(form: Format, tracks: TrackSet, out: Path) -> list[Path]:
    """Write the tracks to `out`: a file, a folder, or a zip of a folder; each file is complete or not there.

    Raises:
        ValueError: something that the format needs is not known, or not installed.
        OSError: it cannot be written.
    """
    module = form.load()
    if form.suffix:
        content: bytes = module.render(tracks)
        out.parent.mkdir(parents=True, exist_ok=True)
        with replacing(out) as path:
            path.write_bytes(content)
        return [out]
    files: dict[str, bytes] = module.files(tracks)
    if out.suffix.lower() == ".zip":
        out.parent.mkdir(parents=True, exist_ok=True)
        with replacing(out) as path, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
        return [out]
    for name, content in files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        with replacing(out / name) as path:
            path.write_bytes(content)
    return [out / name for name in files]


def read_file(form: Format, path: Path, *, size: tuple[int, int] | None, fps: float | None) -> TrackSet:
    """The tracks in a file (or folder) of another program.

    Raises:
        FileNotFoundError: it is not there.
        ValueError: it is not of that format, or something in it cannot be.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path} not found: expected {form.summary}")
    if path.is_dir() and form.suffix:
        raise ValueError(f"{path} is a folder, expected a file: {form.summary}")
    try:
        tracks: TrackSet = form.load().read(path, size=size, fps=fps)
    except (ValueError, OverflowError) as error:
        if str(path) in str(error):
            raise
        raise ValueError(f"{path} cannot be read as {form.summary}: {error}") from error
    return tracks
