"""The CSV that supervision's `CSVSink` writes: corners, class, confidence, `tracker_id`, and the frame beside them."""

from __future__ import annotations

import csv
import io

from registry.cells import to_cell
from track.formats.types import TrackSet

__all__ = ["render"]

HEADER = (
    "x_min",
    "y_min",
    "x_max",
    "y_max",
    "class_id",
    "confidence",
    "tracker_id",
    "class_name",
    "frame_index",
    "time_s",
)
"""Those of `CSVSink`, then in order of letters what is handed to it as data."""


def render(tracks: TrackSet) -> bytes:
    """The file; frames from 0, as supervision counts them."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADER)
    number = {name: place for place, name in enumerate(tracks.classes)}
    for row in tracks.rows():
        score = "" if row.score is None else row.score
        time_s = "" if row.time_s is None else row.time_s
        writer.writerow((*row.xyxy, number[row.class_name], score, row.id, to_cell(row.class_name), row.frame, time_s))
    return text.getvalue().encode()
