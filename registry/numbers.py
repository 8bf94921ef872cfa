"""Numbers that somebody wrote: read in one place, with a limit above which nothing sensible lies."""

from __future__ import annotations

import math
import re
import sys
from typing import TypeGuard

__all__ = [
    "LONGEST_NUMBER",
    "MAX_EXACT",
    "MAX_FRAME",
    "MAX_PX",
    "as_float",
    "is_finite",
    "parse_number",
    "parse_whole",
    "shown",
]

MAX_FRAME = 100_000_000
"""Highest frame number: 46 days at 25 frames per second. What is above is no frame number."""
MAX_PX = 10_000_000.0
"""Furthest place of a box, px."""
MAX_EXACT = 2**53
"""Whole numbers above are not exact as floats, so ids cannot be."""
LONGEST_NUMBER = 400
"""Letters: the longest text of a float without an exponent."""
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?")
_SHOWN = 40


def shown(text: str) -> str:
    """A text of a file for a message: quoted, without control characters, cut where it is long."""
    return repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}... ({len(text):,} letters)"


def as_float(text: str) -> float:
    """A number with a decimal point or a decimal comma.

    Raises:
        ValueError: no number.
    """
    if len(text) > LONGEST_NUMBER:
        raise ValueError("too long for a number")
    return float(text.replace(",", ".") if _DECIMAL_COMMA.fullmatch(text.strip()) else text)


def is_finite(value: object) -> TypeGuard[float]:
    """Whether a value out of somebody's JSON or YAML is a number that a `float` can hold; a truth value is none.

    Both forms have whole numbers without end, at which `math.isfinite` raises `OverflowError`.
    """
    largest = sys.float_info.max
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -largest <= value <= largest


def parse_number(text: str, what: str, lowest: float, highest: float) -> float:
    """The number that a text stands for.

    Args:
        text: as written.
        what: begins the message, such as `seqinfo.ini: frameRate`.
        lowest: smallest number allowed.
        highest: largest one.

    Raises:
        ValueError: no number, or one outside.
    """
    return _within(text, what, lowest, highest, "a number")


def parse_whole(text: str, what: str, lowest: int, highest: int) -> int:
    """The whole number that a text stands for; see `parse_number`."""
    return int(_within(text, what, lowest, highest, "a whole number"))


def _within(text: str, what: str, lowest: float, highest: float, kind: str) -> float:
    try:
        value = as_float(text)
    except ValueError:
        value = math.nan
    if not lowest <= value <= highest or (kind == "a whole number" and value != math.floor(value)):
        raise ValueError(f"{what} is {shown(text)}, expected {kind} from {lowest:,} to {highest:,}")
    return value
