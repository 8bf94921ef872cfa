"""The stack on which a thread handles signals, kept safe from libraries that borrow it."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["keeping_signal_stack"]


class _Stack(ctypes.Structure):
    """`stack_t` of Linux; all zero but for the flag, there is no alternate stack."""

    _fields_ = (("address", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t))


@contextmanager
def keeping_signal_stack() -> Iterator[None]:
    """Leaves the alternate signal stack of this thread as it was; nothing but on Linux.

    OpenVINO puts a stack of its own there while it compiles a model, and takes it away when the model is freed. Of two
    models that are freed in the order in which they were made, the second gives back the stack of the first, which is
    gone: the next Ctrl-C would be a segmentation fault.
    """
    if sys.platform != "linux":
        yield
        return
    libc, before = ctypes.CDLL(None), _Stack()
    libc.sigaltstack(None, ctypes.byref(before))
    try:
        yield
    finally:
        libc.sigaltstack(ctypes.byref(before), None)
