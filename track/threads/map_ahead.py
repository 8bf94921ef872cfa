"""A function applied to items ahead of whom needs the results, in threads, and given out in the order of the items."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from registry.closing import Closing
from track.threads.prefetch import JOIN_S, POLL_S, WAIT_S

__all__ = ["MapAhead"]

Item = TypeVar("Item")
Result = TypeVar("Result")


class _Slot(Generic[Result]):
    """The place of one result: filled by a worker, waited for by the consumer."""

    def __init__(self) -> None:
        self.is_filled = threading.Event()
        self.results: list[Result] = []
        self.error: BaseException | None = None


class MapAhead(Closing, Generic[Item, Result]):
    """Iterates over `function(item)` for each item of `iterable`, in its order, up to `size` items ahead.

    Whatever an item or the function raises is raised where its result is taken, after all results before it, and ends
    the iteration; so it makes no difference but in time whether this or a plain `map` is at work.

    Args:
        iterable: iterated in whichever worker is free, one at a time.
        function: called in the workers, up to `workers` calls at once.
        workers: threads.
        size: results, finished or not, that nobody has taken yet.

    Attributes:
        wait_s: time that the consumer has waited for results so far, s.
    """

    def __init__(
        self, function: Callable[[Item], Result], iterable: Iterable[Item], *, workers: int = 1, size: int = 2
    ) -> None:
        if workers < 1 or size < 1:
            raise ValueError(f"workers and size must be 1 or more, but are {workers} and {size}")
        self.wait_s = 0.0
        self._function = function
        self._iterator = iter(iterable)
        self._reading = threading.Lock()
        self._room = threading.Semaphore(size)
        self._slots: queue.SimpleQueue[_Slot[Result] | None] = queue.SimpleQueue()
        self._is_stopped = False  # as in `Prefetch`: no lock that a signal handler could wait for
        self._is_exhausted = False
        self._threads = [threading.Thread(target=self._work, name=f"ahead-{n}", daemon=True) for n in range(workers)]
        for thread in self._threads:
            thread.start()

    def _work(self) -> None:
        while not self._is_stopped:
            if self._room.acquire(timeout=POLL_S) and not self._work_once():
                return

    def _work_once(self) -> bool:
        """Take the next item and work on it; false at the end."""
        slot: _Slot[Result] = _Slot()
        with self._reading:
            if self._is_exhausted or self._is_stopped:
                return False
            try:
                item = next(self._iterator)
            except BaseException as error:  # the end, or what belongs to the consumer
                self._is_exhausted = True
                if not isinstance(error, StopIteration):
                    slot.error = error
                    slot.is_filled.set()
                    self._slots.put(slot)
                self._slots.put(None)
                return False
            self._slots.put(slot)
        try:
            slot.results.append(self._function(item))
        except BaseException as error:  # the consumer's, in its turn
            slot.error = error
        slot.is_filled.set()
        return slot.error is None

    def __iter__(self) -> Iterator[Result]:
        return self

    def __next__(self) -> Result:
        started = time.perf_counter()
        slot = self._take()
        self.wait_s += time.perf_counter() - started
        if slot is None:
            self.stop()
            raise StopIteration
        if slot.error is not None:
            self.stop()
            raise slot.error
        self._room.release()
        return slot.results[0]

    def _take(self) -> _Slot[Result] | None:
        """The next slot, filled; `None` at the end. Waits in short steps, so that Ctrl-C is heard everywhere."""
        slot: _Slot[Result] | None = None
        while slot is None and not self._is_stopped:
            with contextlib.suppress(queue.Empty):
                slot = self._slots.get(timeout=WAIT_S)
                if slot is None:
                    return None
        while slot is not None and not self._is_stopped:
            if slot.is_filled.wait(WAIT_S):
                return slot
        return None

    def stop(self) -> None:
        """End the iteration and drop what is under way, without waiting for it."""
        self._is_stopped = True

    def close(self) -> bool:
        """Stop, and wait a little for the workers; whether they have ended."""
        self.stop()
        for thread in self._threads:
            thread.join(JOIN_S)
        return not any(thread.is_alive() for thread in self._threads)
