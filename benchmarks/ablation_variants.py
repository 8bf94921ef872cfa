"""What `ablation.py` turns: the switches of a tracker preset and of linking, and what settings are chosen from."""

from __future__ import annotations

import dataclasses
from typing import Any

from tracker import TrackerConfig

__all__ = ["CHOICES", "LINK_CHOICES", "OFFLINE", "plateau", "variants"]

OFF = {field.name: field.default for field in dataclasses.fields(TrackerConfig)}
TRIED: dict[str, Any] = {
    "low_score": 0.3,
    "score_noise": 0.5,
    "replay_gaps": True,
    "direction_penalty": 0.2,
    "duplicate_iou": 0.7,
}
"""Switches that a preset may have left off, and what they are turned to."""
NOT_MEASURED = (
    "camera_motion",
    "class_vote",
    "appearance_momentum",
    "max_age_s",
    "max_cosine_distance",
    "gallery_size",
    "n_init",
)
TOGETHER: dict[str, dict[str, Any]] = {
    "measured_noise": {"measured_noise": 1.0, "score_noise": 0.0},
    "calibrated_scores": {"calibrated_scores": False, "birth_score": 0.8},
    "confirm_evidence": {"confirm_evidence": 0.0},
    "deepsort": OFF,
}
"""Turning these off alone would leave others without sense."""

CHOICES: dict[str, tuple[float, ...]] = {
    "border_wait_s": (0.0, 1.0, 1.5),
    "border_share": (0.0, 0.5, 0.7, 0.8),
}
"""What --leave-one-out chooses from."""
LINK_CHOICES: dict[str, tuple[float, ...]] = {
    "max_shift": (0.2, 0.3, 0.4),
    "least_probability": (0.55, 0.6, 0.65),
    "score_noise": (0.0, 0.5),
}
"""The same for linking."""

OFFLINE: dict[str, dict[str, Any]] = {
    "--offline": {},
    "no links": {"max_shift": 0.0},
    "no track dropped": {"least_probability": 0.0},
    "nothing taken in": {"extend_iou": 1.0},
    "all boxes trusted the same": {"score_noise": 0.0},
    "boxes not smoothed": {"smooth": False},
    "no gap filled": {"max_gap_s": 0.0},
    "gaps filled and boxes smoothed only": {"max_shift": 0.0, "least_probability": 0.0, "extend_iou": 1.0},
}
"""Variants of linking: what each changes."""


def variants(config: TrackerConfig) -> dict[str, dict[str, Any]]:
    """Name -> changed settings: each switch that is on turned off, and each that is off turned on."""
    found: dict[str, dict[str, Any]] = {}
    for name, off in OFF.items():
        if name in NOT_MEASURED:
            continue
        if name in TOGETHER:
            if getattr(config, name) != off:
                found[f"{name} off"] = TOGETHER[name]
        elif getattr(config, name) != off and name not in ("birth_score", "miss_evidence", "most_evidence"):
            found[f"{name} off"] = {name: off}
        elif name in TRIED:
            found[f"{name} {TRIED[name]}"] = {name: TRIED[name]}
    return {**found, "all off (deepsort)": dict(OFF)}


def plateau(config: TrackerConfig) -> dict[str, dict[str, Any]]:
    """Each number that is on, a fifth lower and higher."""
    found: dict[str, dict[str, Any]] = {}
    for name, off in OFF.items():
        value = getattr(config, name)
        if isinstance(value, float) and value != off and name not in NOT_MEASURED:
            for factor in (0.8, 1.2):
                found[f"{name} {value * factor:.3g}"] = {name: value * factor}
    return found
