"""Before scoring, look: what is wrong with two files, each in one sentence with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from evaluation.looking.frame_numbers import counts_from_zero, fits_by_shift, mending_shift, off_by
from evaluation.looking.misread_columns import FORMS, POOR_FIT, betrayed_forms, fit, fits_better_as, fits_unswapped
from evaluation.rows import NO_ID, TrackRows
from registry.misread_boxes import are_shares

__all__ = ["Finding", "look", "look_at_truth", "same_video", "twice"]

WRONG_VIDEO_FIT = 0.2
"""Mean best overlap. Tracks of one MOT15 sequence held against another stay below 0.14, against their own above
0.56."""
NOTHING_FITS = 0.1
"""The same, below which there is nothing to score, if the ground truth too has no better overlap with the prediction: a
poor tracker misses much or invents much, seldom both. Of 15 pairs of sequences 13 stay below it."""


@dataclass(frozen=True)
class Finding:
    """Something that a person should know before believing the scores.

    Attributes:
        text: one sentence, with what to do.
        stops: whether scores would mean nothing.
        by_plausibility: whether that is judged by how plausible the numbers are, and `--force` may overrule it.
    """

    text: str
    stops: bool = True
    by_plausibility: bool = False


def look(truth: TrackRows, prediction: TrackRows, shift: int = 0) -> Iterator[Finding]:
    """What is wrong with the files of one sequence, the most telling first; nothing is scored yet.

    `shift` is what was added to the frame numbers of the prediction already; the advice takes it in.
    """
    if not len(truth):
        yield from look_at_truth(truth)
        return
    yield from _of_one(truth, "ground truth", prediction)
    yield from _of_flags(truth)
    yield from _of_one(prediction, "prediction", truth)
    if not len(prediction):
        yield from _of_rows_without_id(truth, "ground truth")
        yield Finding(
            f"prediction {prediction.path} is empty: every box of the ground truth counts as missed", stops=False
        )
        return
    yield from _of_forms(truth, prediction)
    yield from _of_rows_without_id(truth, "ground truth")
    yield from _of_rows_without_id(prediction, "prediction")
    yield from _of_frames(truth, prediction, shift)


def look_at_truth(truth: TrackRows) -> Iterator[Finding]:
    """What is wrong with a ground truth by itself."""
    if not len(truth):
        yield Finding(
            f"ground truth {truth.path} is empty: a test split? Its annotations are kept by the challenge; score a "
            "split that has them, such as train"
        )
        return
    yield from _of_one(truth, "ground truth")
    yield from _of_flags(truth)
    yield from _of_rows_without_id(truth, "ground truth")


def same_video(truth: TrackRows, detections: TrackRows) -> bool:
    """Whether boxes may be of the video of a ground truth: those of one overlap the other's, whichever has more."""
    return max(fit(truth, detections), fit(detections, truth)) >= WRONG_VIDEO_FIT


def _of_one(rows: TrackRows, what: str, other: TrackRows | None = None) -> Iterator[Finding]:
    """What a file tells of itself, whatever stands in the other.

    Only of columns 1 and 2 the other is asked: where the two fit, both may be swapped or neither, which stops nothing.
    """
    name = f"{what} {rows.path}"
    for form in betrayed_forms(_objects(rows, what)):
        fits = form == "id first" and other is not None and fits_unswapped(rows, other)
        yield Finding(FORMS[form].of(name), stops=not fits, by_plausibility=True)
    yield from _of_ids(rows, what)
    if len(rows) and (no_area := (rows.tlwh[:, 2:] <= 0).any(axis=1)).any():
        yield Finding(
            f"{int(no_area.sum())} of {len(rows)} boxes of {name} have a width or height (columns 5, 6) that is "
            "not above 0, so they match nothing; expected frame,id,x,y,w,h in px",
            stops=bool(no_area.all()),
        )


def _objects(rows: TrackRows, what: str) -> TrackRows:
    """The rows that need an id: areas to ignore are no objects."""
    return rows if what == "prediction" else rows[~rows.areas]


def _of_ids(rows: TrackRows, what: str) -> Iterator[Finding]:
    """Ids that tell nobody apart."""
    name, rows = f"{what} {rows.path}", _objects(rows, what)
    per_frame = np.unique(rows.frames, return_counts=True)[1]
    if len(rows) and len(np.unique(rows.ids)) == 1 and (rows.ids[0] == NO_ID or per_frame.max() > 1):
        track = "track run <sequence folder> --detector public --reid none" if what == "prediction" else ""
        yield Finding(
            f"ids missing in {name}: column 2 is {rows.ids[0]} in every row, as in a file of detections; "
            + (f"track them first ({track})" if track else "every object needs an id of its own there")
        )


def _of_rows_without_id(rows: TrackRows, what: str) -> Iterator[Finding]:
    """Some ids that are none. Looked at late: where column 2 is no id at all, -1 may be a left edge."""
    name, rows = f"{what} {rows.path}", _objects(rows, what)
    none = rows.ids == NO_ID
    if none.any() and not none.all():
        count, have = int(none.sum()), "have" if none.sum() > 1 else "has"
        yield Finding(
            f"{count} of {len(rows)} rows of {name} {have} no id ({NO_ID} in column 2, first in line "
            f"{rows.lines[none][0]}): give each object an id of its own, or delete what was not tracked",
            by_plausibility=np.unique(rows.frames[none], return_counts=True)[1].max() == 1,
        )


def _of_forms(truth: TrackRows, prediction: TrackRows) -> Iterator[Finding]:
    if are_shares(truth.tlwh) != are_shares(prediction.tlwh):
        rows, what = (truth, "ground truth") if are_shares(truth.tlwh) else (prediction, "prediction")
        yield Finding(
            f"boxes of {what} {rows.path} look like shares of the picture (all numbers are at most "
            f"{np.abs(rows.tlwh).max():g}): multiply x, w by the width and y, h by the height of the picture",
            by_plausibility=True,
        )
        return
    if (found := fits_better_as(truth, prediction)) is not None:
        is_prediction, form = found
        name = f"prediction {prediction.path}" if is_prediction else f"ground truth {truth.path}"
        yield Finding(form.of(name), by_plausibility=True)
        return
    if truth.path.exists() and prediction.path.exists() and truth.path.samefile(prediction.path):
        yield Finding(f"the prediction is the ground truth itself ({truth.path})", stops=False)


def _of_frames(truth: TrackRows, prediction: TrackRows, shift: int) -> Iterator[Finding]:
    starts = f"gt starts at {truth.frames.min()}, prediction at {prediction.frames.min()}"
    if not len(np.intersect1d(truth.frames, prediction.frames)):
        by = mending_shift(truth, prediction) or int(truth.frames.min() - prediction.frames.min())
        yield Finding(
            f"no frame number in common ({starts}; gt has {_span(truth)}, prediction {_span(prediction)}, "
            f"{prediction.path}): {_advice(by + shift)} to the frame numbers of the prediction"
        )
        return
    fits = fits_by_shift(truth, prediction)
    from_zero = prediction.frames.min() == 0 < truth.frames.min() and counts_from_zero(fits, truth.frames.min() == 1)
    by = 1 if from_zero else off_by(fits)
    if by:
        yield Finding(
            f"the frame numbers of prediction {prediction.path} look off by one ({starts}; MOTChallenge counts from "
            f"1): {_advice(by + shift)} to them",
            stops=bool(from_zero),
            by_plausibility=True,
        )
    elif (overlap := fit(truth, prediction)) < POOR_FIT:
        yield from _of_poor_overlap(truth, prediction, overlap, shift)


def _of_poor_overlap(truth: TrackRows, prediction: TrackRows, overlap: float, shift: int) -> Iterator[Finding]:
    """Numbers counted otherwise, another video, or a poor tracker, which is to be scored."""
    hardly = f"boxes of {prediction.path} hardly overlap those of {truth.path} (best overlap {overlap:.2f} in the mean)"
    if by := mending_shift(truth, prediction):
        better = fit(truth, prediction.shifted(by))
        yield Finding(
            f"{hardly}, but would with other frame numbers ({better:.2f}): {_advice(by + shift)} to those of the "
            "prediction",
            by_plausibility=True,
        )
    elif overlap < WRONG_VIDEO_FIT:
        nothing_fits = max(overlap, fit(prediction, truth)) < NOTHING_FITS
        yield Finding(
            f"{hardly}: are they of the same video, at the same size?", stops=nothing_fits, by_plausibility=True
        )


def _advice(shift: int) -> str:
    """What to type, for a sentence that goes on with `to the frame numbers`."""
    return f"--shift {shift} adds {shift}" if shift else "leave --shift out, for nothing is to be added"


def _span(rows: TrackRows) -> str:
    return f"{rows.frames.min()} to {rows.frames.max()}"


def _of_flags(truth: TrackRows) -> Iterator[Finding]:
    if (truth.flags == 0).all():
        yield Finding(
            f"every row of {truth.path} has flag 0 in column 7, so nothing is scored: write 1 where it should be"
        )
    fractions = truth.flags[~np.isin(truth.flags, np.round(truth.flags))]
    if len(fractions):
        yield Finding(
            f"column 7 of {truth.path} holds {fractions[0]:g}, a score? In a ground truth it is a flag: 1 to be "
            "scored, 0 to be left out",
            by_plausibility=True,
        )


def twice(rows: TrackRows, what: str) -> Iterator[Finding]:
    """Ids that stand in one frame more than once, which no metric can score; but areas to ignore need no id."""
    rows = _objects(rows, what)
    pairs, counts = np.unique(np.stack([rows.frames, rows.ids]), axis=1, return_counts=True)
    if len(counts) and counts.max() > 1:
        frame, track = pairs[:, counts > 1][:, 0].tolist()
        lines = [str(line) for line in rows.lines[(rows.frames == frame) & (rows.ids == track)].tolist()]
        times = "twice" if len(lines) == 2 else f"{len(lines)} times"
        where = " and ".join(lines) if len(lines) == 2 else f"{', '.join(lines[:3])}{', ...' if len(lines) > 3 else ''}"
        more = int((counts > 1).sum()) - 1
        also = f"; so have {more} more pairs of id and frame" if more > 1 else "; so has one more pair" if more else ""
        text = f"{what} {rows.path} has id {track} {times} in frame {frame} (lines {where}{also})"
        yield Finding(
            f"{text}, but an object can be in one place only: give every object an id of its own, or delete the rows "
            "that are too many"
        )
