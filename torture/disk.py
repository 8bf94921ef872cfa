"""A full disk at many points: a memory file system of that many bytes, else a limit on the size of a file."""

from __future__ import annotations

import contextlib
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from torture.campaign import Effort, Tally, each, fresh
from torture.forks import Call, homes, run
from torture.kills import COMMANDS, Killed
from torture.same import broken_files, left_over
from torture.scene import make_inputs
from torture.verdict import faults

__all__ = ["disk_full"]

POINTS = 20
PAGE = 4096
"""What a memory file system counts in."""
SPARE = 1.1
"""The last points let a command end well."""


def disk_full(effort: Effort, tally: Tally) -> None:
    """Fill it: each command at some of the points, from nothing left to nearly enough."""
    inputs = make_inputs(effort.folder / "inputs")
    choices, sizes = effort.choices("disk"), {}
    cases = [(killed, point) for point in range(POINTS) for killed in COMMANDS]
    choices.shuffle(cases)
    refused = 0
    with _file_system(effort.folder / "disk") as disk:
        for number in each(effort, cases):
            killed, point = cases[number]
            if killed.name not in sizes:
                sizes[killed.name] = _bytes_written(effort.folder / "peace", inputs, killed)
            left = int(sizes[killed.name] * SPARE * point / (POINTS - 1))
            found, ended = _fill(effort.folder / "case", disk, inputs, killed, left)
            tally.add(f"{killed.name} with {left} bytes left", found)
            refused += ended
        how = "a memory file system" if disk else "RLIMIT_FSIZE"
    tally.remarks.append(f"{POINTS} points by {how}, {refused} cases did not fit")


@contextlib.contextmanager
def _file_system(at: Path) -> Iterator[Path | None]:
    """Where it is mounted while inside; `None` where this user may not mount."""
    at.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=1g", "torture", str(at)]
    try:
        can = shutil.which("mount") and subprocess.run(words, capture_output=True, check=False).returncode == 0
        yield at if can else None
    finally:
        if can:
            subprocess.run(["umount", "--lazy", str(at)], check=False)


def _bytes_written(folder: Path, inputs: Path, killed: Killed) -> int:
    work = fresh(folder, inputs)
    before = _size(work)
    answer = run(Call(killed.words, work, homes(folder.with_name("homes"))))
    if answer.code:
        raise RuntimeError(f"{killed.name} failed undisturbed: {answer.err}")
    return max(_size(work) - before, PAGE)


def _size(folder: Path) -> int:
    return sum(-(-path.lstat().st_size // PAGE) * PAGE for path in folder.rglob("*"))


def _fill(folder: Path, disk: Path | None, inputs: Path, killed: Killed, left: int) -> tuple[list[str], bool]:
    """What was wrong, and whether the disk was full before the end. The homes are on another disk."""
    homes_at = homes(folder.with_name("homes"))
    limits: tuple[tuple[int, int], ...] = ()
    if disk is None:
        work = fresh(folder, inputs)
        limits = ((resource.RLIMIT_FSIZE, max(left, 1)),)
    else:
        work = disk / "case"
        _limit(disk, 1 << 30)
        fresh(work, inputs)
    if killed.over:
        run(Call(killed.words, work, homes_at))
    earlier = {path: path.read_bytes() for path in work.rglob("*") if path.is_file() and ".track" not in path.name}
    if disk is not None:
        _limit(disk, shutil.disk_usage(disk).used + left)
    answer = run(Call(killed.words, work, homes_at, limits=limits))
    found = faults(answer) + broken_files(work) + left_over(work)
    found += [f"{path.name} from before is gone" for path in earlier if not path.exists()]
    return found, answer.code != 0


def _limit(disk: Path, size: int) -> None:
    size = max(-(-size // PAGE), 1) * PAGE
    subprocess.run(["mount", "-o", f"remount,size={size}", str(disk)], check=True, capture_output=True)
