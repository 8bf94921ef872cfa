"""The clock of a source: every frame gets a later time and a higher index, whatever its time stamp says."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from track.sources.clock import FrameClock, without_wild_stamps
from track.sources.types import SourceReport


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
    ("stamps_ms", "times_s", "num_wild"),
    [
        pytest.param([0, 40, 80, 120], [0, 0.04, 0.08, 0.12], 0, id="as they should be"),
        pytest.param([0, 40, 9_000_000, 120, 160], [0, 0.04, 0.08, 0.12, 0.16], 1, id="one far ahead"),
        pytest.param([0, 40, 9_000_000, 9_000_040, 160, 200], [0, 0.04, 0.08, 0.12, 0.16, 0.2], 2, id="two in a row"),
        pytest.param([0, 9_000_000, 80, 5_000_000, 160], [0, 0.04, 0.08, 0.12, 0.16], 2, id="two apart"),
        pytest.param([0, 9_000_000, 5_000_000, 120, 160], [0, 0.04, 0.08, 0.12, 0.16], 2, id="two, the second nearer"),
        pytest.param([0, 40, 2000, 120, 160], [0, 0.04, 0.08, 0.12, 0.16], 1, id="one two seconds ahead"),
        pytest.param([0, 9_000_000, None, 120, 160], [0, 0.04, 0.08, 0.12, 0.16], 1, id="one, and one missing"),
        pytest.param([0, 40, 60_000, 60_040], [0, 0.04, 60, 60.04], 0, id="a gap of a minute"),
        pytest.param([0, 60_000, 120_000, 180_000], [0, 60, 120, 180], 0, id="a frame a minute"),
        pytest.param(
            [0, 40, 60_000, 9_000_000, 60_080], [0, 0.04, 60, 60.04, 60.08], 1, id="a gap, then one far ahead"
        ),
        pytest.param([0, 40, 80, 9_000_000], [0, 0.04, 0.08, 9000], 0, id="the last: nothing says that it is wrong"),
    ],
)
def test_time_stamps_far_ahead_that_others_do_not_follow(
    stamps_ms: list[int | None], times_s: list[float], num_wild: int
) -> None:
    """Without a length that would tell them: the frames after them do."""
    clock, report = FrameClock(25.0), SourceReport()
    frames = without_wild_stamps(map(_frame, stamps_ms), 25.0, report)
    assert [clock.tick(frame)[1] for frame in frames] == pytest.approx(times_s)
    assert report.wild_stamps == num_wild


@given(stamps_ms=st.lists(st.none() | st.integers(0, 10**7)), fps=st.floats(0.1, 500))
def test_no_frame_is_lost_or_moved(stamps_ms: list[int | None], fps: float) -> None:
    frames = [_frame(stamp) for stamp in stamps_ms]
    assert list(without_wild_stamps(iter(frames), fps, SourceReport())) == frames


def test_frames_are_held_back_only_where_a_time_stamp_is_in_doubt() -> None:
    """A live picture is handed on as soon as it is there."""
    taken: list[int] = []
    source = (taken.append(stamp) or _frame(stamp) for stamp in [0, 40, 80, 9_000_000, *range(120, 1000, 40)])
    frames = without_wild_stamps(source, 25.0, SourceReport())
    assert [len(taken) for _, _ in zip(range(3), frames, strict=False)] == [1, 2, 3]
    next(frames)
    assert len(taken) == 3 + 1 + 8
