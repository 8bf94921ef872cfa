"""`seqinfo.ini` of a MOTChallenge sequence, read and checked."""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from registry.numbers import MAX_FRAME, as_float, parse_number, parse_whole, shown

__all__ = ["SEQINFO", "SequenceInfo", "read_seqinfo"]

SEQINFO = "seqinfo.ini"
IMAGE_FOLDER = "img1"
MAX_SIZE = 1_000_000
"""Longest side of a picture, px."""
MIN_RATE, MAX_RATE = 1e-6, 1e6
"""Frames per second: one in eleven days, and more than any camera."""
LARGEST_FILE = 100_000
"""Bytes: the files of MOTChallenge have about 150."""


@dataclass(frozen=True)
class SequenceInfo:
    """What the file says; `None` where it says nothing.

    Attributes:
        path: the file.
        frame_rate: frames per second.
        length: number of frames.
        width, height: of the pictures, px.
        image_folder: name of the folder of the pictures, inside of the sequence.
    """

    path: Path
    frame_rate: float | None = None
    length: int | None = None
    width: int | None = None
    height: int | None = None
    image_folder: str = IMAGE_FOLDER


def read_seqinfo(folder: Path) -> SequenceInfo | None:
    """The `seqinfo.ini` of a sequence folder; `None` where there is none.

    Raises:
        ValueError: not such a file, or a value that none can have.
    """
    path = folder / SEQINFO
    if not path.is_file():
        return None
    section = _section(path)
    return SequenceInfo(
        path,
        frame_rate=_number(path, section, "frameRate"),
        length=_whole(path, section, "seqLength", MAX_FRAME),
        width=_whole(path, section, "imWidth", MAX_SIZE),
        height=_whole(path, section, "imHeight", MAX_SIZE),
        image_folder=_inside(path, section.get("imdir", "").strip() or IMAGE_FOLDER),
    )


def _section(path: Path) -> Mapping[str, str]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError
        parser.read_string(path.read_text(encoding="utf-8-sig"))
        return dict(parser["Sequence"])  # configparser lowers the keys
    except (configparser.Error, KeyError, ValueError) as error:  # also a UnicodeDecodeError
        raise ValueError(
            f"{path} cannot be read: expected a [Sequence] section with key=value lines, such as frameRate=25 and "
            "seqLength=<frames>"
        ) from error


def _number(path: Path, section: Mapping[str, str], key: str) -> float | None:
    text = section.get(key.lower(), "").strip()
    if not text:
        return None
    _refuse_nonpositive(path, key, text)
    return parse_number(text, f"{path}: {key}", MIN_RATE, MAX_RATE)


def _whole(path: Path, section: Mapping[str, str], key: str, highest: int) -> int | None:
    text = section.get(key.lower(), "").strip()
    if not text:
        return None
    _refuse_nonpositive(path, key, text)
    return parse_whole(text, f"{path}: {key}", 1, highest)


def _refuse_nonpositive(path: Path, key: str, text: str) -> None:
    try:
        is_positive = as_float(text) > 0
    except ValueError:
        is_positive = False
    if not is_positive:
        hint = " (a line such as seqLength=<frames>)" if key == "seqLength" else ""
        raise ValueError(f"{path}: {key}={shown(text)} must be a positive number{hint}")


def _inside(path: Path, name: str) -> str:
    """A folder below the sequence; judged by its name, since the folder itself may be a link to where there is room."""
    parts = (*PurePosixPath(name).parts, *PureWindowsPath(name).parts)
    rooted = name.startswith(("/", "\\")) or PureWindowsPath(name).drive
    if rooted or ".." in parts or not name.isprintable():
        raise ValueError(f"{path}: imDir={shown(name)} leads out of the sequence, expected a folder in it: imDir=img1")
    return name
