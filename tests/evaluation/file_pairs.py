"""Ground truth and prediction of one scene as two files, as they are or changed, and their score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from evaluation import EvalOptions, Report, evaluate, find_pairs
from tests.evaluation.scenes import Row, changed, walkers, write, write_gt

GT = walkers()


def jittered(rows: Sequence[Row]) -> list[Row]:
    random = np.random.default_rng(0)
    return [(*row[:2], *(np.array(row[2:6]) + random.normal(0, 2, 4))) for row in rows]


PREDICTION = jittered(GT)

Files = tuple[Sequence[Row], str, Sequence[Row], str]
GT_TAIL, PRED_TAIL = ",1,1,1", ",0.9,-1,-1,-1"


def both_as(change: Callable[..., Row]) -> Files:
    return changed(GT, change), GT_TAIL, changed(PREDICTION, change), PRED_TAIL


def prediction_as(change: Callable[..., Row], tail: str = PRED_TAIL) -> Files:
    return GT, GT_TAIL, changed(PREDICTION, change), tail


def truth_as(change: Callable[..., Row], tail: str = GT_TAIL) -> Files:
    return changed(GT, change), tail, PREDICTION, PRED_TAIL


def corners(f: float, i: float, x: float, y: float, w: float, h: float) -> Row:
    return f, i, x, y, x + w, y + h


def class_first(f: float, i: float, x: float, y: float, w: float, h: float) -> Row:
    return f, i, 2, x, y, w, h


def centres(f: float, i: float, x: float, y: float, w: float, h: float) -> Row:
    return f, i, x + w / 2, y + h / 2, w, h


def shares(f: float, i: float, x: float, y: float, w: float, h: float) -> Row:
    return f, i, x / 1000, y / 500, w / 1000, h / 500


def score(folder: Path, files: Files, **options: object) -> Report:
    truth, gt_tail, prediction, pred_tail = files
    write_gt(folder / "seq", truth, gt_tail)
    write(folder / "pred.txt", prediction, pred_tail)
    return evaluate(find_pairs(folder / "seq", folder / "pred.txt"), EvalOptions(**options))  # type: ignore[arg-type]
