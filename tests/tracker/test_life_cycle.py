"""Who is shown and who dies, against the rules told one track after the other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker import TrackerConfig
from tracker.life_cycle import dying, shown
from tracker.table import CONFIRMED, TENTATIVE, TrackTable

NOW_S = 10.0
CONFIGS = [
    pytest.param(TrackerConfig(), id="paper"),
    pytest.param(TrackerConfig(max_age=1), id="short memory"),
    pytest.param(TrackerConfig(max_age_s=1.0), id="in seconds"),
    pytest.param(TrackerConfig(confirm_evidence=2.0, miss_evidence=1.5, border_share=0.7), id="evidence and border"),
    pytest.param(TrackerConfig(confirm_evidence=2.0, predicted_s=0.6), id="predicted for a while"),
]


def tracks_of_any_kind(seed, count):
    rng, table = np.random.default_rng(seed), TrackTable()
    rows = table.add(count)
    table.state[rows] = rng.choice([TENTATIVE, CONFIRMED], count)
    table.misses[rows] = rng.integers(0, 4, count)
    table.time_since_update[rows] = table.misses[rows] + rng.integers(0, 40, count)
    table.log_odds[rows] = rng.uniform(-3, 8, count)
    table.seen_s[rows] = np.round(rng.uniform(8, 10, count), 2)
    table.whole_area[rows] = rng.choice([0.0, 900.0], count)
    table.cut_area[rows] = rng.choice([500.0, 700.0, np.inf], count)
    return table


def is_shown(table, i, config):
    soon = config.predicted_s and NOW_S - table.seen_s[i] <= config.predicted_s and table.log_odds[i] >= 4
    if table.state[i] != CONFIRMED or (table.misses[i] > 1 and not soon):
        return False
    if config.confirm_evidence and table.log_odds[i] < 0:
        return False
    return not (config.border_share and table.cut_area[i] < config.border_share * table.whole_area[i])


def dies(table, i, config):
    if table.state[i] == TENTATIVE:
        return table.misses[i] > 0
    if config.max_age_s:
        return NOW_S - table.seen_s[i] > config.max_age_s
    return table.time_since_update[i] > config.max_age


@pytest.mark.parametrize("config", CONFIGS)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(0, 30))
def test_each_track_by_the_rules(config, seed, count):
    table = tracks_of_any_kind(seed, count)
    assert shown(table, config, NOW_S).tolist() == [i for i in range(count) if is_shown(table, i, config)]
    tentative, odds = table.state == TENTATIVE, table.log_odds.copy()
    expected = [bool(dies(table, i, config)) for i in range(count)]
    dead, num_never_confirmed = dying(table, config, NOW_S)
    assert dead.tolist() == expected
    assert num_never_confirmed == np.count_nonzero(dead & tentative)
    cost = config.miss_evidence * (table.misses > 0)
    left = np.maximum(odds - cost, -2.0) if config.confirm_evidence else odds
    np.testing.assert_array_equal(table.log_odds, left)
