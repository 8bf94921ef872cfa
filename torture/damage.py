"""Kinds of damage: to the bytes of a file, to the place where it should be, to a name, to the value of an option."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

__all__ = ["BYTES", "NAMES", "PLACES", "TEXTS", "values_for"]

Rewrite = Callable[[bytes, random.Random], bytes]
HUGE = 8 << 20
"""Bytes of a file that is too large for what it should be, and yet quickly written."""


def _flipped(data: bytes, choices: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(max(len(data) // 100, 1)):
        if changed:
            changed[choices.randrange(len(changed))] = choices.randrange(256)
    return bytes(changed)


def _cut(share: float) -> Rewrite:
    return lambda data, _: data[: int(len(data) * share)]


def _hole(data: bytes, choices: random.Random) -> bytes:
    first = choices.randrange(max(len(data) // 2, 1))
    length = max(len(data) // 4, 1)
    return data[:first] + bytes(length) + data[first + length :]


BYTES: dict[str, Rewrite] = {
    "empty": lambda *_: b"",
    "one byte": lambda data, _: data[:1],
    "cut to a hundredth": _cut(0.01),
    "cut in half": _cut(0.5),
    "last byte missing": lambda data, _: data[:-1],
    "first 16 bytes missing": lambda data, _: data[16:],
    "zeros of its length": lambda data, _: bytes(len(data)),
    "random bytes": lambda data, choices: choices.randbytes(max(min(len(data), 4096), 64)),
    "a hundredth of its bytes changed": _flipped,
    "a quarter zeroed": _hole,
    "twice in a row": lambda data, _: data + data,
    "followed by garbage": lambda data, choices: data + choices.randbytes(1000),
    "very large": lambda data, _: data + bytes(HUGE),
    "a PNG head": lambda *_: b"\x89PNG\r\n\x1a\n" + bytes(64),
    "an MP4 head": lambda *_: b"\x00\x00\x00\x18ftypmp42" + bytes(64),
    "an NPY head that claims 10^12 rows": lambda *_: (
        b"\x93NUMPY\x01\x00\x76\x00"
        + b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000, 10), }".ljust(117)
        + b"\n"
    ),
    "a pickle": lambda *_: (
        b"\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94\x8c\x06system\x94\x93\x94\x8c\x01x\x94\x85\x94R\x94."
    ),
    "a ZIP head": lambda *_: b"PK\x03\x04" + bytes(60),
    "a head that claims 2^63 bytes": lambda *_: (2**63 - 1).to_bytes(8, "little") + b"{}",
    "an HTML page": lambda *_: b"<!doctype html><html><body>404 not found</body></html>",
    "a Git LFS pointer": lambda *_: b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n",
}
"""For files of every kind."""

TEXTS: dict[str, Rewrite] = {
    "UTF-16": lambda data, _: data.decode("latin-1").encode("utf-16"),
    "with a byte order mark": lambda data, _: b"\xef\xbb\xbf" + data,
    "not UTF-8": lambda data, _: b"\xff\xfe\xe4\xf6\xfc" + data,
    "CR line ends": lambda data, _: data.replace(b"\n", b"\r"),
    "NUL between": lambda data, _: data.replace(b",", b"\x00").replace(b":", b"\x00"),
    "one line of a megabyte": lambda data, _: data.replace(b"\n", b" ")[:200] + b"9" * (1 << 20),
    "words for numbers": lambda data, _: bytes(ord("x") if 48 <= byte < 58 else byte for byte in data),
    "nan for numbers": lambda data, _: data.replace(b"1", b"nan"),
    "inf for numbers": lambda data, _: data.replace(b"2", b"-inf"),
    "endless digits": lambda data, _: data.replace(b"1", b"9" * 400),
    "negative numbers": lambda data, _: data.replace(b",", b",-"),
    "no separators": lambda data, _: data.replace(b",", b"").replace(b":", b"").replace(b"=", b""),
    "semicolons": lambda data, _: data.replace(b",", b";"),
    "a column less": lambda data, _: b"\n".join(line.rpartition(b",")[0] for line in data.split(b"\n")),
    "brackets without end": lambda data, _: b"[" * 20_000 + data,
    "a YAML bomb": lambda *_: (
        b"a0: &a0 [x]\n"
        + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 12))
    ),
    "quotes without end": lambda data, _: b'"' + data,
    "only line ends": lambda *_: b"\n" * 5000,
    "only a comment": lambda *_: b"# nothing\n",
    "a list": lambda *_: b"[1, 2, 3]\n",
    "null": lambda *_: b"null\n",
}
"""For files that a person could read."""


def _directory(path: Path) -> None:
    path.mkdir()


def _of_directories(path: Path) -> None:
    (path / path.name / path.name).mkdir(parents=True)


def _loop(path: Path) -> None:
    other = path.with_name(f"{path.name}.loop")
    path.symlink_to(other.name)
    other.symlink_to(path.name)


def _pipe(path: Path) -> None:
    os.mkfifo(path)


PLACES: dict[str, Callable[[Path], None]] = {
    "missing": lambda path: None,
    "an empty folder": _directory,
    "a folder of folders": _of_directories,
    "a symlink loop": _loop,
    "a symlink to itself": lambda path: path.symlink_to(path.name),
    "a dangling symlink": lambda path: path.symlink_to("nowhere"),
    "a symlink to the null device": lambda path: path.symlink_to(os.devnull),
    "a symlink to its folder": lambda path: path.symlink_to("."),
    "a named pipe that nobody writes": _pipe,
    "a text file": lambda path: _as_file(path, b"hello\n"),
}
"""What may stand where a file or folder is expected."""


def _as_file(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def remove(path: Path) -> None:
    """Whatever it is."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


NAMES: dict[str, str] = {
    "a colon": "12:30{}",
    "a protocol": "tcp:host{}",
    "concat": "concat:a{}",
    "a line end": "a\nb{}",
    "a leading dash": "-x{}",
    "two leading dashes": "--out{}",
    "an emoji": "\U0001f600{}",
    "not UTF-8": "\udcff\udce4{}",
    "an escape sequence": "\x1b[31mred{}",
    "250 bytes": "n" * 240 + "{}",
    "blanks": "  {}",
    "a percent sign": "%05d%s%n{}",
    "wildcards": "*?[x]{}",
    "quotes": "'\"`$(touch x){}",
    "markup": "[bold]x[red]{}",
    "capital letters after the dot": "X.{}.BAK",
    "right-to-left": "\u202eabc{}",
    "a comma": "a,b{}",
    "an equals sign": "a=b{}",
    "a hash": "a#b?c&d{}",
    "digits only": "0",
    "a backslash": "..\\x{}",
    "a Windows device": "CON{}",
    "a tilde": "~root{}",
}
"""Odd names; `{}` stands for the ending."""

ANY_VALUE: Sequence[str] = (
    "", " ", "nan", "inf", "-inf", "-1", "0", "1e308", "1e-320", "9" * 30, "-" + "9" * 30, "9" * 5000, "1.5", "abc",
    "\x00", "\udc80", "a\nb", "\u00b2", "\u0661\u0662", "1_000", "0x10", "1,2", ",", "None", "true", "/", ".", "..",
    "-", "~", "/dev/null", "\x1b[31m", "\U0001f600", "x" * 300, "a/" * 2000, "$HOME", "%s%n", "'; --", "http://", "file:///x",
    "[1]", "{}", "1x1", "0x0", "-1x-1", "1-2-3", "2-1", "=", "a=", "=a", "a=b=c", "*", "cuda:99", "synthetic:", "timm:",
)  # fmt: skip
"""For options of every type: what makes no sense for one is a value of another."""


def values_for(choices: random.Random, wanted: int) -> list[str]:
    """Some values, a few of them made up anew."""
    alphabet = "0123456789-+.,:x=eE/ \t\u00e9\udcff%[]{}*"
    made = ["".join(choices.choices(alphabet, k=choices.randrange(1, 12))) for _ in range(max(wanted // 5, 1))]
    values = [*ANY_VALUE, *made]
    return choices.sample(values, min(wanted, len(values)))
