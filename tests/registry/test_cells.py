"""Texts in CSV: none is a formula, and each comes back as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.cells import FORMULAS, from_cell, to_cell


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        pytest.param("person", "person", id="a name"),
        pytest.param("traffic light", "traffic light", id="two words"),
        pytest.param("", "", id="nothing"),
        pytest.param("-", "-", id="a sign alone"),
        pytest.param("a=b", "a=b", id="a sign within"),
        pytest.param("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0", id="a formula"),
        pytest.param("+1", "'+1", id="plus"),
        pytest.param("-1", "'-1", id="minus"),
        pytest.param("@SUM(A1)", "'@SUM(A1)", id="at"),
        pytest.param("\t=1", "'\t=1", id="tab"),
        pytest.param("\uff1d1+1", "'\uff1d1+1", id="full width"),
        pytest.param("'tis", "''tis", id="an apostrophe"),
    ],
)
def test_a_text_and_its_cell(text: str, cell: str) -> None:
    assert to_cell(text) == cell
    assert from_cell(cell) == text


@given(st.text(alphabet="=+-@\t'ab \uff1d", max_size=5))
def test_every_text_comes_back_and_none_is_a_formula(text: str) -> None:
    assert from_cell(to_cell(text)) == text
    assert len(text) < 2 or not to_cell(text).startswith(FORMULAS)
