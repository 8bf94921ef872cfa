"""NumPy's files, measured before memory is taken: what they declare, against what they hold.

A compressed archive of a few kB may unfold to many GB, and a header may declare any shape. Both are known from the
headers alone.
"""

from __future__ import annotations

import math
import re
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from registry.numbers import shown

__all__ = ["LARGEST", "load_array", "load_arrays"]

LARGEST = 32 << 30
"""Bytes of one file's arrays together: 30 million detections with 512 numbers each."""
UNFOLDS = 50
"""Times its own size that an archive may unfold to: numbers that a tracker writes shrink to a tenth at best."""
FREE = 64 << 20
"""Bytes that any archive may unfold to."""
LONGEST_HEADER = 4096
"""Letters; NumPy writes 118 for an array of up to five axes."""
_WRITTEN_BY_NUMPY = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_SIZE = r"-?\d{1,19}L?\s*"
_SHAPE = rf"\(\s*(?:{_SIZE}(?:,\s*{_SIZE})*,?\s*)?\)"
_ITEM = rf"""\s*['"](\w+)['"]\s*:\s*('[^'\\]*'|"[^"\\]*"|True|False|{_SHAPE})\s*"""
_HEADER = re.compile(rf"\{{{_ITEM},{_ITEM},{_ITEM},?\s*\}}\s*")
_KIND = re.compile(r"[<>=|]?(?:\?|b1|[iu][1248]|f(?:2|4|8|16)|[SU][1-9]\d{0,6})")
_DAMAGES = (
    OSError,
    KeyError,
    TypeError,
    ValueError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)


def load_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """All arrays of an `.npz` file, by name; none of Python objects.

    Raises:
        ValueError: not such a file, damaged, or larger in memory than the limits above.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(path, archive)
            arrays = {}
            for member in archive.infolist():
                with archive.open(member) as file:
                    arrays[member.filename.removesuffix(".npy")] = np.lib.format.read_array(file, allow_pickle=False)
            return arrays
    except _DAMAGES as error:
        raise ValueError(f"{path}: {error or type(error).__name__}") from error


def load_array(path: Path) -> npt.NDArray[Any]:
    """The array of an `.npy` file, not of Python objects; read from the disk where it is used (`numpy.memmap`).

    Raises:
        ValueError: not such a file, damaged, or larger in memory than `LARGEST`.
    """
    try:
        with path.open("rb") as file:
            declared = _declared(file)
            held = path.stat().st_size - file.tell()
        if declared != held:
            raise ValueError(f"declares {declared} bytes of numbers, but holds {held}")
        _check_size(declared)
        if not declared:  # a file of no numbers cannot be mapped
            return np.asarray(np.load(path, allow_pickle=False))
        return np.asarray(np.load(path, allow_pickle=False, mmap_mode="r"))
    except _DAMAGES as error:
        raise ValueError(f"{path}: {error or type(error).__name__}") from error


def _check_members(path: Path, archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    for member in members:
        if member.compress_type not in _WRITTEN_BY_NUMPY:
            raise ValueError(f"{member.filename} is packed by a method that NumPy does not write: save it again")
    total = sum(member.file_size for member in members)
    _check_size(total)
    most = max(FREE, UNFOLDS * path.stat().st_size)
    if total > most:
        raise ValueError(f"unfolds to {_amount(total)}, expected {_amount(most)} at most for a file of its size")
    for member in members:
        with archive.open(member) as file:
            declared, begin = _declared(file), file.tell()
        if declared != member.file_size - begin:
            raise ValueError(f"{member.filename} declares {declared} bytes, but holds {member.file_size - begin}")


def _check_size(num_bytes: int) -> None:
    if num_bytes > LARGEST:
        raise ValueError(f"takes {_amount(num_bytes)} of memory, expected {_amount(LARGEST)} at most: split it up")


def _declared(file: IO[bytes]) -> int:
    """Bytes of the numbers that a header of NumPy declares; the file stands behind the header.

    NumPy evaluates a header as Python and makes a type of what it finds: nested brackets end in errors of every kind,
    and some types of time end the process. Only what it writes itself for numbers and texts is read.
    """
    version = np.lib.format.read_magic(file)
    length = int.from_bytes(file.read(2 if version == (1, 0) else 4), "little")
    text = file.read(min(length, LONGEST_HEADER + 1)).decode("latin-1")
    found = _HEADER.fullmatch(text) if len(text) == length else None
    if found is None:
        raise ValueError(f"its header is {shown(text.strip())}, expected that of an array: numbers, or texts")
    values = dict(zip(found.groups()[0::2], found.groups()[1::2], strict=True))
    if set(values) != {"descr", "fortran_order", "shape"}:
        raise ValueError(f"its header tells {', '.join(map(str, values))}, expected descr, fortran_order, shape")
    kind = values["descr"][1:-1]
    if "O" in kind:
        raise ValueError("it holds Python objects, which may run code when they are read, expected numbers")
    if not _KIND.fullmatch(kind):
        raise ValueError(f"it holds values of the type {shown(kind)}, expected numbers or texts")
    shape = [int(size) for size in re.findall(r"-?\d+", values["shape"])]
    if any(size < 0 for size in shape):
        raise ValueError(f"it declares the shape {values['shape']}, expected sizes from 0")
    return math.prod(shape) * np.dtype(kind).itemsize


def _amount(num_bytes: int) -> str:
    return f"{num_bytes / (1 << 30):.1f} GiB" if num_bytes >= 1 << 30 else f"{num_bytes / (1 << 20):.0f} MiB"
