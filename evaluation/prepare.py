"""Files and rules -> arrays for the metrics: what is scored, frame by frame, with dense ids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from evaluation.overlap import EPS, box_iou, box_share
from evaluation.rows import BoolArray, FloatArray, IntArray, TrackRows
from evaluation.rules import LAST_CLASS, PEDESTRIAN, Rules

__all__ = ["MATCH_IOU", "Prepared", "frame_slices", "prepare"]

MATCH_IOU = 0.5
"""Overlap from which a prediction takes a ground-truth box; also for distractors. MOTChallenge, TrackEval."""
IGNORED_SHARE = 0.5
"""Share of an unmatched prediction inside an ignored area from which it is left out (as KITTI does for DontCare)."""


@dataclass(frozen=True)
class Prepared:
    """What is scored of one sequence. Frames without any box are left out: they change no metric.

    Attributes:
        frames: the frame numbers, `T` of them.
        num_frames: frames in the span, also those without boxes.
        gt_ids: for each frame, `(n,)` dense ids from 0.
        pred_ids: for each frame, `(m,)` dense ids from 0.
        similarity: for each frame, `(n, m)` intersection over union.
        gt_labels: `(G,)` ids in the file of the dense ids.
        pred_labels: `(P,)` the same of the prediction.
    """

    frames: tuple[int, ...]
    num_frames: int
    gt_ids: tuple[IntArray, ...]
    pred_ids: tuple[IntArray, ...]
    similarity: tuple[FloatArray, ...]
    gt_labels: IntArray
    pred_labels: IntArray

    @property
    def num_gt_boxes(self) -> int:
        """Scored boxes of the ground truth."""
        return sum(len(ids) for ids in self.gt_ids)

    @property
    def num_pred_boxes(self) -> int:
        """Scored boxes of the prediction."""
        return sum(len(ids) for ids in self.pred_ids)


def prepare(truth: TrackRows, prediction: TrackRows, rules: Rules, num_frames: int) -> Prepared:
    """Apply the rules and number the ids.

    Args:
        truth: all annotations in the span of frames; where the rules go by class, those of one class and the areas to
            ignore, whatever class these have.
        prediction: the boxes to score, likewise.
        rules: rule set.
        num_frames: length of the span.

    Raises:
        ValueError: a class that the rules do not know.
    """
    kept_truth, kept_prediction = np.ones(len(truth), bool), np.ones(len(prediction), bool)
    counted = _is_counted(truth, rules)
    blocks = []
    for frame, rows_truth, rows_prediction in frame_slices(truth, prediction):
        similarity = box_iou(truth.tlwh[rows_truth], prediction.tlwh[rows_prediction])
        if similarity.size:
            kept_prediction[rows_prediction] = ~_is_ignored(
                truth[rows_truth], prediction[rows_prediction], counted[rows_truth], similarity, rules
            )
        kept_truth[rows_truth] = counted[rows_truth]
        keeps = np.ix_(kept_truth[rows_truth], kept_prediction[rows_prediction])
        blocks.append((frame, rows_truth[keeps[0].ravel()], rows_prediction[keeps[1].ravel()], similarity[keeps]))
    gt_labels, gt_dense = np.unique(truth.ids[kept_truth], return_inverse=True)
    pred_labels, pred_dense = np.unique(prediction.ids[kept_prediction], return_inverse=True)
    gt_of_row, pred_of_row = np.zeros(len(truth), np.int64), np.zeros(len(prediction), np.int64)
    gt_of_row[kept_truth], pred_of_row[kept_prediction] = gt_dense, pred_dense
    blocks = [block for block in blocks if len(block[1]) or len(block[2])]
    return Prepared(
        frames=tuple(frame for frame, *_ in blocks),
        num_frames=num_frames,
        gt_ids=tuple(gt_of_row[rows] for _, rows, _, _ in blocks),
        pred_ids=tuple(pred_of_row[rows] for _, _, rows, _ in blocks),
        similarity=tuple(similarity for *_, similarity in blocks),
        gt_labels=gt_labels,
        pred_labels=pred_labels,
    )


def frame_slices(truth: TrackRows, prediction: TrackRows) -> Iterator[tuple[int, IntArray, IntArray]]:
    """Each frame that has a box, with the rows of both, in the order of the files."""
    orders = [np.argsort(rows.frames, kind="stable") for rows in (truth, prediction)]
    frames = [rows.frames[order] for rows, order in zip((truth, prediction), orders, strict=True)]
    found = np.union1d(*frames)
    first = [np.searchsorted(each, found) for each in frames]
    last = [np.searchsorted(each, found, side="right") for each in frames]
    for number, frame in enumerate(found.tolist()):
        rows = [order[a[number] : b[number]] for order, a, b in zip(orders, first, last, strict=True)]
        yield frame, rows[0], rows[1]


def _is_counted(truth: TrackRows, rules: Rules) -> BoolArray:
    """`(N,)` which annotations are scored. TrackEval would cut a flag of 0.9, a score, to 0 and not score the row."""
    counted = ~truth.areas if rules.ignores_inside else truth.flags != 0
    if rules.pedestrians_only:
        if not truth.has_classes:
            raise ValueError(f"{truth.path} tells no classes, by which {rules.name} goes: use --rules mot15")
        unknown = truth.class_ids[(truth.class_ids < PEDESTRIAN) | (truth.class_ids > LAST_CLASS)]
        if len(unknown):
            raise ValueError(
                f"{truth.path} has class {unknown[0]}, but {rules.name} knows classes 1 to {LAST_CLASS}: "
                "use --rules own"
            )
        counted &= truth.class_ids == PEDESTRIAN
    return np.asarray(counted, bool)


def _is_ignored(
    truth: TrackRows, prediction: TrackRows, counted: BoolArray, similarity: FloatArray, rules: Rules
) -> BoolArray:
    """`(m,)` which predictions of a frame neither count nor cost."""
    ignored = np.zeros(len(prediction), bool)
    if rules.distractors:
        matched, by = _matches(similarity)
        ignored[by] = np.isin(truth.class_ids[matched], list(rules.distractors))
    if rules.ignores_inside and not counted.all():
        _, by = _matches(similarity[counted])
        inside = box_share(prediction.tlwh, truth.tlwh[~counted]).max(axis=1) >= IGNORED_SHARE
        inside[by] = False
        ignored |= inside
    return ignored


def _matches(similarity: FloatArray) -> tuple[IntArray, IntArray]:
    """Pairs of the assignment with the largest overlap in sum, those below `MATCH_IOU` left out."""
    scores = np.where(similarity < MATCH_IOU - EPS, 0.0, similarity)
    rows, columns = linear_sum_assignment(-scores)
    good = scores[rows, columns] > EPS
    return np.asarray(rows[good], np.int64), np.asarray(columns[good], np.int64)
