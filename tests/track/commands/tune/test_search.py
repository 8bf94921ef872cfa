"""The search: what is tried when; it finds what is planted, tells chance from gain, and goes on as if never cut."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tests.track.commands.tune.data import BASE, Counting, tuning
from track.commands.tune.config import Outcome, TuneConfig
from track.commands.tune.search import ALL, Search, Step, plan, shared_values
from track.commands.tune.space import CHANGED_AT_ONCE, SPACE, changed_preset, random_values, space_of
from track.commands.tune.trials import STUDY, Study, Trial
from track.setup.config import RunConfig
from tracker.config import TrackerConfig
from tracker.presets import load_preset

HEAD = {"data": "d", "preset": {"x": 1}, "scoring": [False], "seed": 0, "code": "c"}
CONFIG = TuneConfig(Path("data"), RunConfig("data"))


def study(folder: Path, num_shared: int = 6) -> Study:
    return Study(folder / STUDY, HEAD, num_shared)


def outcome(folder: Path, count: Counting, num_trials: int = 12) -> Outcome:
    return tuning(count, study(folder), num_trials=num_trials).outcome(folder, CONFIG, [])


# What is tried


@pytest.mark.parametrize("setting", SPACE, ids=lambda setting: setting.name)
def test_both_ends_of_a_range_are_settings_that_a_tracker_takes(setting):
    for end in (setting.low, setting.high):
        values = {setting.name: int(end) if setting.whole else end}
        assert getattr(dataclasses.replace(TrackerConfig(), **values), setting.name) == end


SPACES = {
    "strong, no pictures": ("strong", False, {"confirm_evidence", "miss_evidence"}, {"n_init", "max_cosine_distance"}),
    "strong with an encoder": ("strong", True, {"max_cosine_distance"}, {"n_init"}),
    "deepsort counts hits": ("deepsort", False, {"n_init"}, {"confirm_evidence", "miss_evidence"}),
}


@pytest.mark.parametrize(("preset", "embeds", "there", "absent"), SPACES.values(), ids=SPACES.keys())
def test_only_what_has_an_effect_is_tried(preset, embeds, there, absent):
    names = {setting.name for setting in space_of(load_preset(preset), has_embeddings=embeds)}
    assert there <= names
    assert not absent & names


def test_a_random_trial_changes_a_few_settings_and_stays_between_the_ends():
    ends = {setting.name: setting for setting in SPACE}
    trials = [random_values(SPACE, (0, number)) for number in range(200)]
    assert {len(values) for values in trials} == {CHANGED_AT_ONCE}
    assert {name for values in trials for name in values} == set(ends)
    for values in trials:
        assert all(ends[name].low * 0.99 <= value <= ends[name].high * 1.01 for name, value in values.items())
    assert random_values(SPACE, (0, 1)) == trials[1] != random_values(SPACE, (1, 1))


def test_the_preset_itself_is_the_first_trial():
    assert shared_values(Step(0, None), SPACE, 0) == {}


def test_a_gate_that_was_tuned_outranks_that_of_a_checkpoint():
    preset = load_preset("strong")
    assert changed_preset(preset, {"max_cosine_distance": 0.4}).own_gate
    assert not changed_preset(preset, {"recover_s": 1.0}).own_gate


PLANS = {
    "shared ones first, then one of each search in turn": (
        (3, 2, 2),
        [Step(0, None), Step(1, None), Step(0, ALL), Step(0, 0), Step(0, 1)],
    ),
    "fewer than are shared": ((2, 5, 3), [Step(0, None), Step(1, None)]),
}


@pytest.mark.parametrize(("given", "expected"), PLANS.values(), ids=PLANS.keys())
def test_plan(given, expected):
    assert plan(*given) == expected


# What is found


@pytest.mark.parametrize("seed", range(3))
def test_a_setting_that_helps_is_found_and_its_gain_told(tmp_path, seed):
    found = outcome(tmp_path, Counting(planted=0.15, seed=seed))
    assert found.is_gain
    assert found.values["max_iou_distance"] > 0.7
    assert all(part.values["max_iou_distance"] > 0.6 for part in found.parts)
    true = 100 * 0.15 * (found.values["max_iou_distance"] - 0.5) / 0.45
    assert 0.5 * true < found.gain.value < 2.5 * true  # MOTA counts a missed box twice


def test_where_all_is_chance_something_is_better_on_the_data_itself_and_no_gain_is_told(tmp_path):
    """Twelve searches through noise: of a one-sided 97.5 %, more than one gain would be a rare accident."""
    outcomes = []
    for seed in range(12):
        (tmp_path / str(seed)).mkdir()
        outcomes.append(outcome(tmp_path / str(seed), Counting(noise=0.03, seed=seed), num_trials=6))
    tuned = np.array([(each.tuned - each.base).mean() for each in outcomes])
    left_out = np.array([each.gain.value for each in outcomes])
    assert (tuned > 0).sum() >= 10
    assert abs(left_out.mean()) < tuned.mean() / 2
    assert sum(each.is_gain for each in outcomes) <= 1


def test_what_a_part_gains_is_measured_with_a_choice_that_never_saw_it(tmp_path):
    """One setting helps sequence a alone: what is chosen without a does not know of it."""

    class OnlyFirst(Counting):
        def __call__(self, values):
            base, first = Counting.__call__(self, {}), super().__call__(values)
            return [first[0], *base[1:]]

    found = outcome(tmp_path, OnlyFirst(planted=0.2, noise=0.0))
    assert "max_iou_distance" in found.values
    assert found.parts[0].tuned == pytest.approx(found.parts[0].base)
    assert found.parts[1].tuned == pytest.approx(found.parts[1].base)
    assert not found.is_gain


def test_a_search_of_a_part_is_told_nothing_that_other_searches_proposed(tmp_path):
    kept = study(tmp_path)
    tuning(Counting(), kept, num_trials=9)
    for trial in kept.trials:
        expected = {ALL, 0, 1, 2} if trial.step.search is None else {trial.step.search}
        assert set(trial.scores) == expected


def test_the_preset_is_kept_where_nothing_is_better(tmp_path):
    found = outcome(tmp_path, Counting(planted=-0.3, noise=0.0))
    assert "max_iou_distance" not in found.values
    assert not found.is_gain


# Going on


def lines(folder: Path) -> list[str]:
    return (folder / STUDY).read_text().splitlines()


def test_a_search_that_was_cut_goes_on_as_if_it_had_not_been(tmp_path):
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    whole = outcome(tmp_path / "whole", Counting(0.1))
    steps = plan(12, 6, 3)
    first = tuning(Counting(0.1), study(tmp_path / "cut"))
    for step in steps[:11]:
        first.try_one(step)
    count = Counting(0.1)
    found = tuning(count, study(tmp_path / "cut"), num_trials=12)
    assert count.calls == len(steps) - 11
    assert lines(tmp_path / "cut") == lines(tmp_path / "whole")
    assert found.outcome(tmp_path, CONFIG, []).values == whole.values


def test_more_trials_go_on_from_those_that_are_there(tmp_path):
    outcome(tmp_path, Counting(0.1), num_trials=8)
    before = lines(tmp_path)
    outcome(tmp_path, Counting(0.1), num_trials=10)
    assert lines(tmp_path)[: len(before)] == before
    assert len(lines(tmp_path)) == len(before) + 2 * 4


def test_a_line_that_was_cut_off_is_tried_again(tmp_path):
    outcome(tmp_path, Counting(0.1), num_trials=8)
    text = (tmp_path / STUDY).read_text()
    (tmp_path / STUDY).write_text(text[:-40])
    outcome(tmp_path, Counting(0.1), num_trials=8)
    assert (tmp_path / STUDY).read_text() == text


@pytest.mark.parametrize("name", HEAD)
def test_a_study_of_something_else_is_refused(tmp_path, name):
    study(tmp_path).add(Trial(Step(0, None), {}, {ALL: 50.0}))
    with pytest.raises(ValueError, match=r"is a study of .*choose another --out"):
        Study(tmp_path / STUDY, {**HEAD, name: "other"}, 6)


@pytest.mark.parametrize("text", ["hello\n", "{}\n", "[1]\n", '{"head": 3, "num_shared": "x"}\n', "\n\n"])
def test_what_is_no_study_is_refused(tmp_path, text):
    (tmp_path / STUDY).write_text(text)
    with pytest.raises(ValueError, match="is no study of track tune, or damaged: choose another --out"):
        study(tmp_path)


def test_a_trial_is_on_the_disk_at_once(tmp_path):
    kept = study(tmp_path)
    kept.add(Trial(Step(0, None), {}, {ALL: 50.0, 0: 1.0}))
    kept.add(Trial(Step(1, None), {"n_init": 3}, {ALL: 50.0, 0: 1.0}))
    assert study(tmp_path).trials == kept.trials


def test_a_proposal_depends_on_seed_and_number_alone():
    def proposal(seed: int, number: int) -> dict[str, float]:
        search = Search(ALL, SPACE, BASE, seed)
        for value in range(5):
            search.tell(random_values(SPACE, (7, value)), value)
        return search.propose(number)

    assert proposal(0, 3) == proposal(0, 3)
    assert proposal(0, 3) != proposal(0, 4)
    assert proposal(0, 3) != proposal(1, 3)
