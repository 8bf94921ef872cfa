"""The comparison by groups: who is ahead, who crashed, what stands in the tables, and bad input."""

from __future__ import annotations

import json
import os
import sys

import numpy as np
import pytest

from benchmarks.groups import Group
from benchmarks.peers_entrants import PEERS, PEERS_THAT_EMBED
from benchmarks.peers_groups import checked, run_entrants, usable, write
from benchmarks.peers_report import compare, facts, into_page, to_markdown
from benchmarks.peers_score import Other, tracks_of
from benchmarks.rows import group_rows
from tests.benchmarks.peers_scenes import broken, forgetful, member, peer, perfect
from track.scenes.cache import EntryCache
from track.scenes.scene import Embedded

GROUPS = [Group("mot15"), Group("mot15", rate=2), Group("street")]


def crashes_on_the_street(seen, options):
    return broken(seen, options) if seen.xyxy[0, 0] > 100 else perfect(seen, options)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Ours is perfect; one as good, one that forgets, one that crashes on the street, one that always does."""
    steps = {
        "ours": perfect,
        "equal": perfect,
        "forgets": forgetful,
        "sometimes": crashes_on_the_street,
        "never": broken,
    }
    entrants = [Other(peer(name, step)) for name, step in steps.items()]

    def load(group):
        return [member(group.source, moved_px=1.0 if group.source == "street" else 0.0)]

    return run_entrants(entrants, GROUPS, load, EntryCache(tmp_path_factory.mktemp("cache")))


def test_who_raises_is_told_and_the_others_go_on(results):
    failed = {result.name: result.failed for result in results if result.failed}
    assert failed == {
        "sometimes": {GROUPS[2]: "RuntimeError: not today"},
        "never": dict.fromkeys(GROUPS, "RuntimeError: not today"),
    }
    assert [len(result.scored) for result in results] == [3, 3, 3, 2, 0]


def test_ahead_level_and_behind_beyond_noise(results):
    ours, equal, forgets, sometimes, _ = (result.scored for result in results)
    gap = compare(ours, forgets)
    assert (gap.ahead, gap.behind) == (GROUPS, [])
    assert gap.mean.low > 0
    back = compare(forgets, ours)
    assert (back.ahead, back.behind) == ([], GROUPS)
    assert back.mean.value == pytest.approx(-gap.mean.value)
    level = compare(ours, equal)
    assert (level.ahead, level.behind, level.mean.value) == ([], [], 0)
    assert list(compare(ours, sometimes).groups) == GROUPS[:2]


def test_the_mean_of_the_scores_is_that_of_their_means(results):
    gap = compare(results[0].scored, results[2].scored)
    assert gap.mean.value == pytest.approx(np.mean([interval.value for interval in gap.means]))
    assert gap.means[2].value == pytest.approx(100 * 8 / 40)  # MOTA: 8 new names in 40 frames


def test_no_group_in_common_is_no_comparison(results):
    with pytest.raises(ValueError, match="no group in common"):
        compare(results[0].scored, {})


def test_the_tables_hide_no_crash_and_no_loss(results):
    text = to_markdown(results)
    version = np.__version__
    means, by_source, _ = (part for part in text.split("\n\n") if part.startswith("| "))
    rows = {line.split(" | ")[0]: line for line in means.splitlines()}
    assert "| 0 / 3 / 0 |" in rows[f"| equal, numpy {version}"]
    assert "| 3 / 0 / 0 |" in rows[f"| forgets, numpy {version}"]
    assert "0 / 2 / 0, crashed in 1" in rows[f"| sometimes, numpy {version}"]
    assert "crashed | crashed | crashed" in rows[f"| never, numpy {version}"]
    assert [line.split(" | ")[2] for line in by_source.splitlines()[-2:]] == ["crashed |", "crashed |"]
    assert "`ours` is behind no peer in any group beyond noise." in text
    street = next(line for line in text.splitlines() if line.startswith("| street real, one sequence |"))
    assert street.split(" | ")[-2:] == ["crashed", "crashed |"]
    assert "**" in street.split(" | ")[3]
    turned = to_markdown([results[2], results[0]])
    assert "`forgets` is behind beyond noise: ours in mot15 real, mot15 real 1/2, street real." in turned


def test_the_facts_are_json_without_infinite_numbers(results, tmp_path):
    found = facts(results)
    write(tmp_path, found, "text\n")
    read = json.loads((tmp_path / "peers.json").read_text(), parse_constant=lambda name: pytest.fail(name))
    assert read == found
    assert read["entrants"]["never"]["failed"]["street real"] == "RuntimeError: not today"
    assert read["entrants"]["forgets"]["ours_ahead_by"]["ahead"] == 3


def test_make_bench_shows_a_row_for_who_was_compared(results):
    rows = {row.what: row for row in group_rows({"boxes": facts(results)})}
    version = np.__version__
    assert list(rows) == [f"ours less {name} {version}, boxes" for name in ("equal", "forgets", "sometimes")]
    forgets = rows[f"ours less forgets {version}, boxes"]
    assert 0 < forgets.low < forgets.value < forgets.high
    assert forgets.note == "ahead in 3, behind in 0 of 3 groups beyond noise"
    assert rows[f"ours less sometimes {version}, boxes"].note.endswith("of 2 groups beyond noise; crashed in 1")


def test_tables_take_the_place_of_those_before():
    page = "# Title\n\n<!-- peers: begin -->\nold\n<!-- peers: end -->\n\nMore.\n"
    once = into_page(page, "| new |\n")
    assert once == "# Title\n\n<!-- peers: begin -->\n| new |\n<!-- peers: end -->\n\nMore.\n"
    assert into_page(once, "| new |") == once


@pytest.mark.parametrize("page", ["", "<!-- peers: begin -->", "<!-- peers: end --> <!-- peers: begin -->"])
def test_a_page_without_a_place_for_tables_is_refused(page):
    with pytest.raises(ValueError, match="no place for the tables"):
        into_page(page, "| new |")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--peers", ".", "--page", "README.md"], "no place for the tables"),
        (["--peers", ".", "--page", "gone.md"], "gone.md"),
        (["--peers", "gone"], "gone is no folder"),
        (["--peers", ".", "--only", "SORTT"], "'SORTT', expected some of BoT-SORT"),
        (["--peers", ".", "--sources", "mot16"], "'mot16', expected some of mot15"),
        (["--peers", ".", "--qualities", "good"], "'good', expected some of middling, real"),
        (["--peers", ".", "--ours", "strong --fast"], "'strong --fast' is no preset of ours"),
        (["--peers", ".", "--ours", "strongest"], "strongest"),
        (["--peers", ".", "--tune", "-1"], "--tune is -1"),
        (["--peers", ".", "--tune", "3", "--sources", "street"], "two --sources"),
        ([], "--peers"),
    ],
)
def test_bad_input_ends_with_one_line(capsys, arguments, words):
    with pytest.raises(SystemExit) as end:
        checked(arguments)
    assert end.value.code == 2
    assert words in capsys.readouterr().err.strip().splitlines()[-1]


def test_who_is_not_installed_is_named(capsys):
    gone = peer("p", perfect, package="no-such-package-here")
    assert usable([gone, peer("q", perfect)], None)[0].name == "q"
    assert "p is left out: no-such-package-here is not in --peers" in capsys.readouterr().err


@pytest.mark.parametrize("one", [*PEERS, *PEERS_THAT_EMBED], ids=lambda one: f"{one.name} {'embeds' * one.embeds}")
def test_a_peer_that_is_here_tells_two_people_apart(monkeypatch, one):
    """With `PEERS=DIR`, as of `make bench`; at another frame rate than their own 30."""
    if "PEERS" not in os.environ:
        pytest.skip("PEERS names no folder with other trackers")
    monkeypatch.syspath_prepend(os.environ["PEERS"])
    monkeypatch.setattr(sys, "path", [*sys.path[1:], sys.path[0]])
    embeddings = np.tile(np.eye(2, 64, dtype=np.float32), (40, 1))
    rows = tracks_of(one, member(embedded=Embedded(embeddings, {}) if one.embeds else None))
    last = rows[rows[:, 0] == 40]
    assert sorted(last[:, 1].tolist()) == [1, 2]
    assert sorted(last[:, 2].round().tolist()) == [100, 400]
