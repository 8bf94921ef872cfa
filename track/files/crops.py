"""The folder `crops/` of a run: `crops/<id>/<frame>.jpg`, whole or not there at all, the layout `train-reid` reads."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from registry.json_texts import parse_json
from registry.own_names import own_name
from track.files.partial import OutputError

__all__ = ["CROPS", "CropFolder", "copy_crops", "crop_name", "crops_in", "has_crops", "remove_crops"]

CROPS = "crops"
_FILE = re.compile(r"\d+\.jpg")
_ID = re.compile(r"[1-9]\d*")


def crop_name(track_id: int, frame_index: int) -> str:
    """`crops/3/000120.jpg`: of identity 3 at the 120th frame; `frame_index` counts from 0."""
    return f"{CROPS}/{track_id}/{frame_index + 1:06}.jpg"


def has_crops(run_dir: Path) -> bool:
    """Whether the folder `crops` there is of a run, as its summary tells."""
    if not (run_dir / CROPS).is_dir():
        return False
    try:
        return CROPS in parse_json((run_dir / "summary.json").read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def crops_in(run_dir: Path) -> list[tuple[int, int, Path]]:
    """Id, frame (from 0) and file of every crop of a run, in that order."""
    if not has_crops(run_dir):
        return []
    files = [file for file in (run_dir / CROPS).glob("*/*.jpg") if _is_ours(file)]
    return sorted((int(file.parent.name), int(file.stem) - 1, file) for file in files)


def _is_ours(file: Path) -> bool:
    return bool(_FILE.fullmatch(file.name) and _ID.fullmatch(file.parent.name))


def remove_crops(folder: Path) -> None:
    """Remove a folder of crops; what a run did not write there stays."""
    for below in [*folder.iterdir()]:
        if below.is_dir() and not below.is_symlink() and _ID.fullmatch(below.name):
            for file in below.iterdir():
                if _is_ours(file):
                    file.unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # somebody's files are in it
                below.rmdir()
    with contextlib.suppress(OSError):
        folder.rmdir()


class CropFolder:
    """Takes crops as files, and becomes `crops/` on `close`.

    Args:
        run_dir: folder of the run.

    Raises:
        ValueError: there is a folder of that name that is not of a run.
    """

    def __init__(self, run_dir: Path) -> None:
        self.path = run_dir / CROPS
        if self.path.exists() and not has_crops(run_dir):
            raise ValueError(f"{self.path} is there already and is not of a run: choose another --out")
        self._partial = own_name(self.path)

    def put(self, track_id: int, frame_index: int, jpeg: bytes) -> str:
        """Write one crop; returns its name below the run's folder. `OutputError` when the disk is full."""
        name = crop_name(track_id, frame_index)
        path = self._partial / Path(name).relative_to(CROPS)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(jpeg)
        except OSError as error:
            raise OutputError(self.path, error.strerror or str(error)) from error
        return name

    def close(self) -> None:
        """Take the place of the crops of an earlier run."""
        self._partial.mkdir(exist_ok=True)
        if self.path.is_dir():
            remove_crops(self.path)
        try:
            os.replace(self._partial, self.path)  # noqa: PTH105 (as for files)
        except OSError as error:
            self.discard()
            raise OutputError(self.path, error.strerror or str(error)) from error

    def discard(self) -> None:
        """Remove what was written."""
        shutil.rmtree(self._partial, ignore_errors=True)


def copy_crops(run_dir: Path, out: Path, new_id: Callable[[int, int], int], best: Mapping[int, str]) -> dict[int, str]:
    """Copy the crops of a run whose ids have changed; returns the best crop of each new id.

    Args:
        run_dir: the run; nothing is written where it has no crops.
        out: folder of the new one.
        new_id: of a frame (from 0) and the id there; 0 for a crop that is left out.
        best: the best crop of each old id.
    """
    found = crops_in(run_dir)
    if not found:
        return {}
    folder, chosen, first = CropFolder(out), dict[int, str](), dict[int, str]()
    try:
        for old, frame, file in found:
            new = new_id(frame, old)
            if new:
                name = folder.put(new, frame, file.read_bytes())
                first.setdefault(new, name)
                if best.get(old) == crop_name(old, frame):
                    chosen.setdefault(new, name)
        folder.close()
    except BaseException:
        folder.discard()
        raise
    return {**first, **chosen}
