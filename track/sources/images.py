"""Folders: pictures in natural order, and MOTChallenge sequences with or without their pictures."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path

from registry.picture_files import FULL_DEPTH, bits_of, read_picture, significant_bits
from registry.pictures import PICTURE_SUFFIXES, pictures_in
from registry.seqinfo import SEQINFO, SequenceInfo, read_seqinfo
from track.sources.types import BaseSource, Frame, Image, Source, TimeSpan

__all__ = ["ImageFolder", "MotSequence", "natural_key", "open_folder"]

DEFAULT_FPS = 25.0
MOST_LEFT_OUT = 1000
"""Frame numbers for each picture of a sequence."""


def open_folder(path: Path, span: TimeSpan) -> Source:
    """A folder with `seqinfo.ini` as `MotSequence`, one with pictures as `ImageFolder`.

    Raises:
        ValueError: it is neither.
    """
    if (info := read_seqinfo(path)) is not None:
        return MotSequence(path, span, info)
    if list_images(path):
        return ImageFolder(path, span)
    if (path / "det" / "det.txt").is_file():
        raise ValueError(
            f"{path} has det/det.txt but no seqinfo.ini: write one with the lines [Sequence], frameRate=25, "
            "seqLength=<frames>, imWidth=<px>, imHeight=<px>"
        )
    raise ValueError(
        f"{path} holds no pictures ({', '.join(sorted(PICTURE_SUFFIXES))}) and is no MOTChallenge sequence "
        "(seqinfo.ini with img1/ or det/det.txt)"
    )


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key under which `2.jpg` comes before `10.jpg`."""
    parts = re.findall(r"\d+|\D+", name.lower())
    return tuple((0, int(part), part) if part[0].isdecimal() else (1, 0, part) for part in parts)


def list_images(folder: Path) -> list[Path]:
    """The pictures directly in `folder`, in natural order; hidden files are left out."""
    return sorted(pictures_in(folder), key=lambda p: natural_key(p.name))


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
        self.last_index = self._images[-1][0] if self._images else None
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

    Args:
        path: folder.
        span: part to read.
        info: what its `seqinfo.ini` says.

    Raises:
        ValueError: no length is told where there are no pictures.
    """

    def __init__(self, path: Path, span: TimeSpan, info: SequenceInfo) -> None:
        super().__init__(path.resolve().name, span)
        self.sequence = path
        self.fps = info.frame_rate or DEFAULT_FPS
        images = list_images(path / info.image_folder)
        self.has_images = bool(images)
        if images:
            self._folder = ImageFolder(path, span, images=number_images(images), fps=self.fps)
            self.report = self._folder.report
            self.width, self.height, self.num_frames = self._folder.width, self._folder.height, self._folder.num_frames
            self.last_index = self._folder.last_index
            return
        self.width, self.height = info.width or 0, info.height or 0
        if info.length is None:
            raise ValueError(f"{path / SEQINFO} must give seqLength (frames), since the pictures are not there")
        span.check_inside(str(path), info.length / self.fps)
        self._indices = _inside(span, info.length, self.fps)
        self.num_frames = len(self._indices)
        self.last_index = self._indices[-1] if self._indices else None

    def read_frames(self) -> Iterator[Frame]:
        """The frames of the span, with pictures where there are any."""
        if self.has_images:
            yield from self._folder.read_frames()
            return
        for index in self._indices:
            yield Frame(index, index / self.fps, None)


def _inside(span: TimeSpan, length: int, fps: float) -> range:
    """Indices of the frames of a span, of `length` frames; without a list of them, however many there are."""
    first = bisect_left(range(length), True, key=lambda index: not span.is_before(index / fps))
    last = bisect_left(range(length), True, key=lambda index: span.is_after(index / fps))
    return range(first, last)


def number_images(images: list[Path]) -> list[tuple[int, Path]]:
    """0-based frame index of each picture of a sequence: by its name, or else by its place in the list.

    Names are numbers, after the same text in all of them: `000001.jpg`, `img_0001.png`. They count from 1, as in
    MOTChallenge, or from 0 where one is 0. Numbers of which nearly all are left out are time stamps, and do not count.
    """
    found = [match for p in images if (match := re.fullmatch(r"(.*?)([0-9]+)", p.stem))]
    numbers = [int(match[2]) for match in found]
    if len(set(numbers)) < len(images) or len({match[1] for match in found}) > 1:
        return list(enumerate(images))
    if max(numbers) - min(numbers) > MOST_LEFT_OUT * len(images):
        return list(enumerate(images))
    first = min(min(numbers), 1)
    return [(number - first, path) for number, path in zip(numbers, images, strict=True)]
