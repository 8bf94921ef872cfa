"""What a file may hold instead of frame,id,x,y,w,h: other box forms, shifted columns, other frame numbers.

Two kinds of evidence. A file can betray itself: in `x1,y1,x2,y2` the corners of a moving object move together. Or it
fits the other file badly as it stands and well when read in another way. Much else makes two sound files fit badly:
tracks of a part of the video with numbers of their own, of a mirrored or a cut picture, of another object. By chance
a wrong reading may then fit, so it has to fit for several objects, and far better than boxes that are merely moved.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from evaluation.overlap import box_iou
from evaluation.rows import FloatArray, IntArray, TrackRows
from registry.box_files import NUM_COLUMNS
from registry.misread_boxes import are_corners, has_class_in_column_3, lacks_id_column

__all__ = [
    "FAR_BETTER",
    "FORMS",
    "Form",
    "betrayed_forms",
    "fit",
    "fits_better_as",
    "fits_unswapped",
]

MAX_FRAMES = 100
"""Frames looked at to see how well two files fit: a mean over many boxes, and at once."""
POOR_FIT = 0.3
GOOD_FIT = 0.4
"""Mean best overlap. Wrong forms stay below 0.3 and the right one above 0.4 on all sequences at hand; in between nobody
is accused."""
FAR_BETTER = 0.2
"""Mean overlap that must be gained by another reading, or other numbers, of which many are tried."""
MIN_BOXES, MIN_OBJECTS = 20, 3
"""Fewer fit by chance: in a crowd somebody is everywhere."""
MAX_OBJECTS = 100
"""Objects looked at one by one."""
STEADY = 0.9
"""Of swapped columns: share of the change of size from row to row that is left when they are swapped back."""
MIN_STEPS = 20
"""Fewer steps from row to row have a mean by chance."""


@dataclasses.dataclass(frozen=True)
class Form:
    """Another way to read a file.

    Attributes:
        says: what the file seems to hold, in words; `{name}` is the file.
        fix: what to do.
        read: the rows when read that way; `None` where they can't be.
    """

    says: str
    fix: str
    read: Callable[[TrackRows], TrackRows | None]

    def of(self, name: str) -> str:
        """The sentence about a file."""
        return f"{self.says.format(name=name)}: {self.fix}"


def _from_corners(rows: TrackRows) -> TrackRows | None:
    tlwh = rows.tlwh.copy()
    tlwh[:, 2:] -= tlwh[:, :2]
    return dataclasses.replace(rows, tlwh=tlwh) if (tlwh[:, 2:] > 0).mean() > 0.9 else None


def _from_centres(rows: TrackRows) -> TrackRows:
    tlwh = rows.tlwh.copy()
    tlwh[:, :2] -= tlwh[:, 2:] / 2
    return dataclasses.replace(rows, tlwh=tlwh)


def _with_class_first(rows: TrackRows) -> TrackRows | None:
    return dataclasses.replace(rows, tlwh=rows.raw[:, 3:7]) if rows.raw.shape[1] > 6 else None


def _with_id_first(rows: TrackRows) -> TrackRows:
    return dataclasses.replace(rows, frames=rows.ids, ids=rows.frames)


def _without_ids(rows: TrackRows) -> TrackRows | None:
    return dataclasses.replace(rows, tlwh=rows.raw[:, 1:5]) if rows.raw.shape[1] > 5 else None


FORMS: Mapping[str, Form] = {
    "corners": Form(
        "the boxes of {name} look like x1,y1,x2,y2 in a w,h file",
        "write w = x2 - x1 and h = y2 - y1 in columns 5 and 6",
        _from_corners,
    ),
    "centres": Form(
        "the boxes of {name} look like centre x, centre y, w, h",
        "write left = x - w / 2 and top = y - h / 2 in columns 3 and 4",
        _from_centres,
    ),
    "class first": Form(
        "{name} seems to have the class in column 3",
        "write frame,id,x,y,w,h,score,class: the class belongs in column 8",
        _with_class_first,
    ),
    "id first": Form(
        "{name} seems to have the id before the frame (id,frame,x,y,w,h)",
        "swap columns 1 and 2: the frame comes first",
        _with_id_first,
    ),
    "no ids": Form(
        "ids missing in {name}: it seems to have no id in column 2 (frame,x,y,w,h)",
        "write frame,id,x,y,w,h with an id for each object; detections have to be tracked first",
        _without_ids,
    ),
}


def fit(truth: TrackRows, prediction: TrackRows) -> float:
    """Mean over predicted boxes of their best overlap with the ground truth, 0 to 1, in frames that both have."""
    frames = np.intersect1d(truth.frames, prediction.frames)
    if not len(frames):
        return 0.0
    frames = frames[:: -(-len(frames) // MAX_FRAMES)]
    best = [
        box_iou(predicted, annotated).max(axis=1)
        for predicted, annotated in zip(_boxes_of(prediction, frames), _boxes_of(truth, frames), strict=True)
    ]
    return float(np.concatenate(best).mean())


def _boxes_of(rows: TrackRows, frames: IntArray) -> list[FloatArray]:
    """The boxes of each of these frames."""
    there = np.flatnonzero(np.isin(rows.frames, frames))
    there = there[np.argsort(rows.frames[there], kind="stable")]
    return np.split(rows.tlwh[there], np.searchsorted(rows.frames[there], frames)[1:])


def fits_better_as(truth: TrackRows, prediction: TrackRows) -> tuple[bool, Form] | None:
    """Which file fits the other well when read in another form, where they fit badly as they stand.

    Of swapped columns 1 and 2 a fit says nothing: all places of an object in one frame are a way on which somebody is
    found in any frame. Such a file betrays itself.

    Returns:
        Whether it is the prediction, and its form: of all readings of either file the one that fits best.
    """
    as_it_stands = fit(truth, prediction)
    if as_it_stands >= POOR_FIT:
        return None
    fits: list[tuple[float, bool, str]] = []
    for name, form in FORMS.items():
        if name == "id first":
            continue
        if (other := form.read(prediction)) is not None:
            fits.append((fit(truth, other), True, name))
        if (other := form.read(truth)) is not None:
            fits.append((fit(other, prediction), False, name))
    best, is_prediction, name = max(fits)
    if best < max(GOOD_FIT, as_it_stands + FAR_BETTER):
        return None
    read = FORMS[name].read(prediction if is_prediction else truth)
    if read is None:
        return None
    is_meant = _is_no_chance(truth, read, best) if is_prediction else _is_no_chance(read, prediction, best)
    return (is_prediction, FORMS[name]) if is_meant else None


def _is_no_chance(truth: TrackRows, prediction: TrackRows, overlap: float) -> bool:
    """Whether two files fit for several objects in several frames, and do not when their boxes are moved by a half."""
    shared = prediction[np.isin(prediction.frames, truth.frames)]
    per_object = [fit(truth, shared[shared.ids == track]) for track in np.unique(shared.ids)[:MAX_OBJECTS].tolist()]
    if len(shared) < MIN_BOXES or np.sum(np.array(per_object) >= GOOD_FIT) < max(MIN_OBJECTS, len(per_object) / 2):
        return False
    moved = (_moved(prediction, across, down) for across in (-0.5, 0.5) for down in (-0.5, 0.5))
    return all(fit(truth, other) < overlap - FAR_BETTER for other in moved)


def _moved(rows: TrackRows, across: float, down: float) -> TrackRows:
    """The boxes moved by shares of their size."""
    tlwh = rows.tlwh.copy()
    tlwh[:, :2] += tlwh[:, 2:] * (across, down)
    return dataclasses.replace(rows, tlwh=tlwh)


def has_id_first(rows: TrackRows) -> bool:
    """Whether columns 1 and 2 must be swapped, by themselves: a "track" leaps about, its boxes at one "frame" do not.

    Nothing goes further in a frame than objects are apart, and an object keeps its size. Two objects side by side, or
    one found twice, are no proof: most rows have to say so, and tracks be longer when read that way, or be read from a
    crowd that is seen for a moment.
    """
    as_is, swapped = _steps(rows), _steps(_with_id_first(rows))
    if len(as_is) < MIN_STEPS or len(swapped) < len(rows) / 2:
        return False
    (place, size), (place_swapped, size_swapped) = as_is.mean(axis=0), swapped.mean(axis=0)
    are_longer = len(swapped) > len(as_is)
    return bool(place_swapped < (0.5 if are_longer else 0.2) * place and size_swapped < STEADY * size)


def fits_unswapped(rows: TrackRows, other: TrackRows) -> bool:
    """Whether two files fit as they stand, and better than with columns 1 and 2 of the first swapped."""
    as_is = fit(rows, other)
    return as_is >= POOR_FIT and as_is > fit(_with_id_first(rows), other)


def _steps(rows: TrackRows) -> FloatArray:
    """`(S, 2)` from each row of a track to the next, px: the way of left and top, the change of width and height."""
    order = np.lexsort((rows.frames, rows.ids))
    same = np.diff(rows.ids[order]) == 0
    steps: FloatArray = np.abs(np.diff(rows.tlwh[order], axis=0)).reshape(-1, 2, 2).sum(axis=2)[same]
    return steps


def betrayed_forms(rows: TrackRows) -> list[str]:
    """The forms in `FORMS` that a file must have by itself, whatever stands in another one."""
    has_columns = rows.raw.shape[1] >= NUM_COLUMNS  # a header says what its columns hold
    found = {
        "class first": has_class_in_column_3(rows.raw, rows.ids),
        "no ids": has_columns and lacks_id_column(rows.tlwh),
        "id first": has_id_first(rows),
        "corners": are_corners(rows.tlwh, rows.ids),
    }
    return [form for form, is_betrayed in found.items() if is_betrayed]
