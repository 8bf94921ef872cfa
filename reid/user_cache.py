"""Where what can be made again is kept: converted networks, drawn people."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["cache_folder"]


def cache_folder(kind: str) -> Path:
    """Folder `kind` of `$TRACK_CACHE`, else of `track-reid` in the user's cache folder; it need not exist."""
    if own := os.environ.get("TRACK_CACHE"):
        return Path(own).expanduser() / kind
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "track-reid" / kind
