"""Writing behind the main loop: order, bounds, errors and the end."""

from __future__ import annotations

import threading

import pytest

from track.threads.background_sink import BackgroundSink


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


def test_sink_gets_every_item_in_order_and_is_closed_once() -> None:
    sink = _ListSink()
    with BackgroundSink(sink, size=2) as behind:
        for number in range(50):
            behind.write(number, "x")
    behind.close()
    assert sink.items == [(number, "x") for number in range(50)]
    assert (sink.closed, sink.discarded) == (1, 0)


def test_writing_waits_while_the_queue_is_full() -> None:
    gate, num_written = threading.Event(), threading.Semaphore(0)
    sink = _ListSink(gate=gate)
    behind = BackgroundSink(sink, size=2)

    def write_all() -> None:
        for number in range(8):
            behind.write(number)
            num_written.release()

    writer = threading.Thread(target=write_all)
    writer.start()
    for _ in range(3):  # one in the hand of the sink, two in the queue
        assert num_written.acquire(timeout=5)
    assert behind._queue.full()
    assert not num_written.acquire(blocking=False)
    gate.set()
    writer.join(5)
    behind.close()
    assert sink.items == list(range(8))
    assert behind.wait_s > 0


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

    def let_go_once_discarded() -> None:
        assert behind._abort.wait(5)
        gate.set()

    threading.Thread(target=let_go_once_discarded).start()
    behind.discard()
    assert len(sink.items) <= 1
    assert (sink.closed, sink.discarded) == (0, 1)


def test_a_closed_sink_takes_nothing() -> None:
    behind = BackgroundSink(_ListSink())
    behind.close()
    with pytest.raises(ValueError, match="closed"):
        behind.write(1)


def test_a_queue_needs_room() -> None:
    with pytest.raises(ValueError, match="size must be 1 or more"):
        BackgroundSink(_ListSink(), 0)


def test_no_threads_are_left_behind() -> None:
    before = threading.active_count()
    for _ in range(20):
        behind = BackgroundSink(_ListSink())
        behind.write(1)
        behind.close()
    assert threading.active_count() == before
