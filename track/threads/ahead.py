"""Work done ahead of whom needs its results, in threads, and given out in the order of the items."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from registry.closing import Closing

__all__ = ["Ahead", "read_ahead"]

Item = TypeVar("Item")
Result = TypeVar("Result")

WAIT_S = 0.5
"""How often a consumer that waits looks up: on Windows a wait without end hears no Ctrl-C."""
JOIN_S = 2.0
"""How long `close` waits for the workers; one that hangs in a network read longer is left to its own time-out."""


@dataclass(frozen=True)
class _Done(Generic[Result]):
    """What became of one item: its place, and its result or error; neither at the end of the items."""

    place: int
    results: tuple[Result, ...] = ()
    error: BaseException | None = None


class Ahead(Closing, Generic[Item, Result]):
    """Iterates over `function(item)` for each item of `iterable`, in its order, up to `size` items ahead.

    Whatever an item or the function raises is raised where its result is taken, after all results before it, and ends
    the iteration; so it makes no difference but in time whether this or a plain `map` is at work. Leaving early is
    fine: `close` (or the end of a `with` block) stops the workers and closes a generator in one of them.

    Args:
        function: called in the workers, up to `workers` calls at once.
        iterable: iterated in whichever worker is free, one at a time.
        workers: threads.
        size: results, finished or not, that nobody has taken yet.
        name: of the threads.

    Attributes:
        wait_s: time that the consumer has waited for results so far, s.
    """

    def __init__(
        self,
        function: Callable[[Item], Result],
        iterable: Iterable[Item],
        *,
        workers: int = 1,
        size: int = 2,
        name: str = "ahead",
    ) -> None:
        if workers < 1 or size < 1:
            raise ValueError(f"workers and size must be 1 or more, but are {workers} and {size}")
        self.wait_s = 0.0
        self._function = function
        self._iterable = iterable
        self._iterator: Iterator[Item] | None = None
        self._reading = threading.Lock()
        self._place = 0
        self._is_exhausted = False
        # Of `threading`'s and `queue`'s means, a signal handler may use `SimpleQueue.put` alone: the others take locks
        # that the code it interrupts may hold.
        self._is_stopped = False
        self._done: queue.SimpleQueue[_Done[Result] | None] = queue.SimpleQueue()
        self._room: queue.SimpleQueue[bool] = queue.SimpleQueue()
        for _ in range(size):
            self._room.put(True)
        self._early: dict[int, _Done[Result]] = {}
        self._num_taken = 0
        self._threads = [threading.Thread(target=self._work, name=f"{name}-{n}", daemon=True) for n in range(workers)]
        for thread in self._threads:
            thread.start()

    def _work(self) -> None:
        while self._room.get() and not self._is_stopped and self._work_once():
            pass
        self._room.put(False)  # for the other workers
        with self._reading:
            self._close_iterator()

    def _work_once(self) -> bool:
        """Take the next item and work on it; false at the end."""
        with self._reading:
            if self._is_exhausted or self._is_stopped:
                return False
            place, self._place = self._place, self._place + 1
            try:
                if self._iterator is None:
                    self._iterator = iter(self._iterable)
                item = next(self._iterator)
            except StopIteration:
                self._is_exhausted = True
                self._done.put(_Done(place))
                return False
            except BaseException as error:  # whatever it is belongs to the consumer, in its turn
                self._is_exhausted = True
                self._done.put(_Done(place, error=error))
                return False
        try:
            self._done.put(_Done(place, (self._function(item),)))
        except BaseException as error:
            self._done.put(_Done(place, error=error))
            return False
        return True

    def _close_iterator(self) -> None:
        """A generator holds files or a connection until it is closed, in a thread that ran it."""
        close = getattr(self._iterator, "close", None)
        if close is not None and self._is_stopped and not self._is_exhausted:
            self._is_exhausted = True
            close()

    def __iter__(self) -> Iterator[Result]:
        return self

    def __next__(self) -> Result:
        started = time.perf_counter()
        done = self._take()
        self.wait_s += time.perf_counter() - started
        if done is None or not done.results:
            self.stop()
            if done is not None and done.error is not None:
                raise done.error
            raise StopIteration
        self._num_taken += 1
        self._room.put(True)
        return done.results[0]

    def _take(self) -> _Done[Result] | None:
        """What became of the next item; `None` once stopped."""
        while not self._is_stopped and self._num_taken not in self._early:
            with contextlib.suppress(queue.Empty):
                done = self._done.get(timeout=WAIT_S)
                if done is not None:
                    self._early[done.place] = done
        return None if self._is_stopped else self._early.pop(self._num_taken)

    def stop(self) -> None:
        """End the iteration and drop what is under way, without waiting for it; also from a signal handler."""
        self._is_stopped = True
        self._done.put(None)
        self._room.put(False)

    def close(self) -> bool:
        """Stop, and wait a little for the workers; whether they have ended (one may hang in a network read)."""
        self.stop()
        latest = time.monotonic() + JOIN_S
        for thread in self._threads:
            thread.join(max(0.0, latest - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)


def read_ahead(iterable: Iterable[Item], size: int = 4) -> Ahead[Item, Item]:
    """`iterable`, iterated in a thread of its own, at most `size` items ahead."""
    return Ahead(_same, iterable, size=size, name="read-ahead")


def _same(item: Item) -> Item:
    return item
