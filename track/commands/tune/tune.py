"""`track tune`: try settings, choose by all parts but one, and measure on that one what the choice gains."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.pieces import scores
from track.commands.tune.config import LeftOut, Outcome, TuneConfig
from track.commands.tune.data import Clip, find_clips, load_clips
from track.commands.tune.folds import Counted, Fold, gain_between, kept, left_out, make_folds
from track.commands.tune.report import WRITES, write_files
from track.commands.tune.search import ALL, Search, Step, check_optuna, plan, shared_values
from track.commands.tune.space import Values, changed_preset, space_of
from track.commands.tune.trials import STUDY, Study, Trial
from track.files.inputs import files_in
from track.files.run_folder import held_folder, held_run_folder
from track.scenes.cache import code_digest
from track.terminal.interrupt import StoppedError, StopSignal
from track.terminal.meter import Meter
from track.terminal.progress import ConsoleProgress

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["Count", "Tuning", "tune"]

Count = Callable[[Values], Counted]
"""Tracks all sequences with these settings, and counts what came of it."""
_CODE = ("tracker", "track/rows", "track/run/pipeline", "track/scenes/tracking", "evaluation", "track/commands/tune")


def tune(config: TuneConfig, console: Console) -> Outcome:
    """Search, choose, measure on what was left out, and write `best.yaml` and `tune.json`.

    Raises:
        ValueError, OSError, ImportError: something can't be done.
        StoppedError: a signal to stop came; the trials that were done are in the study.
    """
    check_optuna()
    name = next(iter(find_clips(config))) if config.dataset.is_file() else config.dataset.resolve().name
    with StopSignal() as stop:
        clips, notes = load_clips(config, ConsoleProgress(console))
        out = config.out
        is_there = out is not None and (out / STUDY).is_file()
        holding = (
            held_folder(out)
            if out is not None and is_there
            else held_run_folder(f"tune-{name}", out, None, reads=files_in(config), writes=WRITES)
        )
        with holding as held:
            study = Study(held.path / STUDY, _head(config, clips), num_shared=(config.trials + 1) // 2)
            tuning = _tuning(config, clips, study)
            try:
                _search(tuning, config.trials, console)
                outcome = tuning.outcome(held.path, config, notes)
            except StoppedError as error:
                again = f"the same with --out {held.path} goes on"
                kept_so_far = f"{len(study.trials)} trials are in {held.path / STUDY}: {again}"
                raise StoppedError(error.number, kept_so_far) from None
            stop.finish()
            write_files(outcome, config)
    return outcome


def _head(config: TuneConfig, clips: Sequence[Clip]) -> dict[str, Any]:
    """What makes trials comparable; see `trials`."""
    run = config.run
    data = hashlib.blake2b("\n".join(clip.key for clip in clips).encode(), digest_size=16).hexdigest()
    preset = dataclasses.asdict(dataclasses.replace(run.tracker, name="", class_groups_file=""))
    return {
        "data": data,
        "preset": {**preset, "config": dataclasses.asdict(run.tracker.config)},
        "scoring": [run.online, run.smooth, run.offline, config.rules],
        "seed": config.seed,
        "code": code_digest(*_CODE),
    }


def _tuning(config: TuneConfig, clips: Sequence[Clip], study: Study) -> Tuning:
    preset = config.run.tracker
    space = space_of(preset, has_embeddings=any(clip.run.reid != "none" for clip in clips))
    gates = [clip.embedded.facts["gate"] for clip in clips if clip.embedded is not None]
    base = {setting.name: float(getattr(preset.config, setting.name)) for setting in space}
    if gates and gates[0] is not None and not preset.own_gate:
        base["max_cosine_distance"] = float(gates[0])

    def count(values: Values) -> Counted:
        return [clip.count(changed_preset(preset, values) if values else preset) for clip in clips]

    folds = make_folds([clip.name for clip in clips], [clip.num_pieces for clip in clips])
    searches = {which: Search(which, space, base, config.seed) for which in (ALL, *range(len(folds)))}
    return Tuning(count, folds, searches, study, sum(clip.num_frames for clip in clips))


def _search(tuning: Tuning, num_trials: int, console: Console) -> None:
    """Try what is left of the plan."""
    steps = plan(num_trials, tuning.study.num_shared, len(tuning.folds))
    done = {trial.step for trial in tuning.study.trials}
    left = [step for step in steps if step not in done]
    if done:
        console.print(f"{len(done)} trials of an earlier run are in the study, {len(left)} are left", highlight=False)
    with Meter(console, "tuning", len(left), stays=True) as meter:
        for step in left:
            tuning.try_one(step)
            meter.advance()
            best = f"best so far {tuning.best_gain():+.1f}"
            eta_s = (len(left) - meter.done) / max(meter.per_s, 1e-9)
            meter.show(best, f"trial {meter.done}/{len(left)}, {eta_s:.0f} s to go, {best}")


class Tuning:
    """The search while it goes on.

    Args:
        count: tracks and counts.
        folds: what is left out in turn.
        searches: of all data and of each part.
        study: where trials are kept; those that it holds are told to the searches.
        num_frames: that are scored.
    """

    def __init__(
        self, count: Count, folds: Sequence[Fold], searches: dict[int, Search], study: Study, num_frames: int
    ) -> None:
        self.folds, self.study = folds, study
        self._count, self._searches, self._num_frames = count, searches, num_frames
        for trial in study.trials:
            self._tell(trial)

    def try_one(self, step: Step) -> None:
        """Try one setting, and keep what it reached where its search may know it."""
        space = self._searches[ALL].space
        if step.search is None:
            values = shared_values(step, space, self._searches[ALL].seed)
        else:
            values = self._searches[step.search].propose(step.number)
        counted = self._count(values)
        of = self._searches if step.search is None else [step.search]
        reached = {which: float(scores(kept(counted, self._fold(which))).mean()) for which in of}
        trial = Trial(step, values, reached)
        self.study.add(trial)
        self._tell(trial)

    def _tell(self, trial: Trial) -> None:
        for which, score in trial.scores.items():
            if which in self._searches:
                self._searches[which].tell(trial.values, score)

    def _fold(self, which: int) -> Fold | None:
        return None if which == ALL else self.folds[which]

    def best_gain(self) -> float:
        """Of what was tried so far, on all data, over the preset."""
        return self._best(ALL).scores[ALL] - self.study.trials[0].scores[ALL]

    def _best(self, which: int) -> Trial:
        """The trial that a search would choose; of equal ones the first."""
        return max((trial for trial in self.study.trials if which in trial.scores), key=lambda t: t.scores[which])

    def outcome(self, folder: Path, config: TuneConfig, notes: Sequence[str]) -> Outcome:
        """What each search chose, on what it did not see."""
        base, chosen = self._count({}), self._best(ALL).values
        tuned = self._count(chosen) if chosen else base
        parts, before, after = [], [], []
        for which, fold in enumerate(self.folds):
            values = self._best(which).values
            counted = (tuned if values == chosen else self._count(values)) if values else base
            out_base, out_tuned = left_out(base, fold), left_out(counted, fold)
            before += out_base
            after += out_tuned
            parts.append(LeftOut(fold.name, values, scores(out_base), scores(out_tuned)))
        gain = gain_between(before, after)[2]
        num_tried = sum(ALL in trial.scores for trial in self.study.trials)
        return Outcome(
            folder,
            config.run.tracker.name,
            chosen,
            num_tried,
            self._num_frames,
            np.asarray(scores(base)),
            np.asarray(scores(tuned)),
            tuple(parts),
            gain,
            tuple(notes),
        )
