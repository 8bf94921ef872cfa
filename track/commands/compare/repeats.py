"""`track compare --repeats`: the same comparison on other draws of the luck, and which differences are no more than it.

Each draw shifts and scales every box a little and leaves a few out, the same ones for all that is compared. What
changes from draw to draw is what figures owe to chance in the detections. No draw tells what other videos would give.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evaluation import Report
from track.commands.compare.result import Row
from track.scenes.scene import Embedded, Scene

__all__ = ["DISTURBANCE", "Spread", "differences_in_words", "disturbed", "spread_of"]

JITTER = 0.015
"""Deviation of the edges of a box, in its sides."""
LEFT_OUT = 0.02
"""Share of the detections."""
DISTURBANCE = f"edges shifted by {JITTER:.1%} of the sides, {LEFT_OUT:.0%} of the boxes left out"
CONFIDENCE = 0.95
COMPARED = ("HOTA", "IDF1")


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation of a figure over the draws."""

    mean: float
    deviation: float


def disturbed(scene: Scene, embedded: Embedded | None, seed: int) -> tuple[Scene, Embedded | None]:
    """Another draw of a scene, with the embeddings of the boxes that are left."""
    rng = np.random.default_rng([seed, 0xD157])
    kept = rng.random(scene.num_boxes) >= LEFT_OUT
    owner = np.repeat(np.arange(len(scene)), scene.counts)
    xyxy = np.asarray(scene.xyxy, np.float64)
    sides = np.tile(xyxy[:, 2:] - xyxy[:, :2], 2)
    moved = _still_boxes(xyxy, xyxy + rng.normal(0, JITTER, xyxy.shape) * sides)
    other = dataclasses.replace(
        scene,
        counts=np.bincount(owner[kept], minlength=len(scene)).astype(np.int64),
        xyxy=moved[kept].astype(scene.xyxy.dtype),
        scores=scene.scores[kept],
        class_ids=scene.class_ids[kept],
        features=scene.features[kept] if len(scene.features) else scene.features,
    )
    return other, None if embedded is None else dataclasses.replace(embedded, rows=embedded.rows[kept])


def _still_boxes(before: npt.NDArray[np.float64], moved: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The moved boxes, but for those that would have no area."""
    is_box = (moved[:, 2] > moved[:, 0]) & (moved[:, 3] > moved[:, 1])
    return np.where(is_box[:, np.newaxis], moved, before)


def spread_of(reports: Sequence[Report], name: str) -> Spread:
    """Mean and deviation of a percentage or a count over the draws."""
    values = np.array([report.combined[name] for report in reports])
    return Spread(float(values.mean()), float(values.std(ddof=1)))


def differences_in_words(rows: Sequence[Row]) -> list[str]:
    """For HOTA and IDF1 a sentence on each row that is behind the best: by how much, or that it is noise.

    Differences are taken draw by draw, so that what all have in common falls out; the interval is that of Student's t.
    """
    if len(rows) < 2 or not rows[0].repeats:
        return []
    lines = []
    for name in COMPARED:
        values = np.array([[report.combined[name] for report in row.repeats] for row in rows])
        best = int(values.mean(axis=1).argmax())
        for place, row in enumerate(rows):
            if place != best:
                lines.append(_in_words(name, rows[best], row, values[best] - values[place]))
    return lines


def _in_words(name: str, best: Row, other: Row, differences: npt.NDArray[np.float64]) -> str:
    from scipy.stats import t

    mean = float(differences.mean())
    error = float(differences.std(ddof=1)) / np.sqrt(len(differences))
    reach = float(t.ppf((1 + CONFIDENCE) / 2, len(differences) - 1)) * error
    pair = f"{_named(best)} over {_named(other)}"
    interval = f"{mean:+.2f} ({mean - reach:+.2f} to {mean + reach:+.2f})"
    if mean - reach <= 0:
        return f"{name}: {pair}: {interval}, which is noise"
    return f"{name}: {pair}: {interval}, more than noise on this source"


def _named(row: Row) -> str:
    return f"{row.encoder} with {row.tracker}"
