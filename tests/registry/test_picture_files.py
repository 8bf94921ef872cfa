"""Picture files: 16 bits become 8 without flicker, and what is too large is known before it takes memory."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from registry import picture_files
from registry.picture_files import read_picture, significant_bits
from tests.track.media import huge_png, write_images
from track.sources import open_source


def _ramp(brightest: int, height: int = 40, width: int = 64) -> np.ndarray:
    """16-bit BGR, from black on the left to `brightest` on the right."""
    row = np.linspace(0, brightest, width).round()
    return np.stack([np.tile(row, (height, 1))] * 3, axis=2).astype(np.uint16)


def _write(folder: Path, images: list[np.ndarray], ending: str = ".png") -> Path:
    folder.mkdir(exist_ok=True)
    for number, image in enumerate(images):
        assert cv2.imwrite(str(folder / f"{number}{ending}"), image)
    return folder


@pytest.mark.parametrize("ending", [".png", ".tiff"])
@pytest.mark.parametrize(
    ("brightest", "bits"),
    [
        pytest.param(4095, 12, id="12 bits"),
        pytest.param(3000, 12, id="12 bits, not all of them used"),
        pytest.param(1023, 10, id="10 bits"),
        pytest.param(16_383, 14, id="14 bits"),
        pytest.param(65_535, 16, id="16 bits"),
        pytest.param(255, 8, id="8 bits"),
        pytest.param(0, 8, id="black"),
    ],
)
def test_the_bits_in_use_become_8(tmp_path: Path, brightest: int, bits: int, ending: str) -> None:
    image = _ramp(brightest)
    source = open_source(str(_write(tmp_path / "a", [image] * 2, ending)))
    for frame in source:
        assert frame.image.dtype == np.uint8
        np.testing.assert_array_equal(frame.image, image >> (bits - 8))
    assert any(f"use {bits} bits" in note for note in source.report.notes) is (bits < 16)


def test_a_dark_picture_among_bright_ones_does_not_flicker(tmp_path: Path) -> None:
    """Each is scaled as all of them, also where only dark ones are read."""
    images = [_ramp(brightest) for brightest in (500, 4000, 100, 900, 4000)]
    folder = _write(tmp_path / "a", images)
    for start_s in (0.0, 0.08):
        for frame in open_source(str(folder), start_s=start_s):
            np.testing.assert_array_equal(frame.image, images[frame.index] >> 4)


def test_what_is_brighter_than_those_looked_at_is_white(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_files, "NUM_SAMPLES", 2)
    folder = _write(tmp_path / "a", [_ramp(4000), _ramp(65_535), _ramp(4000)])
    frames = list(open_source(str(folder)))
    assert (np.diff(frames[1].image[0, :, 0].astype(int)) >= 0).all(), "nothing bright wraps around to dark"
    assert frames[1].image.max() == 255


def test_pictures_are_looked_at_all_over_the_folder(tmp_path: Path) -> None:
    """Not the first ones alone, which may be of the night."""
    images = [_ramp(200, 2, 4)] * 39 + [_ramp(4000, 2, 4)]
    folder = _write(tmp_path / "a", images)
    assert significant_bits(sorted(folder.iterdir(), key=lambda path: int(path.stem))) == 12


def test_pictures_of_8_bits_stay_as_they_are(tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 255, (20, 30, 3), dtype=np.uint8)
    _write(tmp_path / "a", [image])
    np.testing.assert_array_equal(read_picture(tmp_path / "a" / "0.png"), image)
    cv2.imwrite(str(tmp_path / "a.jpg"), image)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.jpg"), cv2.imread(str(tmp_path / "a.jpg")))


def _huge_bmp() -> bytes:
    return b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 30_000, 30_000, 1, 24, 0, 0, 0, 0, 0, 0)


def _huge_jpeg() -> bytes:
    data = bytearray(cv2.imencode(".jpg", np.zeros((16, 16, 3), np.uint8))[1].tobytes())
    at = data.index(b"\xff\xc0") + 5  # start of frame: marker, length, precision, height, width
    data[at : at + 4] = struct.pack(">HH", 30_000, 30_000)
    return bytes(data)


def _huge_tiff() -> bytes:
    file = io.BytesIO()
    Pillow.fromarray(np.zeros((16, 16, 3), np.uint8)).save(file, "TIFF")
    data = bytearray(file.getvalue())
    for tag in (256, 257):  # width, height
        at = data.index(struct.pack("<HHI", tag, 4, 1)) + 8
        data[at : at + 4] = struct.pack("<I", 30_000)
    return bytes(data)


HUGE = {
    "a.png": huge_png,
    "a.bmp": _huge_bmp,
    "a.jpg": _huge_jpeg,
    "a.tif": _huge_tiff,
    "b.png": lambda: huge_png(11_000, 10_000),
}


@pytest.mark.parametrize("name", HUGE)
def test_a_picture_of_absurd_size_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder, name: str
) -> None:
    monkeypatch.delattr(cv2, "imdecode")
    (tmp_path / name).write_bytes(HUGE[name]())
    with pytest.raises(ValueError, match=r"pictures of at most 100 megapixels are read: scale it down first, such as"):
        open_source(str(tmp_path))
    assert len(recwarn) == 0


def test_one_of_absurd_size_among_others_is_left_out_and_told(tmp_path: Path) -> None:
    write_images(tmp_path, ["0.png", "1.png", "3.png"])
    (tmp_path / "2.png").write_bytes(huge_png())
    source = open_source(str(tmp_path))
    assert [frame.index for frame in source] == [0, 1, 3]
    (note,) = source.report.notes
    assert note.startswith("2.png has more than 178 megapixels, and pictures of at most 100 megapixels are read")


def test_a_file_of_absurd_size_is_not_even_read(tmp_path: Path) -> None:
    with (tmp_path / "a.png").open("wb") as file:
        file.truncate(picture_files.MAX_FILE_BYTES + 1)  # takes no room on the disk
    with pytest.raises(ValueError, match=r"a\.png has 1\.0 GiB, and pictures of at most 100 megapixels are read"):
        open_source(str(tmp_path))


def test_the_memory_taken_for_absurd_sizes_is_bounded(tmp_path: Path) -> None:
    """In a process of its own, which tells the most that it ever held: pixels alone would be 2,700 MB."""
    pytest.importorskip("resource")
    for name, make in HUGE.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / name).write_bytes(make())
    code = (
        "import pathlib, resource, sys\n"
        "from track.sources import open_source\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "for path in sorted(pathlib.Path(sys.argv[1]).rglob('*')):\n"
        "    try:\n"
        "        list(open_source(str(path)))\n"
        "        sys.exit(f'{path} was read')\n"
        "    except ValueError:\n"
        "        pass\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) < 400_000, "kB, with the libraries that are loaded on the way"
