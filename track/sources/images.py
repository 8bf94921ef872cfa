"""Folders: pictures in natural order, and MOTChallenge sequences with or without their pictures."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from track.sources.pictures import FULL_DEPTH, bits_of, read_picture, significant_bits
from track.sources.types import BaseSource, Frame, Image, Source, TimeSpan

__all__ = ["ImageFolder", "MotSequence", "natural_key", "open_folder"]

IMAGE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
DEFAULT_FPS = 25.0


def open_folder(path: Path, span: TimeSpan) -> Source:
    """A folder with `seqinfo.ini` as `MotSequence`, one with pictures as `ImageFolder`.

    Raises:
        ValueError: it is neither.
    """
    if (path / "seqinfo.ini").is_file():
        return MotSequence(path, span)
    if list_images(path):
        return ImageFolder(path, span)
    if (path / "det" / "det.txt").is_file():
        raise ValueError(
            f"{path} has det/det.txt but no seqinfo.ini: write one with the lines [Sequence], frameRate=25, "
            "seqLength=<frames>, imWidth=<px>, imHeight=<px>"
        )
    raise ValueError(
        f"{path} holds no pictures ({', '.join(sorted(IMAGE_SUFFIXES))}) and is no MOTChallenge sequence "
        "(seqinfo.ini with img1/ or det/det.txt)"
    )


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key under which `2.jpg` comes before `10.jpg`."""
    parts = re.findall(r"\d+|\D+", name.lower())
    return tuple((0, int(part), part) if part[0].isdecimal() else (1, 0, part) for part in parts)


def list_images(folder: Path) -> list[Path]:
    """The pictures directly in `folder`, in natural order; hidden files are left out."""
    if not folder.is_dir():
        return []
    found = (p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES and not p.name.startswith("."))
    return sorted((p for p in found if p.is_file()), key=lambda p: natural_key(p.name))


class ImageFolder(BaseSource):
    """The pictures of a folder as frames at a constant rate.

    Args:
        path: folder.
        span: part to read.
        images: its pictures with their 0-based frame index, where the caller knows them.
        fps: frames per second.

    Raises:
        ValueError: none of the pictures can be decoded, the first is too large, or the span lies beyond the last.
    """

    def __init__(
        self, path: Path, span: TimeSpan, *, images: list[tuple[int, Path]] | None = None, fps: float = DEFAULT_FPS
    ) -> None:
        super().__init__(path.resolve().name or "images", span)
        self.fps = fps
        numbered = list(enumerate(list_images(path))) if images is None else images
        span.check_inside(str(path), (numbered[-1][0] + 1) / fps)
        self._images = [(i, p) for i, p in numbered if not (span.is_before(i / fps) or span.is_after(i / fps))]
        self.num_frames = len(self._images)
        self._bits = FULL_DEPTH
        found = next(((p, image) for _, p in self._images if (image := read_picture(p)) is not None), None)
        if found is None:
            raise ValueError(f"none of the {len(self._images)} pictures in {path} can be decoded")
        self.height, self.width = found[1].shape[:2]
        if bits_of(found[0]) > 8:
            self._use_depth([p for _, p in numbered])

    def _use_depth(self, paths: list[Path]) -> None:
        self._bits = significant_bits(paths)
        if self._bits < FULL_DEPTH:
            self.report.note_once(
                f"its 16-bit pictures use {self._bits} bits, which were scaled to 8; what is brighter became white"
            )

    def read_frames(self) -> Iterator[Frame]:
        """The pictures of the span."""
        for index, path in self._images:
            image = self._read(path)
            if image is not None:
                yield Frame(index, index / self.fps, image)

    def _read(self, path: Path) -> Image | None:
        """A picture; `None`, with a note, for one that cannot be read."""
        try:
            image = read_picture(path, self._bits)
            reason = "cannot be decoded"
        except ValueError as error:
            image, reason = None, str(error).removeprefix(f"{path} ")
        if image is None:
            self.report.corrupt += 1
            self.report.note_once(f"{path.name} {reason}; such frames were left out")
        return image


class MotSequence(BaseSource):
    """A MOTChallenge sequence folder (`seqinfo.ini`); frames without a picture when its pictures are not there.

    Raises:
        ValueError: `seqinfo.ini` cannot be read, or tells no length where there are no pictures.
    """

    def __init__(self, path: Path, span: TimeSpan) -> None:
        super().__init__(path.resolve().name, span)
        self.sequence = path
        info = _SequenceInfo(path / "seqinfo.ini")
        self.fps = info.number("frameRate", DEFAULT_FPS)
        images = list_images(path / info.text("imDir", "img1"))
        self.has_images = bool(images)
        if images:
            self._folder = ImageFolder(path, span, images=number_images(images), fps=self.fps)
            self.report = self._folder.report
            self.width, self.height, self.num_frames = self._folder.width, self._folder.height, self._folder.num_frames
            return
        self.width, self.height = int(info.number("imWidth", 0.0)), int(info.number("imHeight", 0.0))
        length = int(info.number("seqLength", 0.0))
        if length < 1:
            raise ValueError(f"{path / 'seqinfo.ini'} must give seqLength (frames), since the pictures are not there")
        span.check_inside(str(path), length / self.fps)
        times_s = ((index, index / self.fps) for index in range(length))
        self._indices = [i for i, time_s in times_s if not (span.is_before(time_s) or span.is_after(time_s))]
        self.num_frames = len(self._indices)

    def read_frames(self) -> Iterator[Frame]:
        """The frames of the span, with pictures where there are any."""
        if self.has_images:
            yield from self._folder.read_frames()
            return
        for index in self._indices:
            yield Frame(index, index / self.fps, None)


def number_images(images: list[Path]) -> list[tuple[int, Path]]:
    """0-based frame index of each picture: its name less one (MOTChallenge counts from 1), or its place in the list."""
    numbers = [int(p.stem) - 1 if p.stem.isdecimal() else -1 for p in images]
    by_name = min(numbers) >= 0 and len(set(numbers)) == len(numbers)
    return list(zip(numbers if by_name else range(len(images)), images, strict=True))


class _SequenceInfo:
    """The `[Sequence]` section of a `seqinfo.ini`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read_string(path.read_text(encoding="utf-8-sig"))
            self._section = dict(parser["Sequence"])  # configparser lowers the keys
        except (configparser.Error, KeyError, UnicodeDecodeError) as error:
            raise ValueError(f"{path} cannot be read: expected a [Sequence] section with key=value lines") from error

    def text(self, key: str, default: str) -> str:
        """Value of `key`."""
        return self._section.get(key.lower(), default).strip()

    def number(self, key: str, default: float) -> float:
        """Value of `key` as a positive number; `ValueError` if it is none."""
        text = self.text(key, "")
        try:
            value = float(text) if text else default
        except ValueError:
            value = -1.0
        if (text and value <= 0) or not np.isfinite(value):
            raise ValueError(f"{self._path}: {key}={text!r} must be a positive number")
        return value
