"""Tuned peers: what is tried, and that nothing is chosen on what it is scored on."""

from __future__ import annotations

import dataclasses

import pytest

from benchmarks.groups import Group
from benchmarks.peers_groups import run_tuned, run_variants
from benchmarks.peers_score import Ours
from benchmarks.peers_tuning import best_on_others, draw_trials, tuning_groups
from benchmarks.variants import VARIANTS, changed
from tests.benchmarks.peers_scenes import forgetful, member, peer, perfect
from track.scenes.cache import EntryCache
from tracker.presets import load_preset

SPACE = {"lasts": ("whole", 1, 3), "share": ("real", 0.1, 0.2)}


def test_the_defaults_are_tried_first_then_all_of_the_space():
    trials = draw_trials(peer("p", perfect, space=SPACE), 200)
    assert trials[0] == {}
    assert {trial["lasts"] for trial in trials[1:]} == {1, 2, 3}
    shares = [trial["share"] for trial in trials[1:]]
    assert 0.1 <= min(shares) < 0.105
    assert 0.195 < max(shares) <= 0.2
    assert trials == draw_trials(peer("p", perfect, space=SPACE), 200)


@pytest.mark.parametrize(
    ("number", "space", "words"), [(0, SPACE, "--tune is 0, expected 1"), (3, {}, "p has no search space")]
)
def test_nothing_to_try_is_told(number, space, words):
    with pytest.raises(ValueError, match=words):
        draw_trials(peer("p", perfect, space=space), number)


def test_each_source_gets_what_is_best_on_the_others():
    a, b, c = (Group(source) for source in ("mot15", "mot17", "street"))
    own = {a: 90.0, b: 10.0, c: 10.0}  # best on mot15 alone: chosen for nobody
    wide = {a: 20.0, b: 40.0, c: 40.0}
    flat = {a: 30.0, b: 38.0, c: 38.0}
    assert best_on_others([own, wide, flat]) == {"mot15": 1, "mot17": 0, "street": 0}
    assert best_on_others([wide, flat]) == {"mot15": 0, "mot17": 1, "street": 1}
    assert best_on_others([wide, wide]) == {"mot15": 0, "mot17": 0, "street": 0}


def test_a_source_with_many_groups_weighs_no_more_than_another():
    many, one, out = [Group("mot15"), Group("mot15", "weak")], Group("mot17"), Group("street")
    first = dict.fromkeys([*many, out], 10.0) | {one: 0.0}
    second = dict.fromkeys([*many, out], 6.0) | {one: 5.0}
    assert best_on_others([first, second])["street"] == 1


def test_one_source_cannot_be_left_out():
    with pytest.raises(ValueError, match=r"all groups are of street.*two sources"):
        best_on_others([{Group("street"): 1.0}])


def test_tuned_options_reach_the_groups_that_were_left_out(tmp_path):
    """A longer memory is better everywhere: the longest that was drawn is chosen for each source."""
    groups = [Group("mot15"), Group("street"), Group("street", "weak")]
    tried = peer("p", forgetful, space={"lasts": ("whole", 6, 30)})
    result = run_tuned(tried, 6, groups, lambda group: [member(group.source)], EntryCache(tmp_path))
    longest = max(trial.get("lasts", 5) for trial in draw_trials(tried, 6))
    assert result.name == "p, tuned"
    assert result.chosen == {source: {"lasts": longest} for source in ("mot15", "street")}
    assert list(result.scored) == groups
    kept = -(-40 // longest)
    assert kept <= 7
    assert result.scored[groups[2]].scores[0, 1] > 100 * 6 / 40  # IDF1 of the shortest memory of the space


def test_a_trial_that_raises_is_not_chosen(tmp_path):
    def brittle(seen, options):
        if options.get("lasts", 5) > 10:
            raise RuntimeError("too long")
        return forgetful(seen, options)

    groups = [Group("mot15"), Group("street")]
    tried = peer("p", brittle, space={"lasts": ("whole", 6, 30)})
    result = run_tuned(tried, 8, groups, lambda group: [member(group.source)], EntryCache(tmp_path))
    assert any(trial.get("lasts", 5) > 10 for trial in draw_trials(tried, 8))
    assert all(options.get("lasts", 5) <= 10 for options in result.chosen.values())
    assert not result.failed


def test_ours_is_scored_where_nobody_chose(tmp_path):
    """On each source with what was best on the others, of the preset itself and its variants."""
    groups = [Group("mot15"), Group("street")]
    result = run_variants(Ours("strong"), groups, lambda group: [member(group.source)], EntryCache(tmp_path))
    assert result.name == "strong --online, left out"
    assert set(result.chosen) == {"mot15", "street"}
    assert all(changes in [{}, *VARIANTS.values()] for changes in result.chosen.values())
    assert list(result.scored) == groups


def test_a_variant_is_the_preset_but_for_what_it_names():
    strong = load_preset("strong")
    for changes in VARIANTS.values():
        found = changed("strong", changes)
        assert found.config != strong.config
        assert {name: getattr(found.config, name) for name in changes} == changes
        assert dataclasses.replace(found, config=strong.config) == strong


def test_trials_see_the_real_detections_and_one_drawn_quality_at_the_full_rate():
    assert [str(group) for group in tuning_groups(["mot15", "street"])] == [
        "mot15 real", "mot15 middling", "street real", "street middling"
    ]  # fmt: skip
