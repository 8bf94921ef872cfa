"""Few file handles and little memory: one line, or a clean end."""

from __future__ import annotations

import resource

from torture.campaign import Effort, Tally, each, fresh
from torture.forks import Call, homes, run
from torture.same import broken_files, left_over
from torture.scene import VALID, make_inputs
from torture.verdict import faults

__all__ = ["limits"]

HANDLES = (8, 12, 16, 24, 32, 48, 64, 128)
MEMORY_MB = (1, 8, 32, 64, 128, 256, 512, 1024)
"""On top of the interpreter with its imports."""
CODES = frozenset({0, 1, 2})
"""1 too: that the memory is at its end is nothing that the user typed; but in one line."""


def limits(effort: Effort, tally: Tally) -> None:
    """Try each command under each limit."""
    inputs = make_inputs(effort.folder / "inputs")
    cases: list[tuple[str, str, int]] = [
        (command, kind, value)
        for command in VALID
        for kind, values in (("file handles", HANDLES), ("MB of memory", MEMORY_MB))
        for value in values
    ]
    effort.choices("limits").shuffle(cases)
    for number in each(effort, cases):
        command, kind, value = cases[number]
        folder = fresh(effort.folder / "case", inputs)
        if kind == "file handles":
            call = Call(VALID[command], folder, homes(folder), limits=((resource.RLIMIT_NOFILE, value),))
        else:
            call = Call(VALID[command], folder, homes(folder), more_memory=value << 20)
        found = faults(run(call), codes=CODES) + broken_files(folder / "new") + left_over(folder)
        tally.add(f"{command} with {value} {kind}", found)
    tally.remarks.append(f"handles {HANDLES[0]} to {HANDLES[-1]}, {MEMORY_MB[0]} to {MEMORY_MB[-1]} MB")
