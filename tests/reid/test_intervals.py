"""Wilson's interval against SciPy's, and what it says of few people."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from reid.intervals import CONFIDENCE, wilson


@given(st.data(), st.integers(1, 500))
def test_it_is_that_of_scipy(data: st.DataObject, trials: int) -> None:
    hits = data.draw(st.integers(0, trials))
    wanted = binomtest(hits, trials).proportion_ci(CONFIDENCE, method="wilson")
    assert wilson(hits / trials, trials) == pytest.approx((wanted.low, wanted.high), abs=1e-12)


@pytest.mark.parametrize(
    ("share", "people", "low", "high"),
    [
        pytest.param(1.0, 2, 0.342, 1.0, id="100 % of two people is 34 % or more"),
        pytest.param(1.0, 20, 0.839, 1.0, id="of twenty, 84 % or more"),
        pytest.param(1.0, 750, 0.995, 1.0, id="of Market-1501, 99.5 % or more"),
        pytest.param(0.5, 0, 0.0, 1.0, id="of nobody, anything"),
    ],
)
def test_how_far_a_share_can_be_trusted(share: float, people: int, low: float, high: float) -> None:
    assert wilson(share, people) == (pytest.approx(low, abs=5e-4), pytest.approx(high, abs=5e-4))
