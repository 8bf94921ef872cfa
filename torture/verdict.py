"""What every answer of a command has to keep, whatever was done to it."""

from __future__ import annotations

import re

from torture.forks import Answer

__all__ = ["MOST_MEMORY", "faults"]

MOST_MEMORY = 2 << 30
"""Bytes on top of an interpreter that has imported everything; sources of this campaign are tiny."""
GOOD = frozenset({0, 2})
ERROR = "track: error: "
REMARK = re.compile(r"(warning|note|info): |track: (warning|note): ")
"""Lines that may stand before the one line of error."""


def faults(answer: Answer, *, codes: frozenset[int] = GOOD) -> list[str]:
    """What is wrong with an answer, a short sentence each; empty where all is as promised.

    Args:
        answer: of a command.
        codes: exit codes that are allowed here.
    """
    found = []
    if answer.too_slow:
        found.append(f"did not end within {answer.seconds:.0f} s")
    elif answer.code < 0:
        found.append(f"died by signal {-answer.code}")
    elif answer.code not in codes:
        found.append(f"exit code {answer.code}: {_last(answer.err)}")
    if "Traceback (most recent call last)" in answer.err + answer.out:
        found.append(f"traceback: {_last(answer.err)}")
    if answer.code == 2:
        found += _of_the_line(answer.err)
    if answer.grown > MOST_MEMORY:
        found.append(f"took {answer.grown / 2**30:.1f} GiB")
    return found + [f"outside: {what}" for what in answer.touched]


def _of_the_line(err: str) -> list[str]:
    """Exactly one line of error, and it is the last."""
    lines = [line for line in err.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(ERROR)]
    if len(errors) != 1:
        return [f"{len(errors)} lines of error: {_last(err)}"]
    if lines[-1] != errors[0]:
        return [f"the error is not the last line, but: {_last(err)}"]
    if len(errors[0]) <= len(ERROR) + 5:
        return ["the line of error says nothing"]
    return []


def is_quiet(err: str) -> bool:
    """Whether nothing but remarks stands before the line of error, as before any work was begun."""
    lines = [line for line in err.splitlines() if line.strip()]
    return all(REMARK.match(line) or line.startswith(ERROR) for line in lines)


def _last(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "nothing was said"
