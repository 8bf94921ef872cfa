"""Ctrl-C and SIGTERM end a run early but properly: the frame in hand is finished, then the files."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["StopSignal"]


class StopSignal:
    """While entered, the first SIGINT or SIGTERM sets `number`; a second one raises `KeyboardInterrupt`.

    Outside the main thread Python can't handle signals; then this does nothing.

    Attributes:
        number: the signal that came, or `None`.
        on_stop: called once when it comes, to end what the main loop may be waiting for.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self.on_stop: Callable[[], object] = lambda: None
        self._previous: dict[int, Any] = {}

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self.number is not None:
            raise KeyboardInterrupt
        self.number = number
        self.on_stop()

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
