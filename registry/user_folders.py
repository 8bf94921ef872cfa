"""Where files of a user lie that belong to no run: what can be made again, and weights that were fetched."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cache_folder", "weights_folder"]


def cache_folder(kind: str) -> Path:
    """Folder `kind` for what can be made again: of `$TRACK_CACHE`, else of `track-reid` in the user's cache folder.

    It need not exist.
    """
    if own := os.environ.get("TRACK_CACHE"):
        return Path(own).expanduser() / kind
    return _of_user() / kind


def weights_folder() -> Path:
    """Folder for downloaded weights: `$TRACK_WEIGHTS`, else `track-reid/weights` in the user's cache folder.

    `$TRACK_CACHE` does not move them: it may be emptied at any time.
    """
    if own := os.environ.get("TRACK_WEIGHTS"):
        return Path(own).expanduser()
    return _of_user() / "weights"


def _of_user() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "track-reid"
