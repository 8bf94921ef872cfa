"""The search: settings that are tried on all data at once, then further ones for each part that is left out.

The first half of the trials is drawn without a look at any score, so all searches share them. What follows is
proposed by Optuna's TPE (Bergstra et al. 2011; Akiba et al. 2019) from scores, and so belongs to one search: that of a
part knows nothing of what its settings reach there. Each proposal has a seed of its own: a search that was interrupted
goes on as if it had not been.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from track.commands.tune.space import Setting, Values, random_values

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

__all__ = ["ALL", "Search", "Step", "check_optuna", "plan", "shared_values"]

ALL = -1
"""In place of the number of a part: nothing is left out."""
TAKEN = 0.4
"""Share of the settings that TPE may change at once: a few dozen trials do not tell ten settings apart."""


@dataclass(frozen=True)
class Step:
    """One setting to be tried.

    Attributes:
        number: of its kind, from 0; number 0 of the shared ones is the preset as it is.
        search: the part whose search it belongs to, or `ALL`; `None` for what all searches share.
    """

    number: int
    search: int | None


def check_optuna() -> None:
    """Raise `ImportError` where Optuna is not installed."""
    try:
        import optuna
    except ImportError as error:
        raise ImportError("track tune needs the package optuna; type: pip install 'track-reid[tune]'") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)


def plan(num_trials: int, num_shared: int, num_folds: int) -> list[Step]:
    """What is tried, in order: shared ones, then one of each search in turn."""
    shared = [Step(number, None) for number in range(min(num_shared, num_trials))]
    own = range(max(num_trials - num_shared, 0))
    return shared + [Step(number, search) for number in own for search in (ALL, *range(num_folds))]


class Search:
    """The search of one part, or of all data.

    Args:
        which: number of the part, or `ALL`.
        space: what is tried.
        base: the preset's own values, for what a trial leaves out.
        seed: of all proposals.
    """

    def __init__(self, which: int, space: Sequence[Setting], base: Values, seed: int) -> None:
        import optuna

        self.space, self.seed = space, seed
        self._which, self._base = which, base
        self._optuna: Any = optuna
        self._told: list[FrozenTrial] = []
        self._best: dict[str, float] = {}
        self._best_score = -math.inf
        self._distributions = {
            setting.name: optuna.distributions.IntDistribution(int(setting.low), int(setting.high))
            if setting.whole
            else optuna.distributions.FloatDistribution(setting.low, setting.high, log=setting.log)
            for setting in space
        }

    def propose(self, number: int) -> dict[str, float]:
        """The settings of a search's own step: some as TPE proposes, the others as in the best trial so far."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the multivariate sampler calls itself experimental
            seed = (self.seed * 1_000_003 + number * 101 + self._which + 2) % (1 << 32)
            sampler = self._optuna.samplers.TPESampler(seed=seed, multivariate=True, n_startup_trials=0)
            study = self._optuna.create_study(direction="maximize", sampler=sampler)
            study.add_trials(self._told)
            trial = study.ask(self._distributions)
        proposed = {setting.name: setting.rounded(trial.params[setting.name]) for setting in self.space}
        taken = np.random.default_rng(seed).random(len(self.space)) < TAKEN
        fresh = {name for name, is_taken in zip(proposed, taken.tolist(), strict=True) if is_taken}
        return {
            name: proposed[name] if name in fresh else self._best[name]
            for name in proposed
            if name in fresh or name in self._best
        }

    def tell(self, values: Values, score: float) -> None:
        """What a setting reached."""
        params = {
            setting.name: setting.clipped(values.get(setting.name, self._base[setting.name])) for setting in self.space
        }
        if score > self._best_score:
            self._best, self._best_score = dict(values), score
        trial = self._optuna.trial.create_trial(params=params, distributions=self._distributions, value=score)
        self._told.append(trial)


def shared_values(step: Step, space: Sequence[Setting], seed: int) -> dict[str, float]:
    """The settings of a step that all searches share: the preset's own first, then random ones."""
    return {} if step.number == 0 else random_values(space, (seed, step.number))
