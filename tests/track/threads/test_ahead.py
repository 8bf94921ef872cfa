"""Work ahead in threads: the order, the bounds, the errors and the stopping of a plain `map`, and nothing left over."""

from __future__ import annotations

import itertools
import signal
import threading
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from track.threads import ahead as ahead_module
from track.threads.ahead import Ahead, read_ahead

PATIENCE_S = 10
"""Longer than any of these waits takes; a wait that is over by then did not fail for the machine."""


@pytest.fixture(autouse=True)
def _nobody_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits is woken: a consumer that had to look up by itself would take too long for these tests."""
    monkeypatch.setattr(ahead_module, "WAIT_S", 10 * PATIENCE_S)


@settings(max_examples=30, deadline=None)
@given(items=st.lists(st.integers()), workers=st.integers(1, 3), size=st.integers(1, 4))
def test_every_result_in_the_order_of_the_items(items: list[int], workers: int, size: int) -> None:
    with Ahead(lambda item: 3 * item, items, workers=workers, size=size) as ahead:
        assert list(ahead) == [3 * item for item in items]
        assert list(ahead) == []


@given(items=st.lists(st.integers()), size=st.integers(1, 5))
def test_reading_ahead_gives_every_item_in_order(items: list[int], size: int) -> None:
    with read_ahead(items, size) as ahead:
        assert list(ahead) == items
        assert list(ahead) == []


def test_a_late_first_result_still_comes_first() -> None:
    others_done = threading.Event()

    def first_is_last(item: int) -> int:
        if item == 0:
            assert others_done.wait(PATIENCE_S)
        if item == 3:
            others_done.set()
        return item

    with Ahead(first_is_last, range(4), workers=2, size=4) as ahead:
        assert list(ahead) == [0, 1, 2, 3]


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 3])
def test_works_as_far_ahead_as_its_size_and_no_further(workers: int, size: int) -> None:
    """Of so many calls ahead each is seen; that there is no further one is the business of the room, which is empty."""
    calls: list[int] = []
    called = threading.Semaphore(0)

    def call(item: int) -> None:
        calls.append(item)
        called.release()

    with Ahead(call, itertools.count(), workers=workers, size=size) as ahead:
        for num_taken in range(5):
            while len(calls) < num_taken + size:
                assert called.acquire(timeout=PATIENCE_S)
            assert ahead._room.empty()
            assert sorted(calls) == list(range(num_taken + size))
            next(ahead)


def test_as_many_calls_at_once_as_there_are_workers() -> None:
    together = threading.Barrier(2, timeout=PATIENCE_S)
    with Ahead(lambda _item: together.wait(), range(4), workers=2, size=2) as ahead:
        assert len(list(ahead)) == 4, "each call waits for another one"


def test_the_items_are_asked_for_one_at_a_time() -> None:
    """A generator that two threads run at once raises an error."""
    with Ahead(lambda item: item, (number for number in range(500)), workers=4, size=8) as ahead:
        assert list(ahead) == list(range(500))


def _broken_source() -> Iterator[int]:
    yield from range(3)
    raise OSError("the disk is gone")


def _fails_at_three(item: int) -> int:
    if item == 3:
        raise ValueError("three")
    return item


class _CannotStart:
    def __iter__(self) -> Iterator[int]:
        raise OSError("no such thing")


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("function", "items", "error", "before"),
    [
        pytest.param(int, _broken_source, OSError, [0, 1, 2], id="the source fails"),
        pytest.param(int, _CannotStart, OSError, [], id="the source cannot even start"),
        pytest.param(_fails_at_three, lambda: iter(range(9)), ValueError, [0, 1, 2], id="the function fails"),
    ],
)
def test_an_error_comes_after_all_results_before_it_and_ends_it(
    function: Callable[[int], int],
    items: Callable[[], Iterator[int]],
    error: type[Exception],
    before: list[int],
    workers: int,
) -> None:
    got: list[int] = []
    with Ahead(function, items(), workers=workers, size=3) as ahead:
        with pytest.raises(error):
            got.extend(ahead)
        assert list(ahead) == []
    assert got == before


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("after", [0, 1, 5])
def test_leaving_early_closes_the_generator_in_a_worker_and_ends_the_threads(after: int, workers: int) -> None:
    closed_in: list[str] = []
    started = threading.Event()

    def endless() -> Iterator[int]:
        started.set()
        try:
            yield from itertools.count()
        finally:
            closed_in.append(threading.current_thread().name)

    ahead = Ahead(lambda item: item, endless(), workers=workers, size=2, name="worker")
    assert started.wait(PATIENCE_S)
    assert [next(ahead) for _ in range(after)] == list(range(after))
    assert ahead.close() is True
    assert ahead.close() is True
    assert [name.partition("-")[0] for name in closed_in] == ["worker"]
    assert list(ahead) == []


@pytest.mark.parametrize("hangs", ["the source", "the function"])
def test_stop_ends_a_consumer_that_waits_for_what_hangs(hangs: str) -> None:
    """At once, and although nobody waits for what hangs."""
    release, is_hanging, has_ended = threading.Event(), threading.Event(), threading.Event()

    def hang(where: str, item: int) -> int:
        if where == hangs and item == 1:
            is_hanging.set()
            assert release.wait(PATIENCE_S)
            has_ended.set()
        return item

    def stop_once_it_hangs(ahead: Ahead[int, int]) -> None:
        is_hanging.wait(PATIENCE_S)
        ahead.stop()

    source = (hang("the source", number) for number in range(3))
    ahead = Ahead(lambda item: hang("the function", item), source)
    assert next(ahead) == 0
    threading.Thread(target=stop_once_it_hangs, args=(ahead,)).start()
    assert list(ahead) == []
    assert not has_ended.is_set()
    release.set()
    assert ahead.close() is True


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no such signals on this system")
def test_stop_may_be_called_by_a_signal_handler_while_the_consumer_waits() -> None:
    release = threading.Event()
    with Ahead(lambda _item: release.wait(PATIENCE_S), range(3)) as ahead:
        before = signal.signal(signal.SIGALRM, lambda *_: ahead.stop())
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.02)
            assert list(ahead) == []
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            release.set()


def test_close_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead_module, "JOIN_S", 0.01)
    release, is_hanging = threading.Event(), threading.Event()

    def hang() -> Iterator[int]:
        is_hanging.set()
        release.wait(PATIENCE_S)
        yield 0

    ahead = read_ahead(hang())
    assert is_hanging.wait(PATIENCE_S)
    assert ahead.close() is False
    release.set()
    monkeypatch.setattr(ahead_module, "JOIN_S", PATIENCE_S)
    assert ahead.close() is True


def test_the_time_that_was_waited_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that goes on by 1 s at each look: two looks for each of three items and the end."""
    seconds = itertools.count()
    monkeypatch.setattr(ahead_module.time, "perf_counter", lambda: float(next(seconds)))
    with read_ahead([1, 2, 3]) as ahead:
        list(ahead)
        assert ahead.wait_s == 4.0


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"size": 0}])
def test_there_is_somebody_to_work_and_room(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="workers and size must be 1 or more"):
        Ahead(int, [], **wrong)


def test_no_threads_are_left_behind() -> None:
    before = threading.active_count()
    for _ in range(20):
        with Ahead(lambda item: item, itertools.count(), workers=3, size=4) as ahead:
            next(ahead)
    assert threading.active_count() == before
