"""Pictures as a player shows them: upright, not mirrored, with square pixels, and nobody else's."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.track.media import numbered_image, read_number, set_display_matrix, write_clip
from track.sources import open_source
from track.sources.display import Orientation, pixel_aspect

RIGHT, LEFT, DOWN, UP = (1, 0), (-1, 0), (0, 1), (0, -1)


def _quarters() -> np.ndarray:
    """A picture of 96 x 64 px whose quarters are red, green, blue and white, from the upper left in reading order."""
    image = np.full((64, 96, 3), 230, np.uint8)
    image[:32, :48], image[:32, 48:], image[32:, :48] = (0, 0, 220), (0, 200, 0), (220, 0, 0)
    return image


ORIENTATIONS = [
    # where a step to the right and one downwards go on the display, and the same by NumPy
    pytest.param(RIGHT, DOWN, lambda image: image, id="as it is"),
    pytest.param(DOWN, LEFT, lambda image: np.rot90(image, -1), id="90 degrees clockwise"),
    pytest.param(LEFT, UP, lambda image: np.rot90(image, 2), id="upside down"),
    pytest.param(UP, RIGHT, lambda image: np.rot90(image, 1), id="90 degrees counter-clockwise"),
    pytest.param(LEFT, DOWN, np.fliplr, id="mirrored left to right"),
    pytest.param(RIGHT, UP, np.flipud, id="mirrored top to bottom"),
    pytest.param(DOWN, RIGHT, lambda image: image.transpose(1, 0, 2), id="mirrored, then turned: rows become columns"),
    pytest.param(UP, LEFT, lambda image: np.rot90(image, 2).transpose(1, 0, 2), id="the same, upside down"),
]


@pytest.mark.parametrize(("across", "down", "shown"), ORIENTATIONS)
def test_all_eight_orientations(tmp_path: Path, across: tuple[int, int], down: tuple[int, int], shown) -> None:
    path = write_clip(tmp_path / "phone.mp4", [_quarters()] * 2)
    set_display_matrix(path, across, down)
    expected = shown(_quarters())
    with open_source(str(path)) as source:
        assert (source.height, source.width) == expected.shape[:2]
        for frame in source:
            assert frame.image.flags.c_contiguous
            assert frame.image.flags.writeable
            np.testing.assert_allclose(frame.image[::8, ::8].astype(int), expected[::8, ::8], atol=16)


@pytest.mark.parametrize(("across", "down", "shown"), ORIENTATIONS)
def test_the_matrix_takes_each_corner_where_the_picture_has_it(across, down, shown) -> None:
    """The oracle of the table above: by the definition, a point goes to `x * across + y * down`, plus a shift."""
    height, width = 3, 5
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]]) @ np.array([across, down])
    corners -= corners.min(axis=0)
    number = np.arange(1, height * width + 1).reshape(height, width, 1)
    turned = shown(number)
    for (x, y), stored in zip(corners, (number[0, 0], number[0, -1], number[-1, 0], number[-1, -1]), strict=True):
        assert turned[max(0, y - 1), max(0, x - 1)] == stored


@pytest.mark.parametrize("number", range(8))
def test_every_orientation_of_a_picture_without_symmetry(number: int) -> None:
    orientation = Orientation(bool(number & 4), bool(number & 2), bool(number & 1))
    image = np.random.default_rng(0).integers(0, 255, (3, 5, 3), dtype=np.uint8)
    expected = image.transpose(1, 0, 2) if number & 4 else image
    expected = expected[:, ::-1] if number & 2 else expected
    np.testing.assert_array_equal(orientation.apply(image), expected[::-1] if number & 1 else expected)


@pytest.mark.parametrize(
    ("size", "aspect", "shown"),
    [
        pytest.param((96, 64), Fraction(16, 9), (171, 64), id="wide pixels"),
        pytest.param((96, 64), Fraction(8, 9), (85, 64), id="narrow pixels"),
        pytest.param((96, 64), Fraction(1), (96, 64), id="square pixels"),
        pytest.param((96, 64), Fraction(151, 150), (96, 64), id="square but for rounding"),
        pytest.param((144, 96), Fraction(64, 45), (205, 96), id="PAL in 16:9"),
        pytest.param((144, 108), Fraction(4, 3), (192, 108), id="HDV"),
        pytest.param((96, 64), Fraction(1, 200), (96, 64), id="a damaged header"),
    ],
)
def test_pixels_become_square(tmp_path: Path, size: tuple[int, int], aspect: Fraction, shown: tuple[int, int]) -> None:
    path = write_clip(tmp_path / "tv.mkv", [numbered_image(5, *size)] * 2, pixel_aspect=aspect)
    with open_source(str(path)) as source:
        frames = list(source)
    assert (source.width, source.height) == shown
    assert all(frame.image.shape == (shown[1], shown[0], 3) for frame in frames)
    assert read_number(frames[0].image) == 5
    told = [note for note in source.report.notes if "not square" in note]
    assert len(told) == (shown != size)
    assert not told or f"{size[0]}x{size[1]} px were resampled to {shown[0]}x{shown[1]} px" in told[0]


def test_a_turned_picture_with_wide_pixels_is_widened_before_it_is_turned(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", [_quarters()] * 2, pixel_aspect=Fraction(2))
    set_display_matrix(path, DOWN, LEFT)
    with open_source(str(path)) as source:
        assert (source.width, source.height) == (64, 192)
        image = next(iter(source)).image
    np.testing.assert_allclose(image[8, -8].astype(int), (0, 0, 220), atol=16)  # red: upper left, now upper right


@pytest.mark.parametrize("told", [None, 0, Fraction(0), Fraction(1, 9), Fraction(9)], ids=str)
def test_an_aspect_that_cannot_be_is_none(told: Fraction | None) -> None:
    assert pixel_aspect(SimpleNamespace(sample_aspect_ratio=told)) == 1


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format"),
    [
        pytest.param("a.avi", "rawvideo", "bgr24", id="raw, as OpenCV has it"),
        pytest.param("a.flv", "flashsv", "bgr24", id="as OpenCV has it, each built on the one before"),
        pytest.param("a.mov", "qtrle", "rgb24", id="in RGB, each built on the one before"),
        pytest.param("a.mkv", "ffv1", "bgr0", id="with an unused channel"),
    ],
)
def test_what_is_done_to_a_picture_does_not_come_back_in_the_next(
    tmp_path: Path, name: str, codec: str, pixel_format: str
) -> None:
    """It is drawn on: where no conversion is needed, it would be the decoder's own."""
    path = write_clip(tmp_path / name, 6, codec=codec, pixel_format=pixel_format)
    for number, frame in enumerate(open_source(str(path))):
        np.testing.assert_array_equal(frame.image, numbered_image(number))
        frame.image[:] = 77


def test_a_raw_video_with_its_last_row_first(tmp_path: Path) -> None:
    """As Windows stores it: the rows lie upside down in memory, with a negative step from one to the next."""
    path = write_clip(tmp_path / "a.avi", 3, codec="rawvideo", pixel_format="bgr24")
    data = bytearray(path.read_bytes())
    at = data.index(b"strf") + 16
    assert struct.unpack("<i", data[at : at + 4]) == (-64,)
    data[at : at + 4] = struct.pack("<i", 64)
    path.write_bytes(data)
    for number, frame in enumerate(open_source(str(path))):
        np.testing.assert_array_equal(frame.image, numbered_image(number)[::-1])
