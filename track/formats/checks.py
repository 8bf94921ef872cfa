"""What a file of another program may say: anything else would be written into a run that nothing can read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from registry.box_files import LONGEST_NAME
from registry.numbers import MAX_EXACT, MAX_FRAME, MAX_PX
from registry.words import counted
from track.rows.stream import MAX_TIME_S

if TYPE_CHECKING:
    from track.formats.types import Row

__all__ = ["HIGHEST_FPS", "LARGEST_SIDE", "LOWEST_FPS", "check_facts", "check_num_frames", "check_row"]

LARGEST_SIDE = 1_000_000
"""Of a picture, px."""
LOWEST_FPS, HIGHEST_FPS = 1e-4, 1e6
"""A frame in three hours; a camera of a laboratory."""
MOST_FRAMES = 2_000_000
"""That a format takes which has an entry or a file for every frame: 22 hours at 25 frames per second."""


def check_row(path: Path, row: Row) -> None:
    """Raise `ValueError` where a frame, an id, a box, a score, a time or a class cannot be."""
    where = f"{path}: the box of id {row.id:g} at frame {row.frame + 1:g}"
    if not 0 <= row.frame < MAX_FRAME or not 1 <= row.id <= MAX_EXACT:
        raise ValueError(f"{where} cannot be: expected frames from 1 to {MAX_FRAME:,} and ids from 1")
    x1, y1, x2, y2 = row.xyxy
    if not (-MAX_PX <= x1 < x2 <= MAX_PX and -MAX_PX <= y1 < y2 <= MAX_PX):
        raise ValueError(f"{where} is {x1:g},{y1:g},{x2:g},{y2:g}, expected a left edge below the right one, in px")
    if row.score is not None and not abs(row.score) <= MAX_PX:
        raise ValueError(f"{where} has the score {row.score:g}, expected a number such as 0.9, or none")
    if row.time_s is not None and not 0 <= row.time_s <= MAX_TIME_S:
        raise ValueError(f"{where} has the time {row.time_s:g} s, expected 0 to {MAX_TIME_S:,.0f}")
    if len(row.class_name) > LONGEST_NAME:
        raise ValueError(
            f"{where} has a class of {counted(len(row.class_name), 'letter')}, expected {LONGEST_NAME} at most"
        )


def check_facts(
    path: Path, size: tuple[int, int] | None, fps: float | None, num_frames: int, names: Mapping[int, str]
) -> None:
    """Raise `ValueError` where the pictures cannot be, or a name is too long."""
    if size is not None and not all(1 <= side <= LARGEST_SIDE for side in size):
        raise ValueError(
            f"{path} tells of pictures of {size[0]:g}x{size[1]:g} px, expected 1 to {LARGEST_SIDE:,} each; --size says "
            "what is right"
        )
    if fps is not None and not (math.isfinite(fps) and LOWEST_FPS <= fps <= HIGHEST_FPS):
        raise ValueError(f"{path} tells of {fps:g} frames per second, expected a rate such as 25; --fps says it")
    if not 0 <= num_frames <= MAX_FRAME:
        raise ValueError(f"{path} tells of {num_frames:g} frames, expected {MAX_FRAME:,} at most")
    for track_id, name in names.items():
        if len(name) > LONGEST_NAME:
            raise ValueError(
                f"{path}: the name of id {track_id} has {len(name):,} letters, expected {LONGEST_NAME} at most"
            )


def check_num_frames(what: str, num_frames: int) -> None:
    """Raise `ValueError` where a format that has something for every frame would fill the memory or the disk."""
    if num_frames > MOST_FRAMES:
        raise ValueError(
            f"{what} has an entry for every frame, and the run tells of {num_frames:,}: expected {MOST_FRAMES:,} at "
            "most; --to cvat and --to mot have one for every box only"
        )
