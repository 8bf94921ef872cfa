"""Converted networks, kept in the user's cache folder, so that only the first run with some weights converts them.

An entry is a folder named by a hash of all that it depends on, and appears under that name only when complete. It holds
a digest of its files too: one that was changed or damaged since is made anew. Entries may be deleted at any time; a
cache that cannot be written costs the time of the conversion and nothing else.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from registry.json_texts import parse_json
from registry.user_folders import cache_folder
from reid.registry import own_digest

if TYPE_CHECKING:
    from reid.runtimes.network import Network

__all__ = ["OPENVINO_FILE", "Found", "cache_key", "discard", "find", "find_made_from", "note_origin", "store"]

logger = logging.getLogger(__name__)

FOLDER = "runtimes"
OPENVINO_FILE = "network.xml"
KEPT = 16
"""Entries that stay; beyond, those go that have not been used for longest."""
UNFINISHED = ".part-"
DIGEST_FILE = "digest.txt"
ABANDONED_S = 24 * 3600
"""Age at which an unfinished entry belongs to no run any more."""
PACKAGES = ("torch", "openvino", "onnx", "onnxscript", "onnxruntime")


def cache_key(network: Network, runtime: str) -> str:
    """Name of the entry: `runtime`, backbone and a hash of weights, facts, code and the converters' versions."""
    facts = network.facts()
    digest = hashlib.blake2b(digest_size=12)
    code = _code_and_versions() + own_digest(facts.backbone)
    for text in (runtime, str(sorted(facts.to_strings().items())), code):
        digest.update(text.encode())
    for key, tensor in sorted(network.backbone.state_dict().items()):
        digest.update(f"{key} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().numpy().tobytes())
    name = "".join(letter if letter.isalnum() else "-" for letter in facts.backbone)
    return f"{runtime}-{name}-{digest.hexdigest()}"


@functools.cache
def _code_and_versions() -> str:
    """A network is its weights and its code: a hash of this package's sources, and the versions of what converts."""
    digest = hashlib.blake2b(digest_size=12)
    package = Path(__file__).parents[1]
    for source in sorted([*package.glob("*.py"), *package.glob("backbones/*.py"), *package.glob("runtimes/*.py")]):
        digest.update(source.read_bytes())
    found = []
    for package_name in (*PACKAGES, "timm"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            found.append(f"{package_name} {metadata.version(package_name)}")
    return f"{digest.hexdigest()} {found}"


def find(key: str) -> Path | None:
    """The folder of an entry, marked as used now; `None` where there is none, or one that is not as it was stored."""
    folder = cache_folder(FOLDER) / key
    if not folder.is_dir():
        return None
    if not _is_as_stored(folder):
        logger.info("the kept conversion %s is damaged or was changed, and is made anew", folder)
        discard(key)
        return None
    with contextlib.suppress(OSError):
        os.utime(folder)
    return folder


def _is_as_stored(folder: Path) -> bool:
    try:
        return (folder / DIGEST_FILE).read_text(encoding="ascii") == _digest_of(folder)
    except (OSError, ValueError):
        return False


def _digest_of(folder: Path) -> str:
    """A hash of what `store` was given; notes of the origin come later, and hold nothing that runs."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.name != DIGEST_FILE and not path.match("from-*.json") and not path.name.startswith("."):
            digest.update(f"{path.name} {path.stat().st_size} ".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class Found:
    """The folder of an entry, and the scores that the checkpoint told of the network in it."""

    folder: Path
    scores: Mapping[str, float]


def note_origin(key: str, name: str, checkpoint: Path, scores: Mapping[str, float]) -> None:
    """Write into an entry, if it is there, that backbone `name` with that checkpoint led to it."""
    place = cache_folder(FOLDER) / key
    with contextlib.suppress(OSError):
        if place.is_dir():
            unfinished = place / f".{os.getpid()}.json"
            unfinished.write_text(json.dumps(dict(scores)))
            unfinished.replace(place / _origin_file(name, checkpoint))


def find_made_from(name: str, checkpoint: Path) -> Found | None:
    """The OpenVINO entry that backbone `name` with that checkpoint, byte for byte, led to, marked as used now."""
    with contextlib.suppress(OSError, ValueError):
        for note in cache_folder(FOLDER).glob(f"openvino-*/{_origin_file(name, checkpoint)}"):
            folder, scores = find(note.parent.name), parse_json(note.read_text())
            if folder is not None and isinstance(scores, dict):
                return Found(folder, scores)
    return None


def _origin_file(name: str, checkpoint: Path) -> str:
    digest = hashlib.blake2b(f"{name} {_code_and_versions()}{own_digest(name)} ".encode(), digest_size=12)
    digest.update(checkpoint.read_bytes())
    return f"from-{digest.hexdigest()}.json"


def store(key: str, write: Callable[[Path], None]) -> None:
    """Make an entry of the files that `write` puts into the folder it is given; an unwritable cache is logged."""
    place = cache_folder(FOLDER)
    try:
        place.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=place))
    except OSError as error:
        logger.info("conversions are not kept: %s", error)
        return
    try:
        write(unfinished)
        (unfinished / DIGEST_FILE).write_text(_digest_of(unfinished), encoding="ascii")
        unfinished.rename(place / key)
    except (OSError, RuntimeError) as error:  # the disk is full, or another run was faster
        logger.info("this conversion is not kept: %s", error)
    finally:  # also after Ctrl-C
        shutil.rmtree(unfinished, ignore_errors=True)
    _prune(place)


def discard(key: str) -> None:
    """Remove an entry."""
    shutil.rmtree(cache_folder(FOLDER) / key, ignore_errors=True)


def _prune(place: Path) -> None:
    with contextlib.suppress(OSError):
        for old in _by_age(entry for entry in place.iterdir() if not entry.name.startswith("."))[KEPT:]:
            shutil.rmtree(old, ignore_errors=True)
        for part in place.glob(f"{UNFINISHED}*"):  # of a run that was killed
            if time.time() - part.stat().st_mtime > ABANDONED_S:
                shutil.rmtree(part, ignore_errors=True)


def _by_age(entries: Iterable[Path]) -> list[Path]:
    """The last used first."""
    return sorted(entries, key=lambda entry: entry.stat().st_mtime, reverse=True)
