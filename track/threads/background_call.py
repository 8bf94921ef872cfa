"""One call in a thread of its own."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Generic, cast

from track.threads.prefetch import WAIT_S, Item

__all__ = ["InBackground"]


class InBackground(Generic[Item]):
    """Calls `function` once, in a thread of its own that does not keep the program from ending."""

    def __init__(self, function: Callable[[], Item], name: str) -> None:
        self._results: queue.SimpleQueue[tuple[Item | None, BaseException | None]] = queue.SimpleQueue()
        self._function = function
        threading.Thread(target=self._call, name=name, daemon=True).start()

    def _call(self) -> None:
        try:
            self._results.put((self._function(), None))
        except BaseException as error:  # whatever it is belongs to whom asks for the result
            self._results.put((None, error))

    def result(self) -> Item:
        """What it returned or raised, once; waits for it in short steps, so that Ctrl-C is heard."""
        while True:
            with contextlib.suppress(queue.Empty):
                value, error = self._results.get(timeout=WAIT_S)
                if error is not None:
                    raise error
                return cast(Item, value)
