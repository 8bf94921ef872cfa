"""Ctrl-C, SIGTERM and a closed terminal end a run properly: at once while it starts, with the frame in hand later."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import Self

__all__ = ["StopSignal", "StoppedError", "signal_name"]


def signal_name(number: int) -> str:
    """What a person calls that signal."""
    return "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name


class StoppedError(KeyboardInterrupt):
    """A signal to stop, raised wherever the main thread was; like Ctrl-C, no `except Exception` catches it.

    Attributes:
        number: the signal.
    """

    def __init__(self, number: int, consequence: str) -> None:
        super().__init__(f"stopped by {signal_name(number)}: {consequence}")
        self.number = number


def _signals() -> tuple[int, ...]:
    """Those that stop a run. A terminal that closes sends SIGHUP; `nohup` has it ignored, and that stays so."""
    hang_up = getattr(signal, "SIGHUP", None)  # Windows has none
    if hang_up is None or signal.getsignal(hang_up) == signal.SIG_IGN:
        return (signal.SIGINT, signal.SIGTERM)
    return (signal.SIGINT, signal.SIGTERM, hang_up)


class StopSignal:
    """While entered, SIGINT, SIGTERM and SIGHUP raise `StoppedError`; after `defer`, only the second one does; after
    `finish`, none.

    Outside the main thread Python can't handle signals; then this does nothing.

    Attributes:
        number: the first signal that came, or `None`.
        on_stop: called once when it comes after `defer`, to end what the main loop may be waiting for.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self.on_stop: Callable[[], object] = lambda: None
        self._is_deferred = False
        self._is_finishing = False
        self._previous: dict[int, Any] = {}

    def defer(self) -> None:
        """From now on there is something to finish: the first signal only sets `number` and calls `on_stop`."""
        self._is_deferred = True

    def finish(self) -> None:
        """From now on files are being completed, which takes a moment: further signals are only noted."""
        self._is_finishing = True

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        is_second = self.number is not None
        self.number = self.number or number
        if self._is_finishing:
            return
        if not self._is_deferred:
            raise StoppedError(number, "nothing was written")
        if is_second:
            raise StoppedError(number, "it came a second time, so the files may lack what was tracked last")
        self.on_stop()

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in _signals():
                self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
