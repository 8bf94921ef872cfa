"""One thing and several things in a message."""

from __future__ import annotations

import pytest

from registry.words import counted


@pytest.mark.parametrize(
    ("number", "words", "expected"),
    [
        pytest.param(1, ("track",), "1 track", id="one"),
        pytest.param(0, ("track",), "0 tracks", id="none"),
        pytest.param(2, ("track",), "2 tracks", id="two"),
        pytest.param(1, ("identity", "identities"), "1 identity", id="one of another form"),
        pytest.param(5, ("identity", "identities"), "5 identities", id="several of another form"),
    ],
)
def test_the_noun_follows_the_number(number: int, words: tuple[str, ...], expected: str) -> None:
    assert counted(number, *words) == expected
