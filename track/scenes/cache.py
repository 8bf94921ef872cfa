"""Detections, embeddings and what they took, kept in the user's cache folder: each is computed once.

An entry is one `.npz` file, named by a hash of all that it depends on: content of the source, settings, content of the
weights, code, versions of the packages, and the machine (for the times). It appears under its name only when complete.
Entries may be deleted at any time; one that is damaged is made anew, and a cache that cannot be written costs time and
nothing else.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import logging
import os
import platform
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from registry.arrays import load_arrays
from registry.user_folders import cache_folder
from track.files.versions import versions

__all__ = ["Entry", "EntryCache", "code_digest", "content_digest", "key_of"]

logger = logging.getLogger(__name__)

FOLDER = "compare"
SUFFIX = ".npz"
UNFINISHED = ".part-"
FACTS = "facts"
MAX_BYTES = 8 << 30
"""Beyond, those entries go that have not been used for longest."""
CHUNK = 1 << 20


@dataclass(frozen=True)
class Entry:
    """What is kept under one name.

    Attributes:
        arrays: by name.
        facts: whatever JSON holds.
    """

    arrays: Mapping[str, npt.NDArray[Any]]
    facts: Mapping[str, Any]


class EntryCache:
    """A folder of entries.

    Args:
        folder: where; the user's cache folder by default.
        enabled: without, nothing is found and nothing is kept.
    """

    def __init__(self, folder: Path | None = None, *, enabled: bool = True) -> None:
        self.folder = cache_folder(FOLDER) if folder is None else folder
        self.enabled = enabled

    def find(self, key: str) -> Entry | None:
        """The entry of that name, marked as used now; `None` where there is none, or a damaged one."""
        path = self.folder / f"{key}{SUFFIX}"
        if not self.enabled or not path.is_file():
            return None
        try:
            arrays = load_arrays(path)  # every byte is checked against its sum
            facts = json.loads(str(arrays.pop(FACTS)))
        except (ValueError, KeyError) as error:
            logger.warning("%s in the cache is damaged and is made anew (%s)", path.name, error)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return Entry(arrays, facts)

    def store(self, key: str, entry: Entry) -> None:
        """Keep an entry under that name, whole or not at all; a folder that takes nothing is reported in the log."""
        if not self.enabled:
            return
        unfinished: Path | None = None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=UNFINISHED, dir=self.folder)
            unfinished = Path(name)
            with os.fdopen(handle, "wb") as file:
                np.savez(file, **{**entry.arrays, FACTS: np.array(json.dumps(entry.facts))})  # type: ignore[arg-type]
            unfinished.replace(self.folder / f"{key}{SUFFIX}")
        except OSError as error:
            logger.warning("nothing is kept in %s (%s): the next run starts anew", self.folder, error)
        finally:  # also after Ctrl-C
            if unfinished is not None:
                unfinished.unlink(missing_ok=True)
        self._prune()

    def num_bytes(self) -> int:
        """What the folder holds."""
        return sum(size for _, size, _ in self._by_age())

    def _by_age(self) -> list[tuple[float, int, Path]]:
        """When each entry was used, its bytes, its file; the last used first."""
        found = []
        with contextlib.suppress(OSError):
            for path in self.folder.glob(f"*{SUFFIX}"):
                status = path.stat()
                found.append((status.st_mtime, status.st_size, path))
        return sorted(found, reverse=True)

    def _prune(self) -> None:
        total = 0
        for _, size, path in self._by_age():
            total += size
            if total > MAX_BYTES:
                with contextlib.suppress(OSError):
                    path.unlink()


def key_of(kind: str, parts: Mapping[str, Any]) -> str:
    """Name of an entry: `kind` and a hash of all that it depends on, the versions and this machine included."""
    everything = {"parts": parts, "versions": versions(), "machine": [platform.node(), platform.machine()]}
    text = json.dumps(everything, sort_keys=True, default=str)
    return f"{kind}-{hashlib.blake2b(text.encode(), digest_size=16).hexdigest()}"


def content_digest(path: Path) -> str:
    """A hash of the bytes of a file, or of all files in a folder with their names."""
    digest = hashlib.blake2b(digest_size=16)
    if path.is_file():
        return _digest_of_file(path)
    for file in sorted(file for file in path.rglob("*") if file.is_file()):
        digest.update(f"{file.relative_to(path)} {_digest_of_file(file)}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def _digest_of_file(path: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


@functools.cache
def code_digest(*names: str) -> str:
    """A hash of the sources of packages or modules of this project: other code may give other results."""
    root = Path(__file__).parents[2]
    return _digest_of_texts(source for name in names for source in sorted(_sources(root / name)))


def _sources(path: Path) -> Iterable[Path]:
    return path.rglob("*.py") if path.is_dir() else [path.with_suffix(".py")]


def _digest_of_texts(paths: Iterable[Path]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()
