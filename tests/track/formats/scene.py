"""A run with all that makes conversion hard: gaps, two classes in one track, odd names, boxes outside, no scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from track.formats.types import Row, TrackSet, track_set_of

SIZE = (640, 360)
FPS = 12.5
NUM_FRAMES = 40
ODD = "=cmd <b>\"x\" & 'y', \U0001f600"


def scene() -> TrackSet:
    """Three identities in 40 frames, of which the last three hold nobody."""
    rng = np.random.default_rng(4)
    rows = []
    for track_id, frames in {3: range(30), 17: (*range(5, 12), *range(20, 37)), 21: (9,)}.items():
        for frame in frames:
            x, y = (float(value) for value in np.round(rng.uniform(-20, 500, 2), 4))
            width, height = (float(value) for value in np.round(rng.uniform(20, 180, 2), 4))
            is_guess = frame % 7 == 3
            rows.append(
                Row(
                    frame,
                    track_id,
                    (x, y, x + width, y + height),
                    ODD if track_id == 17 and frame > 30 else ("car" if track_id == 17 else "person"),
                    None if is_guess else float(np.round(rng.uniform(0.3, 1), 4)),
                    "predicted" if is_guess else "smoothed" if frame % 5 == 0 else "detected",
                    round(frame / FPS, 4),
                )
            )
    names = {3: 'Anna <&> "O\'Neil"', 17: "=1+1"}
    return track_set_of(Path("walk"), rows, size=SIZE, fps=FPS, num_frames=NUM_FRAMES, names=names)


def assert_same(one: TrackSet, other: TrackSet) -> None:
    """Every row, to the last digit of a `tracks.csv`, and what is known of the source."""
    assert list(one.rows()) == list(other.rows())
    assert dict(one.names) == dict(other.names)
    assert (one.size, one.fps, one.num_frames) == (other.size, other.fps, other.num_frames)
