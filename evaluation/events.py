"""Every identity switch and fragmentation: the single cases behind CLEAR's counts IDSW and Frag."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from evaluation.overlap import EPS
from evaluation.prepare import MATCH_IOU, Prepared
from evaluation.rows import BoolArray, FloatArray, IntArray

__all__ = ["Event", "list_events"]

KEEP_BONUS = 1000.0
"""Added to the overlap of a pair that was matched at the frame before, so that it stays together (as TrackEval)."""


@dataclass(frozen=True)
class Event:
    """One switch or fragmentation; ids and frames as in the files.

    Attributes:
        kind: `switch`: the object is matched to another id than the last time. `fragmentation`: it is matched again
            after one frame or more without a match, by whichever id.
        frame: of the match that ended it.
        gt_id: the object.
        from_id: prediction it was matched to before.
        to_id: prediction it is matched to now.
        last_frame: of the match before.
    """

    kind: str
    frame: int
    gt_id: int
    from_id: int
    to_id: int
    last_frame: int


def list_events(prepared: Prepared) -> list[Event]:
    """All events in order of frames; their number is `IDSW + Frag` of `measure`.

    As in CLEAR of TrackEval, a frame without any ground truth or any prediction ends no match.
    """
    num_gt = len(prepared.gt_labels)
    last_pred = np.full(num_gt, -1, np.int64)
    last_frame = np.zeros(num_gt, np.int64)
    now = np.full(num_gt, -1, np.int64)  # the match at the frame before
    events: list[Event] = []
    if not prepared.num_gt_boxes or not prepared.num_pred_boxes:
        return events
    for frame, gt_ids, pred_ids, similarity in zip(
        prepared.frames, prepared.gt_ids, prepared.pred_ids, prepared.similarity, strict=True
    ):
        if not len(gt_ids) or not len(pred_ids):
            continue
        rows, columns = _match(pred_ids[None, :] == now[gt_ids][:, None], similarity)
        was = now.copy()
        now[:] = -1
        now[gt_ids[rows]] = pred_ids[columns]
        for gt_id in np.sort(gt_ids[rows]).tolist():
            for kind in _kinds(int(last_pred[gt_id]), int(was[gt_id]), int(now[gt_id])):
                from_id, to_id = prepared.pred_labels[[last_pred[gt_id], now[gt_id]]].tolist()
                label, last = int(prepared.gt_labels[gt_id]), int(last_frame[gt_id])
                events.append(Event(kind, frame, label, from_id, to_id, last))
            last_pred[gt_id], last_frame[gt_id] = now[gt_id], frame
    return events


def _kinds(last: int, was: int, now: int) -> Iterator[str]:
    """What it means that an object is matched to `now`, `was` at the frame before (-1: not), and to `last` before."""
    if last < 0:
        return
    if last != now:
        yield "switch"
    if was < 0:
        yield "fragmentation"


def _match(kept: BoolArray, similarity: FloatArray) -> tuple[IntArray, IntArray]:
    scores = KEEP_BONUS * kept + similarity
    scores[similarity < MATCH_IOU - EPS] = 0
    rows, columns = linear_sum_assignment(-scores)
    good = scores[rows, columns] > EPS
    return np.asarray(rows[good], np.int64), np.asarray(columns[good], np.int64)
