"""A function applied ahead in threads: the order, the bounds, the errors and the stopping of a plain `map`."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from track.threads.map_ahead import MapAhead


@settings(max_examples=30, deadline=None)
@given(items=st.lists(st.integers()), workers=st.integers(1, 3), size=st.integers(1, 4))
def test_every_result_in_the_order_of_the_items(items: list[int], workers: int, size: int) -> None:
    def slow_where_even(item: int) -> int:
        time.sleep(0.002 * (item % 2 == 0))
        return 3 * item

    with MapAhead(slow_where_even, items, workers=workers, size=size) as ahead:
        assert list(ahead) == [3 * item for item in items]
        assert list(ahead) == []


def test_works_no_further_ahead_than_its_size() -> None:
    seen: list[int] = []
    with MapAhead(seen.append, itertools.count(), workers=2, size=3) as ahead:
        next(ahead)
        time.sleep(0.3)
        assert len(seen) <= 1 + 3


def test_as_many_calls_at_once_as_there_are_workers() -> None:
    together = threading.Barrier(2, timeout=5)
    with MapAhead(lambda _item: together.wait(), range(4), workers=2, size=2) as ahead:
        assert len(list(ahead)) == 4, "each call waits for another one"


def _broken_source() -> Iterator[int]:
    yield from range(3)
    raise OSError("the disk is gone")


def _fails_at_three(item: int) -> int:
    if item == 3:
        raise ValueError("three")
    return item


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("function", "items", "error"),
    [
        pytest.param(int, _broken_source, OSError, id="the source fails"),
        pytest.param(_fails_at_three, lambda: iter(range(9)), ValueError, id="the function fails"),
    ],
)
def test_an_error_comes_after_all_results_before_it_and_ends_it(
    function: Callable[[int], int], items: Callable[[], Iterator[int]], error: type[Exception], workers: int
) -> None:
    got: list[int] = []
    with MapAhead(function, items(), workers=workers, size=3) as ahead:
        with pytest.raises(error):
            got.extend(ahead)
        assert list(ahead) == []
    assert got == [0, 1, 2]


@pytest.mark.parametrize("after", [0, 1, 5])
def test_leaving_early_ends_the_threads(after: int) -> None:
    ahead = MapAhead(lambda item: item, itertools.count(), workers=2, size=2)
    for _ in range(after):
        next(ahead)
    assert ahead.close()
    assert list(ahead) == []


def test_stop_ends_a_wait_for_a_slow_function() -> None:
    release = threading.Event()
    with MapAhead(lambda _item: release.wait(10), range(3)) as ahead:
        threading.Timer(0.1, ahead.stop).start()
        assert list(ahead) == []
        release.set()


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"size": 0}])
def test_there_is_somebody_to_work_and_room(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        MapAhead(int, [], **wrong)
