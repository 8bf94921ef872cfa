"""HOTA, CLEAR and Identity of prepared arrays; the arithmetic is TrackEval's own.

Luiten et al. 2021 (HOTA), Bernardin and Stiefelhagen 2008 (CLEAR MOT), Ristani et al. 2016 (Identity).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluation.prepare import MATCH_IOU, Prepared

__all__ = ["COUNTS", "PERCENTAGES", "Measured", "Scores", "combine", "measure"]

PERCENTAGES = {
    "HOTA": ("HOTA", "HOTA"),
    "DetA": ("HOTA", "DetA"),
    "AssA": ("HOTA", "AssA"),
    "LocA": ("HOTA", "LocA"),
    "DetRe": ("HOTA", "DetRe"),
    "DetPr": ("HOTA", "DetPr"),
    "AssRe": ("HOTA", "AssRe"),
    "AssPr": ("HOTA", "AssPr"),
    "MOTA": ("CLEAR", "MOTA"),
    "MOTP": ("CLEAR", "MOTP"),
    "Recall": ("CLEAR", "CLR_Re"),
    "Precision": ("CLEAR", "CLR_Pr"),
    "IDF1": ("Identity", "IDF1"),
    "IDP": ("Identity", "IDP"),
    "IDR": ("Identity", "IDR"),
}
"""Our name -> TrackEval's metric and field. Those of HOTA are means over its 19 thresholds."""

COUNTS = {
    "TP": ("CLEAR", "CLR_TP"),
    "FP": ("CLEAR", "CLR_FP"),
    "FN": ("CLEAR", "CLR_FN"),
    "IDSW": ("CLEAR", "IDSW"),
    "Frag": ("CLEAR", "Frag"),
    "MT": ("CLEAR", "MT"),
    "PT": ("CLEAR", "PT"),
    "ML": ("CLEAR", "ML"),
    "IDTP": ("Identity", "IDTP"),
    "IDFP": ("Identity", "IDFP"),
    "IDFN": ("Identity", "IDFN"),
}

_SIZES = ("frames", "gt_boxes", "gt_ids", "pred_boxes", "pred_ids")


@dataclass(frozen=True)
class Scores:
    """What is shown.

    Attributes:
        percentages: by the names in `PERCENTAGES`, 0 to 100 (MOTA can be below 0).
        counts: by the names in `COUNTS`, and `frames`, `gt_boxes`, `gt_ids`, `pred_boxes`, `pred_ids`.
    """

    percentages: Mapping[str, float]
    counts: Mapping[str, int]

    def __getitem__(self, name: str) -> float:
        return self.percentages[name] if name in self.percentages else self.counts[name]


@dataclass(frozen=True)
class Measured:
    """Scores with TrackEval's own results, from which sequences are combined.

    Attributes:
        scores: what is shown.
        raw: by metric, as TrackEval returns it.
    """

    scores: Scores
    raw: Mapping[str, Mapping[str, Any]]


@functools.cache
def _metrics() -> dict[str, Any]:
    from trackeval.metrics import CLEAR, HOTA, Identity  # here: a second to import

    options = {"THRESHOLD": MATCH_IOU, "PRINT_CONFIG": False}
    return {"HOTA": HOTA(), "CLEAR": CLEAR(dict(options)), "Identity": Identity(dict(options))}


def measure(prepared: Prepared) -> Measured:
    """The metrics of one sequence (and class)."""
    data = {
        "num_timesteps": prepared.num_frames,
        "num_gt_dets": prepared.num_gt_boxes,
        "num_tracker_dets": prepared.num_pred_boxes,
        "num_gt_ids": len(prepared.gt_labels),
        "num_tracker_ids": len(prepared.pred_labels),
        "gt_ids": prepared.gt_ids,
        "tracker_ids": prepared.pred_ids,
        "similarity_scores": prepared.similarity,
    }
    raw = {name: metric.eval_sequence(data) for name, metric in _metrics().items()}
    sizes = (
        prepared.num_frames,
        prepared.num_gt_boxes,
        len(prepared.gt_labels),
        prepared.num_pred_boxes,
        len(prepared.pred_labels),
    )
    return Measured(_scores(raw, dict(zip(_SIZES, sizes, strict=True))), raw)


def combine(parts: Sequence[Measured]) -> Measured:
    """The metrics of all boxes together: counts are summed, ratios made anew (not the mean of the sequences)."""
    raw = {
        name: metric.combine_sequences({str(number): part.raw[name] for number, part in enumerate(parts)})
        for name, metric in _metrics().items()
    }
    return Measured(_scores(raw, {size: sum(part.scores.counts[size] for part in parts) for size in _SIZES}), raw)


def _scores(raw: Mapping[str, Mapping[str, Any]], sizes: Mapping[str, int]) -> Scores:
    percentages = {name: 100 * float(np.mean(raw[metric][field])) for name, (metric, field) in PERCENTAGES.items()}
    counts = {name: int(raw[metric][field]) for name, (metric, field) in COUNTS.items()}
    return Scores(percentages, {**counts, **sizes})
