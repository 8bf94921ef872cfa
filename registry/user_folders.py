"""Where files of a user lie that belong to no run: what can be made again, and weights that were fetched."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cache_folder", "expanded", "weights_folder"]


def cache_folder(kind: str) -> Path:
    """Folder `kind` for what can be made again: of `$TRACK_CACHE`, else of `track-reid` in the user's cache folder.

    It need not exist.
    """
    if own := os.environ.get("TRACK_CACHE"):
        return expanded(own) / kind
    return _of_user() / kind


def weights_folder() -> Path:
    """Folder for downloaded weights: `$TRACK_WEIGHTS`, else `track-reid/weights` in the user's cache folder.

    `$TRACK_CACHE` does not move them: it may be emptied at any time.
    """
    if own := os.environ.get("TRACK_WEIGHTS"):
        return expanded(own)
    return _of_user() / "weights"


def _of_user() -> Path:
    return expanded(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "track-reid"


def expanded(name: str | Path) -> Path:
    """A path with `~` and `~user` written out; `~x.pt` is a file of that name where there is no user `x.pt`."""
    return Path(os.path.expanduser(name))  # noqa: PTH111 (`Path.expanduser` raises `RuntimeError` for no such user)
