"""Words of messages: one thing, several things; and texts of others, made harmless for a terminal."""

from __future__ import annotations

import unicodedata

__all__ = ["counted", "encodable", "plural_of", "printable", "printable_lines"]

HARMFUL = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories that steer a terminal or hide text: control, format (bidi), surrogate, line, paragraph."""
JOINERS = frozenset("\u200c\u200d")
"""Of category Cf too, but they belong to words of Persian and Hindi, and to emoji of several parts."""
IRREGULAR = {
    "person": "people",
    "mouse": "mice",
    "knife": "knives",
    **{same: same for same in ("sheep", "skis", "scissors", "broccoli")},
}


def counted(number: int, one: str, several: str = "") -> str:
    """`1 track`, `2 tracks`, `0 tracks`; `several` where it is more than an s at the end."""
    return f"{number} {one if number == 1 else several or f'{one}s'}"


def plural_of(noun: str) -> str:
    """`people` of `person`, `buses` of `bus`: for names of classes, of which those of COCO come out right."""
    if noun in IRREGULAR:
        return IRREGULAR[noun]
    if noun.endswith(("s", "x", "ch", "sh")):
        return f"{noun}es"
    return f"{noun}s"


def printable(text: str) -> str:
    r"""The text in one line that a terminal only shows: what would steer it is written out, such as `\x1b` or `\n`.

    File names, class names and messages of libraries may hold escape sequences, line ends, and marks that turn the
    direction of writing. `\` itself stays, so that paths of Windows do.
    """
    if text.isprintable():
        return text
    return "".join(_escaped(letter) if _is_harmful(letter) else letter for letter in text)


def printable_lines(text: str) -> str:
    """The same for a text of several lines, which stay; for tables, CSV and tracebacks."""
    return "\n".join(map(printable, text.split("\n")))


def encodable(text: str) -> str:
    r"""The text as UTF-8 can hold it: bytes of another encoding in names of files become such as `\udcff`."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _is_harmful(letter: str) -> bool:
    return unicodedata.category(letter) in HARMFUL and letter not in JOINERS


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode("ascii")
