"""Reading ahead and writing behind: order, bounds, errors and stopping at any moment."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from track.threads.background_sink import BackgroundSink
from track.threads.prefetch import Prefetch


class _ListSink:
    """Remembers what it was given; fails at one item, or waits for a permission."""

    def __init__(self, fail_at: object = None, gate: threading.Event | None = None) -> None:
        self.items: list[object] = []
        self.closed = 0
        self.discarded = 0
        self._fail_at = fail_at
        self._gate = gate

    def write(self, item: object, *more: object) -> None:
        if self._gate is not None:
            assert self._gate.wait(5)
        if item == self._fail_at:
            raise OSError(28, "No space left on device")
        self.items.append((item, *more) if more else item)

    def close(self) -> None:
        self.closed += 1

    def discard(self) -> None:
        self.discarded += 1


@settings(max_examples=30, deadline=None)
@given(items=st.lists(st.integers()), size=st.integers(1, 5))
def test_prefetch_gives_every_item_in_order(items: list[int], size: int) -> None:
    with Prefetch(items, size) as ahead:
        assert list(ahead) == items
        assert list(ahead) == []


def test_prefetch_reads_no_further_ahead_than_its_size() -> None:
    taken = 0

    def numbers() -> Iterator[int]:
        nonlocal taken
        for number in itertools.count():
            taken += 1
            yield number

    with Prefetch(numbers(), size=3) as ahead:
        assert next(ahead) == 0
        time.sleep(0.2)
        assert taken <= 1 + 3 + 1  # given out, queued, in the thread's hand


def test_prefetch_raises_the_error_after_the_items_before_it() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("the disk fell off")

    ahead = Prefetch(broken())
    assert next(ahead) == 1
    with pytest.raises(ValueError, match="the disk fell off"):
        next(ahead)
    with pytest.raises(StopIteration):
        next(ahead)


def test_prefetch_can_be_left_early_and_closes_the_generator_in_its_thread() -> None:
    closed_in: list[str] = []

    def endless() -> Iterator[int]:
        try:
            yield from itertools.count()
        finally:
            closed_in.append(threading.current_thread().name)

    ahead = Prefetch(endless(), size=1)
    assert [next(ahead), next(ahead)] == [0, 1]
    assert ahead.close() is True
    assert ahead.close() is True
    assert closed_in == ["prefetch"]
    assert list(ahead) == []


def test_stop_ends_a_consumer_that_waits() -> None:
    """Although the source hangs: it is not waited for."""
    gate, ended = threading.Event(), threading.Event()

    def stuck() -> Iterator[int]:
        yield 1
        gate.wait(30)
        ended.set()

    ahead = Prefetch(stuck())
    assert next(ahead) == 1
    threading.Timer(0.1, ahead.stop).start()
    assert list(ahead) == []
    assert not ended.is_set()
    gate.set()
    assert ahead.close() is True


def test_prefetch_counts_the_time_that_was_waited() -> None:
    def slow() -> Iterator[int]:
        for number in range(3):
            time.sleep(0.03)
            yield number

    with Prefetch(slow()) as ahead:
        list(ahead)
        assert ahead.wait_s >= 0.05


def test_sink_gets_every_item_in_order_and_is_closed_once() -> None:
    sink = _ListSink()
    with BackgroundSink(sink, size=2) as behind:
        for number in range(50):
            behind.write(number, "x")
    behind.close()
    assert sink.items == [(number, "x") for number in range(50)]
    assert (sink.closed, sink.discarded) == (1, 0)


def test_writing_waits_while_the_queue_is_full() -> None:
    gate = threading.Event()
    behind = BackgroundSink(_ListSink(gate=gate), size=2)
    writer = threading.Thread(target=lambda: [behind.write(number) for number in range(8)])
    writer.start()
    writer.join(0.2)
    assert writer.is_alive()
    gate.set()
    writer.join(5)
    behind.close()
    assert behind.wait_s > 0.1


def test_an_error_of_the_sink_comes_up_once_and_nobody_hangs() -> None:
    sink = _ListSink(fail_at=1)
    behind = BackgroundSink(sink, size=1)
    raised = 0
    for number in range(20):
        raised += _raises(behind, number)
    behind.close()
    assert raised == 1
    assert sink.items == [0]
    assert sink.closed == 1


def _raises(behind: BackgroundSink, number: int) -> bool:
    try:
        behind.write(number)
    except OSError:
        return True
    return False


def test_an_error_of_the_last_item_comes_up_on_close_after_finalising() -> None:
    sink = _ListSink(fail_at="last")
    behind = BackgroundSink(sink)
    behind.write("first")
    behind.write("last")
    with pytest.raises(OSError, match="No space left"):
        behind.close()
    assert (sink.items, sink.closed) == (["first"], 1)
    behind.close()


def test_discard_drops_what_is_queued() -> None:
    gate = threading.Event()
    sink = _ListSink(gate=gate)
    behind = BackgroundSink(sink, size=8)
    for number in range(6):
        behind.write(number)
    threading.Timer(0.1, gate.set).start()
    behind.discard()
    assert len(sink.items) <= 1
    assert (sink.closed, sink.discarded) == (0, 1)


def test_a_closed_sink_takes_nothing() -> None:
    behind = BackgroundSink(_ListSink())
    behind.close()
    with pytest.raises(ValueError, match="closed"):
        behind.write(1)


@pytest.mark.parametrize("make", [lambda: Prefetch([], 0), lambda: BackgroundSink(_ListSink(), 0)])
def test_queues_need_room(make) -> None:
    with pytest.raises(ValueError, match="size must be 1 or more"):
        make()


def test_no_threads_are_left_behind() -> None:
    before = threading.active_count()
    for _ in range(20):
        ahead = Prefetch(itertools.count())
        next(ahead)
        ahead.close()
        behind = BackgroundSink(_ListSink())
        behind.write(1)
        behind.close()
    assert threading.active_count() == before
