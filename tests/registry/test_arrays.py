"""NumPy's files: sound ones are read as NumPy reads them, and no other takes memory before it is refused."""

from __future__ import annotations

import io
import resource
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import hypothesis.extra.numpy as hnp
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given

from registry.arrays import load_array, load_arrays

HEADERS = {
    "brackets without end": b"(" * 9000,
    "signs without end": b"-" * 9000 + b"1",
    "a sum without end": b"1+" * 4000 + b"1",
    "a type that divides by zero": b"{'descr': '<M8[25s/0]', 'fortran_order': False, 'shape': (1,), }",
    "a type of types": b"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }",
    "texts of no letter": b"{'descr': '<U0', 'fortran_order': False, 'shape': (99999999999,), }",
    "nothing of anything": b"{'descr': '|V0', 'fortran_order': False, 'shape': (99999999999,), }",
    "a call": b"{'descr': '<f4', 'fortran_order': False, 'shape': __import__('os').getcwd(), }",
    "half of a header": b"{'descr': '<f4', 'fortran_order': False, }",
    "one key three times": b"{'descr': '<f4', 'descr': '<f4', 'descr': '<f4', }",
    "digits without end": b"{'descr': '<f4', 'fortran_order': False, 'shape': (" + b"1" * 3000 + b"x), }",
}
"""NumPy itself ends some of these with MemoryError or TokenError, and one by signal 8."""
KINDS = hnp.scalar_dtypes().filter(lambda kind: kind.kind in "fiub")


@given(hnp.arrays(KINDS, hnp.array_shapes(min_dims=0, min_side=0, max_side=5)))
def test_sound_files_are_read_as_numpy_reads_them(tmp_path_factory: pytest.TempPathFactory, array: npt.NDArray) -> None:  # type: ignore[type-arg]
    folder = tmp_path_factory.mktemp("arrays")
    np.save(folder / "a.npy", array)
    np.savez(folder / "a.npz", one=array, two=np.float64(3))
    np.savez_compressed(folder / "b.npz", one=array)
    for found in (
        load_array(folder / "a.npy"),
        load_arrays(folder / "a.npz")["one"],
        load_arrays(folder / "b.npz")["one"],
    ):
        np.testing.assert_array_equal(found, array)
        assert found.dtype == array.dtype
    assert load_arrays(folder / "a.npz")["two"] == 3


def header(shape: tuple[int, ...], kind: str = "<f8") -> bytes:
    text = io.BytesIO()
    np.lib.format.write_array_header_1_0(text, {"shape": shape, "fortran_order": False, "descr": kind})
    return text.getvalue()


def archive(path: Path, content: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("one.npy", content)


def bomb(path: Path) -> None:
    """128 MiB of zeros in 128 KiB."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file, file.open("one.npy", "w") as member:
        member.write(header((1 << 24,)))
        for _ in range(1 << 7):
            member.write(bytes(1 << 20))


def shape_without_numbers(path: Path) -> None:
    archive(path, header((10**12, 10**3)) + bytes(80))


def lying_directory(path: Path) -> None:
    """The size in the directory of the archive says 80 EB."""
    archive(path, header((10,)) + bytes(80))
    data = bytearray(path.read_bytes())
    place = data.rindex(b"PK\x01\x02") + 24
    data[place : place + 4] = struct.pack("<I", 0xFFFFFFFE)
    path.write_bytes(data)


def objects(path: Path) -> None:
    np.savez(path, one=np.array([{}], object))


def not_an_array(path: Path) -> None:
    archive(path, b"hello")


def no_archive(path: Path) -> None:
    path.write_bytes(b"PK hello")


def cut_short(path: Path) -> None:
    np.savez(path, one=np.arange(1000.0))
    path.write_bytes(path.read_bytes()[:4000])


def turned_byte(path: Path) -> None:
    np.savez(path, one=np.arange(1000.0))
    data = bytearray(path.read_bytes())
    data[3000] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("build", "says"),
    [
        pytest.param(bomb, "unfolds to 128 MiB, expected 64 MiB at most", id="a bomb"),
        pytest.param(shape_without_numbers, "declares 8000000000000000 bytes, but holds 80", id="declared only"),
        pytest.param(
            lying_directory, "unfolds to|declares|takes|Truncated|truncated", id="another size in the directory"
        ),
        pytest.param(objects, "holds Python objects", id="objects"),
        pytest.param(not_an_array, "magic string", id="no array"),
        pytest.param(no_archive, "not a zip file", id="no archive"),
        pytest.param(cut_short, "not a zip file", id="cut short"),
        pytest.param(turned_byte, "Bad CRC-32", id="one bit turned"),
    ],
)
def test_other_archives_are_refused_before_they_take_memory(
    tmp_path: Path, build: Callable[[Path], None], says: str
) -> None:
    build(tmp_path / "a.npz")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError, match=says):
        load_arrays(tmp_path / "a.npz")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000, "kB"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(
            header((10**12, 10**3)) + bytes(80), "declares 8000000000000000 bytes of numbers", id="declared only"
        ),
        pytest.param(header((-1, 10)) + bytes(80), r"declares the shape \(-1, 10\)", id="less than nothing"),
        pytest.param(header((10,), "|O") + bytes(80), "holds Python objects", id="objects"),
        pytest.param(b"hello", "magic", id="no array"),
        pytest.param(b"", "magic|EOF|data", id="empty"),
    ],
)
def test_other_arrays_are_refused_before_they_take_memory(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(ValueError, match=says):
        load_array(tmp_path / "a.npy")


def test_a_sparse_file_is_refused_by_what_it_would_take(tmp_path: Path) -> None:
    """1 TB of nothing takes 4 kB on the disk."""
    with (tmp_path / "a.npy").open("wb") as file:
        file.write(header((1 << 37,)))
        try:
            file.truncate(file.tell() + (1 << 40))
        except OSError as error:
            pytest.skip(f"no sparse files here: {error}")
    with pytest.raises(ValueError, match=r"takes 1024\.0 GiB of memory, expected 32\.0 GiB at most"):
        load_array(tmp_path / "a.npy")


def with_header(text: bytes) -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text) + 1) + text + b"\n" + bytes(4)


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_that_is_more_than_numbers_or_texts_is_never_evaluated(tmp_path: Path, name: str) -> None:
    says = "its header|holds values of the type"
    (tmp_path / "a.npy").write_bytes(with_header(HEADERS[name]))
    with pytest.raises(ValueError, match=says):
        load_array(tmp_path / "a.npy")
    archive(tmp_path / "a.npz", with_header(HEADERS[name]))
    with pytest.raises(ValueError, match=says):
        load_arrays(tmp_path / "a.npz")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b'{"descr": "<f4", "shape": (1,), "fortran_order": False}', id="other quotes, another order"),
        pytest.param(b"{'descr':'<f4','fortran_order':False,'shape':(1L,)}", id="of Python 2, without blanks"),
        pytest.param(b"{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }", id="by columns"),
    ],
)
def test_headers_that_other_programs_write_are_read(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "a.npy").write_bytes(with_header(text))
    assert load_array(tmp_path / "a.npy").tolist() in ([0.0], [[0.0]])


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive_packed_by_a_method_of_others_is_refused(tmp_path: Path, method: int) -> None:
    """LZMA raises errors of its own, and may ask for a dictionary of 4 GB."""
    with zipfile.ZipFile(tmp_path / "a.npz", "w", method) as file:
        file.writestr("one.npy", header((10,)) + bytes(80))
    with pytest.raises(ValueError, match="packed by a method that NumPy does not write"):
        load_arrays(tmp_path / "a.npz")
