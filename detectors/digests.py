"""Whether downloaded weights are the published ones: by digests known here, else by that of the first download."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from registry.json_texts import parse_json

__all__ = ["NOTES", "PUBLISHED", "check_kept", "check_received", "note"]

PUBLISHED = {
    "yolo11n.pt": "0ebbc80d4a7680d14987a577cd21342b65ecfd94632bd9a8da63ae6417644ee1",
    "yolo11s.pt": "85a76fe86dd8afe384648546b56a7a78580c7cb7b404fc595f97969322d502d5",
    "yolo11m.pt": "d5ffc1a674953a08e11a8d21e022781b1b23a19b730afc309290bd9fb5305b95",
}
"""SHA-256 of files of the ultralytics/assets releases, as many users have noted them independently."""
NOTES = "digests.json"
"""Beside the weights: name -> SHA-256 of what was downloaded first."""
SHOWN = 12
"""Digits of a digest that a sentence can hold."""
CHUNK = 1 << 20


def check_received(name: str, digest: str, folder: Path) -> None:
    """A file that has just been downloaded for `folder` must be the published one, or the one of the first download.

    Raises:
        ValueError: it has another digest.
    """
    expected = PUBLISHED.get(name) or _notes(folder).get(name)
    if expected is not None and digest != expected:
        whose = "as published" if name in PUBLISHED else f"as noted in {folder / NOTES} at the first download"
        raise ValueError(f"its SHA-256 is {digest[:SHOWN]}..., but {expected[:SHOWN]}... {whose}")


def check_kept(path: Path) -> None:
    """A file that was downloaded into its folder must still be what came; a file without a note passes.

    Raises:
        ValueError: it was changed, or replaced.
    """
    expected = _notes(path.parent).get(path.name)
    if expected is not None and (found := _digest(path)) != expected:
        raise ValueError(
            f"{path} is not what was downloaded (SHA-256 {found[:SHOWN]}..., but {expected[:SHOWN]}... is noted in "
            f"{NOTES}): delete it to fetch it again, or give a path to weights of your own under another name"
        )


def note(name: str, digest: str, folder: Path) -> None:
    """Keep the digest of a download beside it; a note is whole or not there."""
    unfinished = folder / f".{NOTES}.{os.getpid()}.part"
    try:
        unfinished.write_text(json.dumps({**_notes(folder), name: digest}, indent=2) + "\n", encoding="utf-8")
        unfinished.replace(folder / NOTES)
    finally:
        unfinished.unlink(missing_ok=True)


def _notes(folder: Path) -> dict[str, str]:
    """Name -> digest; none where there is no file, or a damaged one."""
    try:
        content = parse_json((folder / NOTES).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(digest) for name, digest in content.items()} if isinstance(content, dict) else {}


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
