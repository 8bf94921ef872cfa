"""The folder that a command writes to: a new one or the one asked for, held by one process, nothing lost on the way."""

from __future__ import annotations

import contextlib
import itertools
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from registry.own_names import is_unfinished
from registry.words import counted
from track.files.crops import CROPS, has_crops, remove_crops
from track.files.inputs import refuse_to_replace
from track.files.lock import FolderTakenError, Holder, Lock, locked

__all__ = ["LOCK_FILE", "RUN_FILES", "RunFolder", "folder_name", "held_folder", "held_run_folder", "stamp_of"]

RUN_FILES = (
    *("tracks.txt", "tracks.csv", "identities.csv", "annotated.mp4", "summary.json", "embeddings.npz"),
    *("events.csv", "zones.csv"),
)
"""What a run writes, and so all that `--overwrite` may remove (with unfinished files of a run that was killed)."""
LOCK_FILE = ".track.lock"
MAX_NAME_BYTES = 120
"""Leaves room for `-2`, `-3`, ... within the 255 bytes (elsewhere 255 letters) of a file name."""
TRIES = 100
_RESERVED_ON_WINDOWS = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)

LISTED = 5

WayOn = Callable[[Path], "str | None"]
"""For a folder that holds something: how to go on with it, `None` where there is nothing to go on with."""


def folder_name(source_name: str) -> str:
    """`source_name` as a folder name for every system: letters, digits, `._-` and spaces turned into `_`."""
    name = re.sub(r"[^\w.\-]+", "_", source_name).encode()[:MAX_NAME_BYTES].decode(errors="ignore").strip("._- ")
    if not name:
        return "source"
    return f"{name}_" if _RESERVED_ON_WINDOWS.fullmatch(name) else name


class RunFolder:
    """A folder that is this process's own while it is held.

    An earlier run's files stay until each new one takes its name. What the new run does not write goes at its end, and
    only if it succeeded: `remove_stale`.

    Attributes:
        path: of the folder.
    """

    def __init__(self, path: Path, writes: Iterable[str] = ()) -> None:
        self.path = path
        self._writes = tuple(writes)
        self._earlier = {path / name: stamp for name in RUN_FILES if (stamp := stamp_of(path / name)) is not None}
        self._crops = stamp_of(path / CROPS) if has_crops(path) else None
        self._killed = self._unfinished()

    def remove_stale(self) -> None:
        """Remove the files of an earlier run that have not been replaced; foreign files stay.

        Raises:
            ValueError: they cannot be removed.
        """
        try:
            for file in self.stale():
                if file.name == CROPS:
                    remove_crops(file)
                else:
                    file.unlink(missing_ok=True)
        except OSError as error:
            raise _unwritable(self.path, error.strerror or str(error)) from error

    def stale(self) -> list[Path]:
        """The files of an earlier run that are still there."""
        files = [file for file, stamp in self._earlier.items() if stamp_of(file) == stamp]
        crops = self.path / CROPS
        is_same = self._crops is not None and crops.is_dir() and crops.lstat().st_ino == self._crops[0]
        return [*files, crops] if is_same else files

    def remove_unfinished(self, *, of_killed: bool = True) -> None:
        """Remove what is half written: by a run that was killed here, or else by this one."""
        for file in self._killed if of_killed else self._unfinished() - self._killed:
            with contextlib.suppress(OSError):
                if file.is_dir() and not file.is_symlink():
                    shutil.rmtree(file)
                else:
                    file.unlink()

    def _unfinished(self) -> frozenset[Path]:
        """In the folder, and in those below it that this run writes to without a lock of their own."""
        below = {str(Path(pattern).parent) for pattern in self._writes} - {"."}
        folders = [path for pattern in below for path in self.path.glob(pattern) if not (path / LOCK_FILE).exists()]
        return frozenset(file for folder in (self.path, *folders) for file in _unfinished_in(folder))


def stamp_of(path: Path) -> tuple[int, int, int] | None:
    """Changes when another file takes the name; `None` where there is none."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _unfinished_in(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        return sorted(file for file in folder.iterdir() if is_unfinished(file.name))
    return []


@contextlib.contextmanager
def held_run_folder(
    source_name: str,
    out: Path | None,
    overwrite: bool | None,
    base: Path = Path("runs"),
    *,
    reads: Iterable[Path] = (),
    writes: Iterable[str] = RUN_FILES,
    way_on: WayOn = lambda folder: None,
) -> Iterator[RunFolder]:
    """The folder for the files of a run, locked inside of the `with` and checked to be writable.

    An error, of whatever kind, takes back the folders that were made if nothing is in them, and unfinished files. What
    a run that was killed here left unfinished goes at the end of one that succeeds.

    Args:
        source_name: name of the source, for `base/<source>`, `base/<source>-2`, ...
        out: the folder to write to instead.
        overwrite: whether that folder may hold files. `None` where the command has no such option.
        base: where new folders are made.
        reads: files that the command reads, none of which may be replaced.
        writes: what it may replace in a folder that holds an earlier run, as patterns of `Path.glob`.
        way_on: see `WayOn`.

    Raises:
        FolderTakenError: another run is writing there.
        ValueError: the folder exists and holds something, is a file, cannot be written to, or holds what is read.
    """
    target, writes = base / folder_name(source_name) if out is None else out, tuple(writes)
    absent = [folder for folder in (target, *target.parents) if not folder.exists()]
    with contextlib.ExitStack() as stack:
        made: list[Path] = []
        stack.callback(_remove_empty, absent, made)
        if out is None and not overwrite:
            path = _new_folder(stack, folder_name(source_name), base, made)
        else:
            lock = _hold(stack, target)
            if not overwrite:
                _check_free(target, lock, [way_on(target), None if overwrite is None else "use --overwrite"])
            refuse_to_replace(reads, (file for pattern in writes for file in target.glob(pattern)))
            path = target
        _check_writable(path)
        folder = RunFolder(path, writes)
        try:
            yield folder
        except BaseException:
            folder.remove_unfinished(of_killed=False)
            raise
        folder.remove_unfinished()


@contextlib.contextmanager
def held_folder(path: Path) -> Iterator[RunFolder]:
    """A folder that is there and holds what the command goes on with, locked inside of the `with`.

    Raises:
        FolderTakenError: another run is writing there.
        ValueError: it cannot be written to.
    """
    with contextlib.ExitStack() as stack:
        _hold(stack, path)
        _check_writable(path)
        folder = RunFolder(path)
        folder.remove_unfinished()
        yield folder


def _hold(stack: contextlib.ExitStack, path: Path) -> Lock:
    """Make a folder and lock it."""
    if path.exists() and not path.is_dir():
        raise _unwritable(path, "it is a file")
    for _ in range(TRIES):
        if (lock := _try_to_hold(stack, path)) is not None:
            return lock
    raise FolderTakenError(f"{path} is made and removed again and again: choose another --out")


def _try_to_hold(stack: contextlib.ExitStack, path: Path) -> Lock | None:
    try:
        path.mkdir(parents=True, exist_ok=True)
        return stack.enter_context(locked(path / LOCK_FILE, str(path)))
    except FileNotFoundError:  # a run that could not start has just taken its folder back
        return None
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from error


def _new_folder(stack: contextlib.ExitStack, name: str, base: Path, made: list[Path]) -> Path:
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
            _hold(stack, path)
        except FolderTakenError:
            continue  # by a run that was told to write to just this folder
        made.append(path)
        return path
    raise ValueError(f"no free folder name in {base}")  # unreachable: the numbers do not end


def _check_free(path: Path, lock: Lock, ways: list[str | None]) -> None:
    """Raise `ValueError` where the folder holds something: what, and what to type."""
    found = sorted(file.name for file in path.iterdir() if file.name != LOCK_FILE)
    if not found:
        return
    lock.leave = True
    known = [way for way in ways if way]
    way_out = ", ".join([*known, "or use another --out" if known else "use another --out"])
    unfinished = _unfinished_in(path)
    if lock.killed is None and not unfinished:
        raise ValueError(f"output folder {path} exists and is not empty: {way_out}")
    whole = [name for name in found if not is_unfinished(name)]
    parts = [*([counted(len(unfinished), "unfinished file")] if unfinished else []), *whole[:LISTED]]
    more = f" and {len(whole) - LISTED} more" if len(whole) > LISTED else ""
    raise ValueError(
        f"output folder {path} holds what a run left that was killed ({lock.killed or Holder()}): "
        f"{', '.join(parts)}{more}: {way_out}"
    )


def _remove_empty(absent: list[Path], made: list[Path]) -> None:
    """Take back folders that were made for nothing."""
    for folder in dict.fromkeys([*made, *absent]):
        with contextlib.suppress(OSError):  # not empty: somebody's files are in it
            folder.rmdir()


def _check_writable(path: Path) -> None:
    """Create a file for a moment: permission bits tell nothing about read-only mounts, quotas or network folders."""
    try:
        with tempfile.TemporaryFile(dir=path) as file:
            file.write(b"x")
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from error


def _unwritable(path: Path, reason: str) -> ValueError:
    return ValueError(f"cannot write to {path} ({reason}): choose another folder with --out")
