"""`synthetic:IDS`: people that are drawn, once, into the user's cache folder."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

__all__ = ["PREFIX", "cache_folder", "synthetic_folder"]

PREFIX = "synthetic:"
CROPS_PER_ID = 16
TEST_SHARE = 0.2
SIZE = (128, 64)


def cache_folder() -> Path:
    """Folder for what can be made again: `$TRACK_CACHE`, else `track-reid` in the user's cache folder."""
    if own := os.environ.get("TRACK_CACHE"):
        return Path(own).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "track-reid"


def synthetic_folder(source: str, *, seed: int) -> Path:
    """The Market-1501 folder of `synthetic:IDS` or `synthetic:IDSxCROPS`, drawn with `seed` unless it is there already.

    It appears under its name only when it is complete.

    Raises:
        ValueError: not such a name, or fewer than 10 identities or 4 crops of each.
        OSError: the cache folder cannot be written to.
    """
    match = re.fullmatch(rf"{PREFIX}(\d+)(?:x(\d+))?", source)
    num_ids, crops = (int(match[1]), int(match[2] or CROPS_PER_ID)) if match else (0, 0)
    if num_ids < 10 or crops < 4:
        raise ValueError(
            f"{source!r} is no synthetic data set: expected {PREFIX}IDS with 10 identities or more, such as"
            f" {PREFIX}500, or {PREFIX}IDSxCROPS with 4 crops of each or more, such as {PREFIX}500x20"
        )
    folder = cache_folder() / f"synthetic-{num_ids}x{crops}-seed{seed}-{SIZE[0]}x{SIZE[1]}"
    if not folder.exists():
        _draw(folder, num_ids, crops, seed)
    return folder


def _draw(folder: Path, num_ids: int, crops: int, seed: int) -> None:
    from synthetic.identities import write_identities

    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        write_identities(
            unfinished / "set",
            num_ids,
            crops,
            seed=seed,
            size=SIZE,
            workers=os.cpu_count() or 1,
            test_share=TEST_SHARE,
        )
        if not folder.exists():  # another process may have been faster, with the same images
            (unfinished / "set").rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
