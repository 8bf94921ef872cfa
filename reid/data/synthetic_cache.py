"""`synthetic:IDS`: people that are drawn, once, into the user's cache folder."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path

from registry.user_folders import cache_folder

__all__ = ["PREFIX", "synthetic_folder"]

PREFIX = "synthetic:"
CROPS_PER_ID = 16
MOST_CROPS = 1_000_000
"""Of a data set: 10 GB, and hours to draw."""
TEST_SHARE = 0.2
SIZE = (128, 64)


def synthetic_folder(source: str, *, seed: int) -> Path:
    """The Market-1501 folder of `synthetic:IDS` or `synthetic:IDSxCROPS`, drawn with `seed` unless it is there already.

    It appears under its name only when it is complete. The name holds a hash of the renderer's source, so that a
    changed renderer draws anew; folders of earlier ones stay until someone deletes them: a training may read from them.

    Raises:
        ValueError: not such a name, or fewer than 10 identities or 4 crops of each.
        OSError: the cache folder cannot be written to.
    """
    match = re.fullmatch(rf"{PREFIX}([0-9]{{1,6}})(?:x([0-9]{{1,4}}))?", source)
    num_ids, crops = (int(match[1]), int(match[2] or CROPS_PER_ID)) if match else (0, 0)
    if num_ids < 10 or crops < 4 or num_ids * crops > MOST_CROPS:
        raise ValueError(
            f"{source!r} is no synthetic data set: expected {PREFIX}IDS with 10 identities or more, such as"
            f" {PREFIX}500, or {PREFIX}IDSxCROPS with 4 crops of each or more, such as {PREFIX}500x20;"
            f" {MOST_CROPS} crops at most"
        )
    folder = cache_folder("synthetic") / f"{num_ids}x{crops}-seed{seed}-{SIZE[0]}x{SIZE[1]}-{renderer_hash()}"
    if not folder.exists():
        _draw(folder, num_ids, crops, seed)
    return folder


@functools.cache
def renderer_hash() -> str:
    """What the pixels depend on besides the arguments: a hash of the sources of `synthetic`."""
    spec = find_spec("synthetic")
    digest = hashlib.blake2b(digest_size=5)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        for source in sorted(Path(place).glob("*.py")):
            digest.update(source.read_bytes())
    return digest.hexdigest()


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
