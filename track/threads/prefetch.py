"""Work beside the main loop: reading ahead and writing behind, each in one thread behind a bounded queue."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from registry.closing import Closing

__all__ = ["Prefetch"]

Item = TypeVar("Item")

POLL_S = 0.05
"""How often a thread that waits for room in its queue looks whether it should stop."""
WAIT_S = 0.5
"""How often a consumer that waits for an item looks up."""
JOIN_S = 2.0
"""How long `close` waits for a reader; one that hangs in a network read longer is left to its own time-out."""


class _End:
    """Last thing in a queue; carries what stopped the thread, if anything did."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class Prefetch(Closing, Generic[Item]):
    """Iterates over `iterable` in a thread of its own, at most `size` items ahead.

    Errors of the iterable are raised again where the items are taken. Leaving early is fine: `close` (or the end of a
    `with` block) stops the thread; `stop` ends the iteration from a signal handler or another thread.

    Attributes:
        wait_s: time that the consumer has waited for items so far, s.
    """

    def __init__(self, iterable: Iterable[Item], size: int = 4) -> None:
        if size < 1:
            raise ValueError(f"size must be 1 or more, but is {size}")
        self.wait_s = 0.0
        self._queue: queue.Queue[Item | _End] = queue.Queue(size)
        self._is_stopped = False  # no Event: its lock could be held by the code that a signal handler interrupts
        self._is_done = False
        self._thread = threading.Thread(target=self._fill, args=(iterable,), name="prefetch", daemon=True)
        self._thread.start()

    def _fill(self, iterable: Iterable[Item]) -> None:
        end = _End()
        iterator: Iterator[Item] | None = None
        try:
            iterator = iter(iterable)
            for item in iterator:
                if not self._put(item):
                    break
        except BaseException as error:  # whatever it is belongs to the consumer
            end = _End(error)
        finally:
            self._put(end)
            # A generator holds files or a connection until it is closed, which must happen in the thread that ran it.
            close = getattr(iterator, "close", None)
            if close is not None and self._is_stopped:
                close()

    def _put(self, item: Item | _End) -> bool:
        """Whether the item found room before the consumer left."""
        while not self._is_stopped:
            try:
                self._queue.put(item, timeout=POLL_S)
            except queue.Full:
                continue
            return True
        return False

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        if self._is_done:
            raise StopIteration
        started = time.perf_counter()
        item = self._take()
        self.wait_s += time.perf_counter() - started
        if not isinstance(item, _End):
            return item
        if self._is_stopped:  # the thread may hang in a read; `close` waits a little for it
            raise StopIteration
        self._is_done = True
        self._thread.join()
        if item.error is not None:
            raise item.error
        raise StopIteration

    def _take(self) -> Item | _End:
        """The next item; waits in short steps, since a wait without end hears no Ctrl-C on Windows."""
        while not self._is_stopped:
            with contextlib.suppress(queue.Empty):
                return self._queue.get(timeout=WAIT_S)
        return _End()

    def stop(self) -> None:
        """End the iteration and drop what is queued, without waiting for the thread."""
        self._is_done = True
        self._is_stopped = True

    def close(self) -> bool:
        """Stop, and wait a little for the thread; whether it has ended (it may hang in a network read)."""
        self.stop()
        self._thread.join(JOIN_S)
        return not self._thread.is_alive()
