"""Writing behind the main loop, in one thread behind a bounded queue."""

from __future__ import annotations

import queue
import threading
import time
from typing import Any, Protocol

from registry.closing import Closing

__all__ = ["BackgroundSink"]


class _End:
    """Last thing in the queue."""


class _Sink(Protocol):
    """What `BackgroundSink` writes to."""

    def write(self, *item: Any) -> None:
        """Take one item."""
        ...

    def close(self) -> None:
        """Finalise."""
        ...

    def discard(self) -> None:
        """Remove."""
        ...


class BackgroundSink(Closing):
    """Hands each `write` to `sink.write` in a thread of its own, at most `size` items behind.

    An error of the sink is raised by the next `write` or by `close`, once; later items are dropped.

    Attributes:
        wait_s: time that writers have waited for room so far, s.
        busy_s: time that the sink has worked so far, s.
    """

    def __init__(self, sink: _Sink, size: int = 8) -> None:
        if size < 1:
            raise ValueError(f"size must be 1 or more, but is {size}")
        self.wait_s = 0.0
        self.busy_s = 0.0
        self._sink = sink
        self._queue: queue.Queue[tuple[Any, ...] | _End] = queue.Queue(size)
        self._abort = threading.Event()
        self._error: BaseException | None = None
        self._is_closed = False
        self._thread = threading.Thread(target=self._drain, name=f"write-{type(sink).__name__}", daemon=True)
        self._thread.start()

    def _drain(self) -> None:
        """Until the end mark: write, or (after an error or an abort) only empty the queue, so that nobody waits."""
        failed = False
        while not isinstance(item := self._queue.get(), _End):
            if failed or self._abort.is_set():
                continue
            started = time.perf_counter()
            try:
                self._sink.write(*item)
            except BaseException as error:  # belongs to the writer's thread
                self._error, failed = error, True
            self.busy_s += time.perf_counter() - started

    def write(self, *item: Any) -> None:
        """Queue one item; waits while the queue is full.

        Raises:
            ValueError: the sink is closed.
            Exception: what the sink raised for an earlier item.
        """
        if self._is_closed:
            raise ValueError("this sink is closed and takes nothing more")
        self._raise_error()
        started = time.perf_counter()
        self._queue.put(item)
        self.wait_s += time.perf_counter() - started

    def _raise_error(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _finish(self) -> bool:
        """End the thread; false when that was done before."""
        if self._is_closed:
            return False
        self._is_closed = True
        self._queue.put(_End())
        self._thread.join()
        return True

    def close(self) -> None:
        """Write what is queued, finalise the sink, then raise what it could not write."""
        if self._finish():
            self._sink.close()
            self._raise_error()

    def discard(self) -> None:
        """Drop what is queued and let the sink remove its file."""
        self._abort.set()
        if self._finish():
            self._sink.discard()
