"""A signal after models are gone, in a process of its own: what fails here ends a process."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from tests.track.runs import run_python

PROGRAM = """
import os, signal, sys
import openvino
from openvino import opset13
from registry.signal_stack import keeping_signal_stack

def compiled():
    number = opset13.parameter([1], openvino.Type.f32)
    model = openvino.Model([opset13.add(number, number)], [number])
    with keeping_signal_stack():
        return openvino.Core().compile_model(model, "CPU")

first, second = compiled(), compiled()
del first
del second
taken = [bytearray(4096) for _ in range(10_000)]  # what was freed belongs to others now
seen = []
signal.signal(signal.SIGINT, lambda *_: seen.append("handled"))
os.kill(os.getpid(), signal.SIGINT)
print(*seen)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="alternate signal stacks are kept on Linux only")
def test_ctrl_c_is_handled_after_two_models_were_freed_first_made_first(tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    done = run_python(PROGRAM, cwd=tmp_path)
    assert done.returncode != -signal.SIGSEGV, "it handled the signal on a stack that was freed"
    assert (done.returncode, done.stdout.strip()) == (0, "handled"), done.stderr
