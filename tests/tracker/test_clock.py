"""The tracker's time is the caller's while that goes forward, and never goes back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.clock import FrameClock

times = st.lists(st.floats(-1e18, 1e18) | st.floats(0, 10), min_size=1, max_size=20)


@given(times)
def test_times_that_go_forward_are_taken_as_they_are(told):
    clock = FrameClock()
    for time_s in sorted(map(abs, told)):
        assert clock.advance(time_s) == time_s == clock.now_s


@given(times)
def test_no_time_passes_where_it_goes_back_and_what_passes_is_the_callers(told):
    clock, before = FrameClock(), None
    for time_s in told:
        last_s = clock.now_s
        now_s = clock.advance(time_s)
        assert now_s >= last_s
        if before is not None:
            passed = max(time_s - before, 0.0)
            scale = max(map(abs, (time_s, before, now_s, clock.offset_s)))
            assert math.isclose(now_s - last_s, passed, rel_tol=1e-9, abs_tol=1e-12 * scale)
        before = time_s


def test_without_a_time_thirty_frames_make_a_second():
    clock = FrameClock()
    assert np.isclose([clock.advance(None) for _ in range(30)][-1], 1.0)


@given(times)
def test_steps_are_thirtieths_of_the_time_that_will_pass_up_to_a_minute(told):
    clock = FrameClock()
    for time_s in [None, *told]:
        last_s, coming_s, steps = clock.now_s, clock.time_of(time_s), clock.steps_to(time_s)
        assert clock.advance(time_s) == coming_s
        assert math.isclose(steps, min((clock.now_s - last_s) * 30, 1800.0), rel_tol=1e-6, abs_tol=1e-6)


@pytest.mark.parametrize("time_s", [math.nan, math.inf, -1e19])
def test_what_is_no_time_is_refused_and_changes_nothing(time_s):
    clock = FrameClock()
    clock.advance(3.0)
    with pytest.raises(ValueError, match=r"time_s is .*, expected seconds from the start"):
        clock.advance(time_s)
    assert clock == FrameClock(3.0)
