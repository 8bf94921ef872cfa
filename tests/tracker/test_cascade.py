"""The cascade against listing 1 of the paper, level by level."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.assignment import assign
from tracker.association import mutually_nearest
from tracker.cascade import matching_cascade
from tracker.pairs import Pairs, with_costs

GATE = 0.5


def pairs(*rows):
    tracks, detections, costs = zip(*rows, strict=True) if rows else ((), (), ())
    return Pairs(np.array(tracks, np.intp), np.array(detections, np.intp), np.array(costs, float))


def among(candidates):
    """The pairs of some tracks and some detections, as `matching_cascade` asks for them."""

    def near(tracks, detections):
        return candidates[np.isin(candidates.tracks, tracks) & np.isin(candidates.detections, detections)]

    return near


def cascade(candidates, levels, look):
    tracks, detections = np.arange(len(levels)), np.unique(candidates.detections)
    return matching_cascade(tracks, np.asarray(levels, np.int64), detections, among(candidates), look, GATE)


def as_set(pairs):
    return set(zip(pairs.tracks.tolist(), pairs.detections.tolist(), strict=True))


@pytest.mark.parametrize(
    ("candidates", "levels", "expected"),
    [
        pytest.param([], [], set(), id="nothing"),
        pytest.param([(0, 0, 0.2), (1, 0, 0.1)], [1, 2], {(0, 0)}, id="who was seen last chooses first"),
        pytest.param([(0, 0, 0.2), (1, 0, 0.1)], [1, 1], {(1, 0)}, id="among equals the cheaper"),
        pytest.param([(0, 0, 0.2), (1, 0, 0.1)], [3, 7], {(0, 0)}, id="also where nobody was seen in the last frame"),
        pytest.param([(0, 0, 0.9), (1, 0, 0.1)], [1, 2], {(1, 0)}, id="a rejected pair does not block the next level"),
        pytest.param([(0, 0, 0.1), (1, 0, 0.1), (1, 1, 0.3)], [1, 5], {(0, 0), (1, 1)}, id="levels may be far apart"),
        pytest.param(
            [(0, 0, 0.1), (1, 1, 0.3), (2, 1, 0.1), (2, 2, 0.4), (3, 2, 0.1)],
            [1, 2, 3, 4],
            {(0, 0), (1, 1), (2, 2)},
            id="a chain of levels, each taking what the next wants",
        ),
    ],
)
def test_cascade(candidates, levels, expected):
    near = pairs(*candidates)
    matched, _ = cascade(near, levels, lambda asked, _: asked.costs)
    assert set(zip(*map(np.ndarray.tolist, matched), strict=True)) == expected


def test_what_the_first_level_has_taken_is_not_looked_at_again():
    near, asked = pairs((0, 0, 0.1), (1, 0, 0.1), (1, 1, 0.3), (2, 0, 0.1)), []
    cascade(near, [1, 2, 3], lambda some, _: asked.append(as_set(some)) or some.costs)
    assert asked == [{(0, 0)}, {(1, 1)}]


def by_the_paper(near, levels, appearance):
    """Listing 1, and what `Evidence` counts, one level after the other: (matches, decided, recovered, vetoed)."""
    matches, free, decided, recovered, vetoed = set(), set(near.detections.tolist()), 0, 0, 0
    for level in sorted(set(levels.tolist())):
        mine = [i for i in range(len(near)) if levels[near.tracks[i]] == level and near.detections[i] in free]
        here, cosine = near[np.array(mine, np.intp)], appearance[np.array(mine, np.intp)]
        chosen, nearest = assign(with_costs(here, cosine), GATE), mutually_nearest(here)
        matches |= as_set(here[chosen])
        free -= set(here.detections[chosen].tolist())
        decided += int(np.sum(chosen & ~nearest))
        recovered += int(np.sum(chosen)) * (level > 1)
        vetoed += int(np.sum(nearest & (cosine > GATE)))
    return matches, decided, recovered, vetoed


@given(st.integers(0, 2**32 - 1), st.integers(1, 14), st.integers(1, 14), st.integers(1, 6), st.floats(0.05, 0.9))
@settings(max_examples=150, deadline=None)
def test_looking_at_many_levels_together_matches_as_the_paper_does(seed, num_tracks, num_detections, deepest, share):
    rng = np.random.default_rng(seed)
    tracks, detections = np.nonzero(rng.random((num_tracks, num_detections)) < share)
    near = Pairs(tracks, detections, rng.random(len(tracks)))
    levels, appearance = rng.integers(1, deepest + 1, num_tracks), rng.random(len(tracks))
    cosine = dict(zip(zip(tracks.tolist(), detections.tolist(), strict=True), appearance.tolist(), strict=True))

    def look(some, _):
        return np.array([cosine[pair] for pair in zip(some.tracks.tolist(), some.detections.tolist(), strict=True)])

    matched, evidence = cascade(near, levels, look)
    counted = evidence.appearance_decided, evidence.recovered, evidence.vetoed
    assert (set(zip(*map(np.ndarray.tolist, matched), strict=True)), *counted) == by_the_paper(near, levels, appearance)
    assert evidence.by_appearance == len(matched[0])
