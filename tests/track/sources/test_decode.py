"""The clock of a source: every frame gets a later time and a higher index, whatever its time stamp says."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from track.sources.decode import FrameClock, frame_rate


def _frame(pts: int | None) -> SimpleNamespace:
    """A decoded frame with its time stamp in ms."""
    return SimpleNamespace(pts=pts, time_base=Fraction(1, 1000))


@pytest.mark.parametrize(
    ("stamps_ms", "times_s"),
    [
        pytest.param([0, 40, 80], [0, 0.04, 0.08], id="as they should be"),
        pytest.param([1400, 1440, 1480], [0, 0.04, 0.08], id="counted from the first"),
        pytest.param([-80, -40, 0], [0, 0.04, 0.08], id="from below zero"),
        pytest.param([0, 100, 110, 500], [0, 0.1, 0.11, 0.5], id="variable rate"),
        pytest.param([None, None, None], [0, 0.04, 0.08], id="none at all"),
        pytest.param([0, None, 80], [0, 0.04, 0.08], id="one missing"),
        pytest.param([0, 40, 40, 120], [0, 0.04, 0.08, 0.12], id="one twice"),
        pytest.param([0, 40, 20, 160], [0, 0.04, 0.08, 0.16], id="one runs back"),
        pytest.param([0, 40, 9_000_000, 120], [0, 0.04, 0.08, 0.12], id="one far beyond the end"),
    ],
)
def test_times(stamps_ms: list[int | None], times_s: list[float]) -> None:
    clock = FrameClock(25.0, length_s=1.0)
    ticks = [clock.tick(_frame(stamp)) for stamp in stamps_ms]
    assert [time_s for _, time_s in ticks] == pytest.approx(times_s)
    assert [index for index, _ in ticks] == list(range(len(stamps_ms)))


def test_index_follows_the_time_where_frames_may_be_lost() -> None:
    clock = FrameClock(25.0)
    stamps_ms = [0, 40, 200, 240]
    assert [clock.tick(_frame(stamp), frames_may_be_lost=True)[0] for stamp in stamps_ms] == [0, 1, 5, 6]


@given(
    stamps_ms=st.lists(st.none() | st.integers(-(10**9), 10**9), min_size=2),
    fps=st.floats(0.1, 500),
    lossy=st.booleans(),
)
def test_time_and_index_always_rise(stamps_ms: list[int | None], fps: float, lossy: bool) -> None:
    clock = FrameClock(fps)
    ticks = [clock.tick(_frame(stamp), frames_may_be_lost=lossy) for stamp in stamps_ms]
    assert ticks[0] == (0, 0.0)
    assert all(b[0] > a[0] and b[1] > a[1] for a, b in pairwise(ticks))


@pytest.mark.parametrize(
    ("average", "guessed", "fps"),
    [
        pytest.param(Fraction(30000, 1001), Fraction(30), 30000 / 1001, id="the average where it is there"),
        pytest.param(None, Fraction(50), 50.0, id="else what FFmpeg guesses"),
        pytest.param(Fraction(0), Fraction(90000), 25.0, id="a clock is no frame rate"),
        pytest.param(Fraction(1, 10**9), None, 25.0, id="a damaged header"),
    ],
)
def test_frame_rate(average: Fraction | None, guessed: Fraction | None, fps: float) -> None:
    stream = SimpleNamespace(average_rate=average, guessed_rate=guessed, base_rate=None)
    assert frame_rate(stream) == pytest.approx(fps)
