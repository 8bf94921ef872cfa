"""The table of tracks against a plain list of dictionaries."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tracker.table import TrackTable

COLUMNS = ("slot", "birth", "misses", "log_odds", "cut_area", "mean", "covariance")


@given(st.integers(0, 2**32 - 1), st.integers(1, 25))
def test_rows_keep_together_what_belongs_to_a_track_while_others_come_and_go(seed, num_frames):
    rng, table, oracle = np.random.default_rng(seed), TrackTable(capacity=2), []
    for _ in range(num_frames):
        rows = table.add(int(rng.integers(0, 5)))
        assert rows.tolist() == list(range(len(oracle), len(table)))
        for name in COLUMNS[1:]:
            column = getattr(table, name)
            column[rows] = rng.integers(0, 1000, column[rows].shape)
        oracle += [{name: getattr(table, name)[row].copy() for name in COLUMNS} for row in rows]
        dead = rng.random(len(table)) < 0.3
        if dead.any():
            freed = table.remove(dead)
            assert freed.tolist() == [track["slot"] for track, died in zip(oracle, dead, strict=True) if died]
            oracle = [track for track, died in zip(oracle, dead, strict=True) if not died]
        assert len(table) == len(oracle) <= table.capacity
        for name in COLUMNS:
            np.testing.assert_array_equal(
                getattr(table, name), [track[name] for track in oracle] or getattr(table, name)
            )
        assert len(set(table.slot.tolist())) == len(table)


def test_slots_are_recycled():
    table = TrackTable(capacity=4)
    for _ in range(50):
        table.add(3)
        table.remove(np.ones(3, np.bool_))
    assert table.capacity == 4
