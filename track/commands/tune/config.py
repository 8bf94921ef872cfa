"""What `track tune` was asked for, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from evaluation import EvalOptions
from evaluation.pieces import Interval
from track.commands.tune.space import Values
from track.setup.config import RunConfig

__all__ = ["LeftOut", "Outcome", "TuneConfig"]

MOST_TRIALS = 10_000
MOST_SEED = 1 << 31
Scores = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TuneConfig:
    """What was asked for.

    Attributes:
        dataset: sequences or videos.
        run: settings of every run, the preset among them; its source is set for each sequence.
        gt: ground truth; `None` for that in the sequences.
        sequences: only these; all when empty.
        trials: settings tried for all data together.
        seed: of the search.
        detector, reid: as typed; `None` for what fits each sequence.
        rules: rule set for the scores.
        out: folder of the results.
    """

    dataset: Path
    run: RunConfig
    gt: Path | None = None
    sequences: tuple[str, ...] = ()
    trials: int = 40
    seed: int = 0
    detector: str | None = None
    reid: str | None = None
    rules: str = "auto"
    out: Path | None = None

    def __post_init__(self) -> None:
        EvalOptions(self.rules)  # an unknown name shows now
        if not 2 <= self.trials <= MOST_TRIALS:
            raise ValueError(f"--trials is {self.trials}, expected 2 (the preset and another) to {MOST_TRIALS:,}")
        if not 0 <= self.seed < MOST_SEED:
            raise ValueError(f"--seed is {self.seed}, expected a whole number from 0 to 2**31 - 1")
        if self.run.tracker.kind != "deepsort":
            raise ValueError(
                f"--preset {self.run.tracker.name} is the paper's tracker as it is written, which takes no other "
                "settings: use --preset deepsort"
            )


LEAST_GAIN = 0.05
"""What the interval must reach: less is shown as +0.0, and is worth no settings of one's own."""


@dataclass(frozen=True)
class LeftOut:
    """A part of the data on which nothing was chosen.

    Attributes:
        name: its sequences, or which half.
        values: the settings that were best on all other parts.
        base, tuned: HOTA, IDF1, MOTA (%) of the part, of the preset and with these settings.
    """

    name: str
    values: Values
    base: Scores
    tuned: Scores


@dataclass(frozen=True)
class Outcome:
    """What came of it.

    Attributes:
        folder: of the results.
        preset: with which the search began.
        values: the settings that are best on all data.
        num_tried: settings tried on all data.
        num_frames: frames that are scored.
        base, tuned: HOTA, IDF1, MOTA (%) of all data, of the preset and with these settings.
        parts: what was left out in turn.
        gain: of the mean of the scores, on all parts together, each with what was chosen without it.
        notes: what a person should know.
    """

    folder: Path
    preset: str
    values: Mapping[str, float]
    num_tried: int
    num_frames: int
    base: Scores
    tuned: Scores
    parts: tuple[LeftOut, ...]
    gain: Interval
    notes: tuple[str, ...] = ()

    @property
    def is_gain(self) -> bool:
        """Whether there are other settings, and they gain beyond chance where they were not chosen."""
        return self.gain.low >= LEAST_GAIN and bool(self.values)
