"""Settings beside `strong`, each with one switch otherwise: what choosing had to choose from.

`choose --variants` measures them one by one. Of them and `strong` itself, `peers_groups` takes for each source what is
best on the other sources: the score of a choice where nobody chose.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from tracker.presets import TrackerPreset, load_preset

__all__ = ["VARIANTS", "changed"]

VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "recover_s 0.35": {"recover_s": 0.35},
    "recover_s 1.0": {"recover_s": 1.0},
    "border as in strong-1": {"border_wait_s": 1.5, "border_share": 0.7},
    "penalties as in strong-1": {"tentative_penalty": 0.2, "doubt_penalty": 0.2},
    "aspect_std off": {"aspect_std": 0.01},
    "motion_in_seconds off": {"motion_in_seconds": False},
    "births off": {"birth_iou": 1.0, "birth_inside": 1.0},
    "calibrated_scores off": {"calibrated_scores": False},
    "confirm_evidence off": {"confirm_evidence": 0.0},
    "miss_evidence 2": {"miss_evidence": 2.0},
    "predicted_s off": {"predicted_s": 0.0},
    "measured_noise, score_noise off": {"measured_noise": 1.0, "score_noise": 0.0},
    "score_noise off": {"score_noise": 0.0},
    "camera_from_boxes off": {"camera_from_boxes": False},
    "birth_score off": {"birth_score": 0.0},
    "low_score 0.3": {"low_score": 0.3},
}


def changed(preset: str, changes: Mapping[str, Any]) -> TrackerPreset:
    """A preset, or a file, with some settings otherwise."""
    found = load_preset(preset)
    return dataclasses.replace(found, config=dataclasses.replace(found.config, **changes))
