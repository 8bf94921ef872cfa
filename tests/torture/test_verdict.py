"""What the campaign calls a fault: if it let one pass, its table would mean nothing."""

from __future__ import annotations

import pytest

from torture.forks import Answer
from torture.verdict import MOST_MEMORY, faults

LINE = "track: error: source 'x' not found\n"


def answer(
    code: int = 0, err: str = "", grown: int = 0, *, too_slow: bool = False, touched: tuple[str, ...] = ()
) -> Answer:
    return Answer(code, "", err, 1.0, grown, too_slow, touched)


@pytest.mark.parametrize(
    "kept",
    [
        pytest.param(answer(0), id="a clean end"),
        pytest.param(answer(0, "warning: 2 damaged pictures\n"), id="a clean end with a warning"),
        pytest.param(answer(2, LINE), id="one line"),
        pytest.param(answer(2, f"note: 4 pictures\n{LINE}"), id="a note, then one line"),
    ],
)
def test_what_is_promised_passes(kept: Answer) -> None:
    assert faults(kept) == []


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        pytest.param(answer(1, "track: error: unexpected KeyError: 'x'\n"), "exit code 1", id="unexpected"),
        pytest.param(answer(70, "Traceback (most recent call last):\nKeyError\n"), "exit code 70", id="a crash"),
        pytest.param(answer(0, "Traceback (most recent call last):\nKeyError\n"), "traceback", id="in a thread"),
        pytest.param(answer(2, ""), "0 lines of error", id="no word"),
        pytest.param(answer(2, LINE + LINE), "2 lines of error", id="two lines"),
        pytest.param(answer(2, LINE + "more\n"), "not the last line", id="a line after it"),
        pytest.param(answer(2, "track: error: \n"), "says nothing", id="an error without text"),
        pytest.param(answer(-11), "died by signal 11", id="a segmentation fault"),
        pytest.param(answer(-9, too_slow=True), "did not end within", id="too slow"),
        pytest.param(answer(0, grown=MOST_MEMORY + 1), "took 2.0 GiB", id="too much memory"),
        pytest.param(answer(0, touched=("wrote '/etc/x'",)), "outside: wrote", id="a file elsewhere"),
        pytest.param(answer(130, "track: error: stopped\n"), "exit code 130", id="a signal that nobody sent"),
    ],
)
def test_what_is_not_is_a_fault(broken: Answer, expected: str) -> None:
    assert expected in "; ".join(faults(broken))


def test_other_codes_can_be_asked_for() -> None:
    assert faults(answer(1, "track: error: no memory\n"), codes=frozenset({0, 1, 2})) == []
    assert faults(answer(2, LINE), codes=frozenset({0})) == [f"exit code 2: {LINE.strip()}"]
