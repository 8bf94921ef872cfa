"""Counts as a tracker would give them, with a planted effect of one setting or with chance alone."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np

from evaluation.pieces import Pieces
from track.commands.tune.folds import make_folds
from track.commands.tune.search import ALL, Search, plan
from track.commands.tune.space import SPACE
from track.commands.tune.trials import Study
from track.commands.tune.tune import Tuning

__all__ = ["NAMES", "NUM_PIECES", "Counting", "tuning"]

NAMES, NUM_PIECES = ("a", "b", "c"), 8
BASE = {setting.name: (setting.low * setting.high) ** 0.5 if setting.log else setting.low for setting in SPACE}


class Counting:
    """Stands for tracking: each piece has 200 boxes, of which a share is matched.

    Args:
        planted: how much larger that share is with `max_iou_distance` at its upper end than at its lower one.
        noise: standard deviation of what each setting does to each piece, by chance.
        seed: of the noise.

    Attributes:
        calls: how often something was tracked.
    """

    def __init__(self, planted: float = 0.0, noise: float = 0.02, seed: int = 0) -> None:
        self._planted, self._noise, self._seed = planted, noise, seed
        self.calls = 0

    def __call__(self, values: Mapping[str, float]) -> list[Pieces]:
        self.calls += 1
        share = (values.get("max_iou_distance", 0.5) - 0.5) / 0.45
        hard = np.random.default_rng(self._seed).uniform(0.5, 0.8, (len(NAMES), NUM_PIECES))
        luck = np.random.default_rng(zlib.crc32(f"{self._seed} {sorted(values.items())}".encode()))
        matched = hard + self._planted * share + luck.normal(0, self._noise, hard.shape)
        return [_pieces(np.clip(row, 0, 1) * 200) for row in matched]


def _pieces(matched: np.ndarray) -> Pieces:
    boxes = np.full(len(matched), 200.0)
    clear = np.column_stack((boxes - matched, boxes - matched, np.zeros(len(boxes))))
    hota = np.repeat(matched[:, None, None], 19, axis=2)
    return Pieces(np.zeros((1, 2), np.int64), hota, matched[:, None], boxes[:, None], boxes[:, None], clear)


def tuning(count: Counting, study: Study, *, num_trials: int = 0, seed: int = 0) -> Tuning:
    """A search on three sequences, with so many of its trials done."""
    folds = make_folds(NAMES, [NUM_PIECES] * len(NAMES))
    searches = {which: Search(which, SPACE, BASE, seed) for which in (ALL, *range(len(folds)))}
    found = Tuning(count, folds, searches, study, 1200)
    done = {trial.step for trial in study.trials}
    for step in plan(num_trials, study.num_shared, len(folds)):
        if step not in done:
            found.try_one(step)
    return found
