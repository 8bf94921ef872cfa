"""Which settings of a tracker are tried, between which ends, and what becomes of a preset with them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tracker.presets import TrackerPreset

__all__ = ["CHANGED_AT_ONCE", "SPACE", "Setting", "Values", "changed_preset", "random_values", "space_of"]

Values = Mapping[str, float]
"""Settings by name; what is left out is as in the preset."""

CHANGED_AT_ONCE = 3
"""Settings that a random trial changes: presets are good, and most of what differs in all settings is worse."""
_DIGITS = 3


@dataclass(frozen=True)
class Setting:
    """One setting of `TrackerConfig` and the ends between which it is tried.

    Attributes:
        name: as in `tracker.config`.
        low, high: the ends.
        log: whether steps are factors.
        with_evidence: whether it has an effect only where evidence confirms a track (`True`), only where hits in a row
            do (`False`), or always (`None`).
        appearance: whether it has an effect only with embeddings.
        whole: whether it is a whole number.
    """

    name: str
    low: float
    high: float
    log: bool = False
    with_evidence: bool | None = None
    appearance: bool = False
    whole: bool = False

    def rounded(self, value: float) -> float:
        """As it stands in a file: three digits."""
        return round(value) if self.whole else float(f"{value:.{_DIGITS}g}")

    def clipped(self, value: float) -> float:
        """The end that is nearer, for a value beyond."""
        return min(max(value, self.low), self.high)


SPACE = (
    Setting("max_cosine_distance", 0.05, 0.7, appearance=True),
    Setting("max_iou_distance", 0.5, 0.95),
    Setting("recover_s", 0.0, 2.0),
    Setting("max_age_s", 0.5, 6.0, log=True),
    Setting("n_init", 1, 6, with_evidence=False, whole=True),
    Setting("confirm_evidence", 0.5, 5.0, with_evidence=True),
    Setting("miss_evidence", 0.5, 4.0, with_evidence=True),
    Setting("birth_score", 0.0, 0.9),
    Setting("weight_position", 0.02, 0.15, log=True),
    Setting("weight_velocity", 0.002, 0.03, log=True),
    Setting("measured_noise", 0.5, 5.0, log=True),
)


def space_of(preset: TrackerPreset, *, has_embeddings: bool) -> tuple[Setting, ...]:
    """The settings that have an effect in this preset."""
    by_evidence = preset.config.confirm_evidence > 0
    return tuple(
        setting
        for setting in SPACE
        if (has_embeddings or not setting.appearance) and setting.with_evidence in (None, by_evidence)
    )


def random_values(space: Sequence[Setting], seed: Sequence[int]) -> dict[str, float]:
    """A few of the settings, each anywhere between its ends."""
    random = np.random.default_rng(list(seed))
    chosen = random.permutation(len(space))[:CHANGED_AT_ONCE]
    values = {}
    for number in sorted(chosen.tolist()):
        setting, share = space[number], float(random.random())
        if setting.log:
            value = setting.low * (setting.high / setting.low) ** share
        else:
            value = setting.low + (setting.high - setting.low) * share
        values[setting.name] = setting.rounded(value)
    return values


def changed_preset(preset: TrackerPreset, values: Values) -> TrackerPreset:
    """The preset with these settings; a gate among them outranks that of a checkpoint, as in a user's own file."""
    whole = {setting.name for setting in SPACE if setting.whole}
    settings: dict[str, Any] = {name: int(value) if name in whole else value for name, value in values.items()}
    config = dataclasses.replace(preset.config, **settings)
    return dataclasses.replace(preset, config=config, own_gate=preset.own_gate or "max_cosine_distance" in settings)
