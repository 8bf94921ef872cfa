"""From what tracking found, frame after frame, to the rows that are written."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from track.rows.backfill import Backfill, frame_tracks
from track.rows.tracked import Tracked
from track.rows.types import FrameTracks
from track.sources import Frame

__all__ = ["MAX_HELD_FRAMES", "final_rows"]

MAX_HELD_FRAMES = 10_000
"""Frames without pictures that may wait for a confirmation."""


def final_rows(
    steps: Iterable[Tracked],
    *,
    online: bool = False,
    measured: bool = False,
    keeps_pictures: bool = True,
    keeps_unnamed: bool = False,
    max_held: int = MAX_HELD_FRAMES,
) -> Iterator[tuple[Frame, FrameTracks]]:
    """Each frame with its rows, in order: at once when `online`, else when no track in it is undecided any more.

    Args:
        steps: what tracking found, in order.
        online: without the boxes from before a track was confirmed, and so without waiting.
        measured: with the box of the detection for each track, NaN where there was none.
        keeps_pictures: else frames come without, and no picture waits in memory.
        keeps_unnamed: with the detections that belong to nobody.
        max_held: most frames that wait; what is tentative in one that had to go stays out.
    """
    backfill = Backfill(max_held)
    for step in steps:
        found = step.with_measured_boxes() if measured else step
        frame = found.frame if keeps_pictures else dataclasses.replace(found.frame, image=None)
        detected = step.detections.xyxy if keeps_unnamed else None
        if online:
            yield frame, frame_tracks(frame, found.confirmed, detected=detected)
        else:
            yield from backfill.push(frame, found.confirmed, found.tentative, detected)
    yield from backfill.flush()
