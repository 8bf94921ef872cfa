"""One thing and several things in a message; texts of others in it."""

from __future__ import annotations

import pytest

from registry.words import counted, encodable, printable, printable_lines


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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("clip.mp4", "clip.mp4", id="plain"),
        pytest.param("Größe 日本 \U0001f600", "Größe 日本 \U0001f600", id="letters of all languages"),
        pytest.param("C:\\new\\x1b", "C:\\new\\x1b", id="backslashes stay"),
        pytest.param("a\x1b[31mb", "a\\x1b[31mb", id="ANSI colour"),
        pytest.param("\x1b]0;title\x07", "\\x1b]0;title\\x07", id="OSC: title of the window"),
        pytest.param("\x9b31m", "\\x9b31m", id="the CSI of 8 bits"),
        pytest.param("a\nwarning: b\r", "a\\nwarning: b\\r", id="line ends"),
        pytest.param("a\u2028b", "a\\u2028b", id="line separator"),
        pytest.param("gpj\u202eexe", "gpj\\u202eexe", id="right to left"),
        pytest.param("a\u2066b", "a\\u2066b", id="isolate"),
        pytest.param("a\u200bb", "a\\u200bb", id="blank of no width"),
        pytest.param("\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469", id="an emoji of two"),
        pytest.param("bad\udc80", "bad\\udc80", id="name of a file that is no UTF-8"),
        pytest.param("a\x7fb\x08", "a\\x7fb\\x08", id="delete and backspace"),
    ],
)
def test_a_text_of_others_is_one_line_that_steers_nothing(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(shown) == shown
    assert printable_lines(f"{text}\n").endswith("\n")


def test_what_utf8_cannot_hold_is_written_out() -> None:
    assert encodable("a\udc80ö") == "a\\udc80ö"
