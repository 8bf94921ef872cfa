"""Numbers out of JSON and YAML, which have whole numbers without end."""

from __future__ import annotations

import math
from typing import Any

import pytest

from registry.numbers import is_finite


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, True),
        (-2.5, True),
        (10**308, True),
        (10**400, False),
        (-(10**400), False),
        (math.inf, False),
        (math.nan, False),
        (True, False),
        ("3", False),
        (None, False),
        ([3], False),
    ],
    ids=lambda value: str(value)[:12],
)
def test_what_a_float_can_hold(value: Any, expected: bool) -> None:
    assert is_finite(value) is expected
