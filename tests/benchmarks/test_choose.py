"""A setting is accepted where it loses nowhere and gains on what was left out; each table says what it cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import choose, groups
from benchmarks.choosing import Scored, difference, leave_one_source_out, losses, mean_difference
from benchmarks.groups import Group
from evaluation.pieces import jackknife_interval
from tests.benchmarks.test_groups import data  # noqa: F401

GROUPS = [Group(source, quality) for source in ("mot15", "mot17", "street") for quality in ("real", "weak")]
NUM = 12


def reached(gains: dict[str, float], noise: float = 0.3, seed: int = 0) -> dict[Group, Scored]:
    """Scores around 50 plus a gain by source, of pieces that are as good as each other but for noise."""
    random, found = np.random.default_rng(seed), {}
    for group in GROUPS:
        values = 50 + gains.get(group.source, 0.0) + random.normal(0, noise, NUM)
        without = (values.sum() - values) / (NUM - 1)
        scores = np.tile(np.array([values.mean(), *without])[:, None], (1, 3))
        found[group] = Scored(scores, tuple((group.source, number) for number in range(NUM)))
    return found


BASE = reached({})
ALL = {"mot15": 3.0, "mot17": 3.0, "street": 3.0}


def text(settings: dict[str, dict[Group, Scored]]) -> str:
    return "\n".join(choose.report({"strong": BASE, **settings}, "strong"))


CASES = {
    "better everywhere": (ALL, "Accepted: new."),
    "better on two sources, level on one": ({"mot15": 3.0, "mot17": 3.0}, "Accepted: new."),
    "the same": ({}, "Not accepted: keep strong."),
    "better on two, worse on one": ({"mot15": 3.0, "mot17": 3.0, "street": -3.0}, "Not accepted: keep strong."),
    "better on one alone: those left out gain nothing": ({"mot15": 9.0, "mot17": -0.5, "street": -0.5}, "Not accepted"),
    "worse": ({"mot15": -3.0}, "Not accepted: keep strong."),
}


@pytest.mark.parametrize(("gains", "expected"), CASES.values(), ids=CASES.keys())
def test_verdict(gains: dict[str, float], expected: str) -> None:
    assert expected in text({"new": reached(gains, seed=1)})


def test_a_loss_beyond_noise_is_named() -> None:
    shown = text({"new": reached({"street": -3.0}, seed=2)})
    assert "Refused: behind beyond noise in 2 of 6 groups (street real, street weak)" in shown


def test_a_group_of_one_sequence_is_said_to_be_one() -> None:
    rows = text({"new": reached(ALL, seed=1)}).splitlines()
    assert any(row.startswith("| street real | one sequence | 50") for row in rows)
    assert any(row.startswith("| mot15 real | 5 | 50") for row in rows)
    assert any(row.startswith("| street (one sequence) | new |") for row in rows)


def test_the_more_groups_the_wider_each_interval() -> None:
    group, new = GROUPS[0], reached(ALL, seed=1)
    alone, of_48 = (difference(BASE[group], new[group], count) for count in (1, 48))
    assert of_48.low < alone.low < alone.value == of_48.value < alone.high < of_48.high


def test_of_noise_alone_no_group_in_any_of_forty_tables_is_behind_more_than_a_few_times() -> None:
    """5 % of tables may have a wrong interval, on either side: 2.5 % of forty is one."""
    wrong = sum(bool(losses(BASE, reached({}, seed=seed))) for seed in range(1, 41))
    assert wrong <= 4


def test_chosen_on_the_others_is_what_they_prefer() -> None:
    settings = {
        "strong": BASE,
        "for mot15": reached({"mot15": 9.0}, seed=1),
        "for all": reached({"mot15": 2.0, "mot17": 2.0, "street": 2.0}, seed=2),
    }
    found, gain = leave_one_source_out(settings, "strong")
    assert {each.source: each.chosen for each in found} == {
        "mot15": "for all",
        "mot17": "for mot15",
        "street": "for mot15",
    }
    assert [round(each.gain.value) for each in found] == [2, 0, 0]
    assert gain.value == pytest.approx(np.mean([each.gain.value for each in found]))


def test_the_mean_leaves_a_piece_out_of_all_groups_that_hold_it() -> None:
    """Of two groups with the very same differences, the mean knows no more than one of them."""
    new = reached(ALL, seed=1)
    first, second = GROUPS[:2]
    base, same = (dict.fromkeys((first, second), scored[first]) for scored in (BASE, new))
    one = jackknife_interval((new[first].scores - BASE[first].scores).mean(axis=1))
    both = mean_difference(base, same)
    assert (both.value, both.low, both.high) == pytest.approx((one.value, one.low, one.high))


def test_one_source_cannot_be_left_out() -> None:
    alone = {group: scored for group, scored in BASE.items() if group.source == "mot15"}
    with pytest.raises(ValueError, match="all groups are of mot15, expected two sources or more"):
        leave_one_source_out({"strong": alone}, "strong")


def test_scores_and_pieces_must_fit() -> None:
    with pytest.raises(ValueError, match=r"scores have shape \(3, 3\), expected \(2, 3\)"):
        Scored(np.zeros((3, 3)), (("a", 0),))


def test_from_the_command_line_the_base_is_measured_once(
    data: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = []
    original = choose.tracked_pieces
    monkeypatch.setattr(choose, "tracked_pieces", lambda *given: (calls.append(1), original(*given))[1])
    monkeypatch.setattr(choose, "SOURCES", groups.SOURCES)
    (data / "never.yaml").write_text("base: deepsort\ntracker: {n_init: 60}\n")
    arguments = ["--base", "deepsort", "--candidate", str(data / "never.yaml"), "--data", str(data), "--processes", "1"]
    for _ in range(2):
        choose.main([*arguments, "--sources", "walk", "--qualities", "real", "--rates", "1"])
        assert "| walk real | one sequence |" in capsys.readouterr().out
    assert len(calls) == 2  # base and candidate, the first time alone


BAD = {
    "the base itself": (["--candidate", "strong"], "--candidate is strong as well"),
    "an unknown preset": (["--candidate", "strnog"], "strong"),
    "no such file": (["--candidate", "no.yaml"], "no.yaml"),
    "rows of an unknown kind": (["--candidate", "strong --offlin"], "'strong --offlin' is no setting"),
    "rows of two kinds": (["--candidate", "strong --online --offline"], "is no setting, expected a preset"),
    "too many processes": (["--candidate", "deepsort", "--processes", "3"], "invalid choice: 3"),
}


@pytest.mark.parametrize(("arguments", "expected"), BAD.values(), ids=BAD.keys())
def test_bad_input(arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        choose.main(arguments)
    assert end.value.code == 2
    assert expected in capsys.readouterr().err.splitlines()[-1]
