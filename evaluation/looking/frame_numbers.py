"""Whether the frame numbers of tracks are off by one: by how well the boxes overlap when held against other frames.

Overlap over the shift has one peak. Boxes of a tracker trail what moves fast by a part of a frame, so the peak of sound
files lies anywhere from -0.6 to 0 frames (measured: MOTChallenge 2015, online; a peak nearer to -1 than to 0 is
nothing unusual there), and only a peak that no such delay explains tells of wrong numbers. Nor does one further away:
annotations may be drawn some frames ahead of the pictures, and a shift by one would mend nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from evaluation.looking.misread_columns import FAR_BETTER, GOOD_FIT, MIN_BOXES, fit
from evaluation.rows import TrackRows

__all__ = ["counts_from_zero", "fits_by_shift", "mending_shift", "off_by"]

SHIFTS = (-3, -2, -1, 0, 1, 2, 3)
CLEARLY_BETTER = 0.02
"""Mean overlap that a file must gain by other frame numbers before it is said to have them."""
LONGEST_DELAY = 0.8
"""Frames that a sound tracker may trail; with numbers one too low its peak then lies at 1 - 0.8 or above."""
LONGEST_LEAD = 0.5
"""Frames that the peak may be ahead: nearer to this shift than to the next."""


def fits_by_shift(truth: TrackRows, prediction: TrackRows) -> dict[int, float]:
    """Mean best overlap for each shift of the frame numbers, of the same boxes throughout; empty where these are few.

    The boxes of a few frames more or less at the ends would move the mean by more than a shift does, and a ground truth
    of every tenth frame has none to compare with.
    """
    frames = np.unique(prediction.frames)
    in_all = frames[np.all([np.isin(frames + by, truth.frames) for by in SHIFTS], axis=0)]
    same = prediction[np.isin(prediction.frames, in_all)]
    if len(same) < MIN_BOXES:
        return {}
    return {by: fit(truth, same.shifted(by)) for by in SHIFTS}


def off_by(fits: Mapping[int, float]) -> int:
    """What to add to the frame numbers: 1 or -1 where the boxes clearly fit better so, else 0.

    Args:
        fits: mean overlap for shifts from -3 to 3; empty where nothing is known.
    """
    if not fits:
        return 0
    by = max((-1, 1), key=lambda shift: fits[shift])
    if fits[by] <= fits[0] + CLEARLY_BETTER:
        return 0
    nearest_to_sound = -LONGEST_DELAY if by < 0 else by + LONGEST_LEAD
    return by if by - LONGEST_DELAY <= _peak(fits) <= nearest_to_sound else 0


def counts_from_zero(fits: Mapping[int, float], from_one: bool) -> bool:
    """Whether tracks that begin at frame 0 are to be held against the frames after theirs.

    Args:
        fits: mean overlap for shifts from -3 to 3; empty where nothing is known.
        from_one: whether the ground truth begins at frame 1; else both may count from 0, and nobody was there yet.
    """
    return bool(fits) and fits[1] >= fits[0] + (0.0 if from_one else CLEARLY_BETTER)


def mending_shift(truth: TrackRows, prediction: TrackRows) -> int:
    """What to add to frame numbers with which the boxes hardly overlap: 0 where no other numbers are far better.

    Tried are those that bring the first or the last frames together, give or take what a tracker needs to be sure of
    its first track, and numbers a little off; at least half of the predicted frames must then have a ground truth.
    """
    ends = (int(getattr(truth.frames, end)() - getattr(prediction.frames, end)()) for end in ("min", "max"))
    tried = sorted({start + step for start in (0, *ends) for step in SHIFTS} - {0}, key=abs)
    frames = np.unique(prediction.frames)
    tried = [by for by in tried if np.isin(frames + by, truth.frames).mean() >= 0.5]
    fits = {by: fit(truth, prediction.shifted(by)) for by in tried}
    best = max(fits, key=lambda by: fits[by], default=0)
    return best if best and fits[best] >= max(GOOD_FIT, fit(truth, prediction) + FAR_BETTER) else 0


def _peak(fits: Mapping[int, float]) -> float:
    """Place of the highest overlap, frames: the vertex of the parabola through the best shift and its neighbours."""
    best = max(SHIFTS[1:-1], key=lambda shift: fits[shift])
    before, at, after = (fits[best + step] for step in (-1, 0, 1))
    bend = before - 2 * at + after
    return best + (0.5 * (before - after) / bend if bend < 0 else 0.0)
