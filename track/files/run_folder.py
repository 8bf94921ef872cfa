"""The folder that a run writes to: a new one each time, or the one asked for, never over foreign files."""

from __future__ import annotations

import contextlib
import itertools
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

__all__ = ["RUN_FILES", "folder_name", "prepare_run_dir", "remove_run_files", "starting_run_dir"]

RUN_FILES = ("tracks.txt", "tracks.csv", "annotated.mp4", "summary.json", "embeddings.npz")
"""What a run writes, and so all that `--overwrite` may remove (with hidden leftovers of an interrupted run)."""
_HIDDEN = (".{}.partial", ".{}.reserve")
MAX_NAME_BYTES = 120
"""Leaves room for `-2`, `-3`, ... within the 255 bytes (elsewhere 255 letters) of a file name."""
_RESERVED_ON_WINDOWS = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


class FolderTakenError(ValueError):
    """Another run is writing to the folder at this moment."""


def folder_name(source_name: str) -> str:
    """`source_name` as a folder name for every system: letters, digits, `._-` and spaces turned into `_`."""
    name = re.sub(r"[^\w.\-]+", "_", source_name).encode()[:MAX_NAME_BYTES].decode(errors="ignore").strip("._- ")
    if not name:
        return "source"
    return f"{name}_" if _RESERVED_ON_WINDOWS.fullmatch(name) else name


def prepare_run_dir(source_name: str, out: Path | None, overwrite: bool | None, base: Path = Path("runs")) -> Path:
    """Create and return the folder for the files of a run, checked to be writable.

    Args:
        source_name: name of the source, for `base/<source>`, `base/<source>-2`, ...
        out: the folder to write to instead.
        overwrite: whether that folder may hold files; they all stay until `remove_run_files`. `None` where the command
            has no such option.
        base: where new folders are made.

    Raises:
        ValueError: the folder exists and holds something, is a file, or cannot be written to.
    """
    if out is not None:
        return _use_folder(out, overwrite)
    name = folder_name(source_name)
    if overwrite:
        return _use_folder(base / name, overwrite)
    for number in itertools.count(1):
        path = base / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            if base.exists() and not base.is_dir():
                raise _unwritable(base, "it is a file") from None
            continue  # taken, perhaps by a run that started at the same moment
        except OSError as error:
            raise _unwritable(path, error.strerror or str(error)) from error
        try:
            _check_writable(path)
        except ValueError:
            path.rmdir()
            raise
        return path
    raise ValueError(f"no free folder name in {base}")  # unreachable: the numbers do not end


def _use_folder(path: Path, overwrite: bool | None) -> Path:
    if path.exists() and not path.is_dir():
        raise _unwritable(path, "it is a file")
    try:
        path.mkdir(parents=True, exist_ok=True)
        is_empty = next(path.iterdir(), None) is None
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from error
    if not is_empty and not overwrite:
        way_out = "use another --out" if overwrite is None else "use --overwrite, or another --out"
        raise ValueError(f"output folder {path} exists and is not empty: {way_out}")
    _check_writable(path)
    return path


@contextlib.contextmanager
def starting_run_dir(
    source_name: str, out: Path | None, overwrite: bool | None, base: Path = Path("runs")
) -> Iterator[Path]:
    """`prepare_run_dir` around what may still fail: an error takes back the folders made, and nothing else."""
    target = base / folder_name(source_name) if out is None else out
    absent = [folder for folder in (target, *target.parents) if not folder.exists()]
    path: Path | None = None
    try:
        path = prepare_run_dir(source_name, out, overwrite, base)
        yield path
    except FolderTakenError:
        raise  # the hidden files there are the other run's
    except BaseException:
        if path is not None:
            _remove(path, _HIDDEN)
        for folder in absent if path in (None, target) else [path]:
            with contextlib.suppress(OSError):  # not empty: somebody else writes there too
                folder.rmdir()
        raise


def remove_run_files(path: Path) -> None:
    """Remove what an earlier run wrote to a folder; foreign files stay.

    Raises:
        ValueError: they cannot be removed.
    """
    try:
        _remove(path, ("{}", *_HIDDEN))
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from error


def _remove(path: Path, forms: tuple[str, ...]) -> None:
    for name in RUN_FILES:
        for form in forms:
            (path / form.format(name)).unlink(missing_ok=True)


def _check_writable(path: Path) -> None:
    """Create a file for a moment: permission bits tell nothing about read-only mounts, quotas or network folders."""
    try:
        with tempfile.TemporaryFile(dir=path) as file:
            file.write(b"x")
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from error


def _unwritable(path: Path, reason: str) -> ValueError:
    return ValueError(f"cannot write to {path} ({reason}): choose another folder with --out")
