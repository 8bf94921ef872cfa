"""Tiny clips made on the spot. Each frame carries its own number, so that a test can tell which one it got."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]

NUM_BITS = 8


def numbered_image(number: int, width: int = 96, height: int = 64) -> Image:
    """A grey picture whose top row of eight blocks is `number` in black and white bits; its lower left is red."""
    image = np.full((height, width, 3), 110, np.uint8)
    block = width // NUM_BITS
    for bit in range(NUM_BITS):
        image[: height // 2, bit * block : (bit + 1) * block] = 235 if number >> bit & 1 else 20
    image[height // 2 :, : width // 2] = (0, 0, 220)
    return image


def read_number(image: Image) -> int:
    """The number that `numbered_image` wrote, also after lossy compression and scaling."""
    height, width = image.shape[:2]
    row = image[height // 4, :, 1]
    return sum(1 << bit for bit in range(NUM_BITS) if row[int((bit + 0.5) * width / NUM_BITS)] > 128)


def write_clip(
    path: Path,
    images: Sequence[Image] | int = 30,
    *,
    fps: Fraction | int = 25,
    times_s: Iterable[float] | None = None,
    options: dict[str, str] | None = None,
    codec: str = "libx264",
    gop: int = 12,
    max_b_frames: int = 0,
    pixel_aspect: Fraction | None = None,
    pixel_format: str = "yuv420p",
    container_options: dict[str, str] | None = None,
) -> Path:
    """Encode pictures (or that many numbered ones), at a constant rate unless `times_s` says when each is shown."""
    pictures = [numbered_image(number) for number in range(images)] if isinstance(images, int) else images
    stamps = [i / float(fps) for i in range(len(pictures))] if times_s is None else list(times_s)
    clock = Fraction(1, 90_000) if codec == "libx264" else 1 / Fraction(fps)
    with av.open(str(path), "w", options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=fps, options=options or {})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pixel_format
        stream.codec_context.time_base = clock
        if pixel_aspect is not None:
            stream.codec_context.sample_aspect_ratio = pixel_aspect
        stream.codec_context.gop_size = gop
        stream.codec_context.max_b_frames = max_b_frames
        for picture, time_s in zip(pictures, stamps, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(format=pixel_format)
            frame.pts, frame.time_base = round(time_s / clock), clock
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_images(folder: Path, names: Sequence[str], sizes: Sequence[tuple[int, int]] | None = None) -> Path:
    """Numbered PNG or JPEG pictures, in the order of `names`."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        width, height = sizes[number] if sizes else (96, 64)
        cv2.imwrite(str(folder / name), numbered_image(number, width, height))
    return folder


def huge_png(width: int = 30_000, height: int = 30_000) -> bytes:
    """A PNG of black rows, a thousandth of the size of its pixels: the header and the first of them."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(3 * width + 1) * 20)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def set_display_matrix(path: Path, across: tuple[int, int], down: tuple[int, int]) -> None:
    """Write a display matrix into the track header of an MP4, as phones do (ISO 14496-12, 8.3.2).

    Args:
        path: of the MP4.
        across, down: where a step to the right and one downwards in the stored picture go on the display.
    """
    matrix = np.array([*across, 0, *down, 0, 0, 0, 1 << 14], np.int64) << 16
    data = bytearray(path.read_bytes())
    start = data.index(b"tkhd") + 44  # type, version and flags, times, id, duration, layer, group, volume
    data[start : start + 36] = matrix.astype(">i4").tobytes()
    path.write_bytes(data)
