"""JSON of others: whatever is wrong with it is a `ValueError`, which every reader of a file expects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.json_texts import parse_json

ROOT = Path(__file__).resolve().parents[2]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(VALUES)
def test_sound_texts_are_read(value: Any) -> None:
    assert parse_json(json.dumps(value)) == value
    assert parse_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[" * 100_000, id="lists without end"),
        pytest.param('{"a":' * 100_000, id="tables without end"),
        pytest.param("[" * 50_000 + "]" * 50_000, id="lists that end"),
        pytest.param("9" * 5000, id="a number of 5,000 digits"),
        pytest.param("", id="nothing"),
        pytest.param(b"\xff\xfe[", id="half of another encoding"),
    ],
)
def test_others_are_refused_by_one_kind_of_error(text: str | bytes) -> None:
    with pytest.raises(ValueError):
        parse_json(text)


def test_no_reader_of_a_file_calls_pythons_own() -> None:
    """Whoever parses a text of others goes through here."""
    packages = (ROOT / name for name in ("track", "reid", "detectors", "evaluation", "registry", "tracker"))
    files = [file for package in packages for file in package.rglob("*.py")]
    own = {"json_texts.py", "cost.py", "state.py"}  # itself, a table of ours, what was dumped a line before
    assert len(files) > 200
    assert not [file for file in files if "json.loads(" in file.read_text() and file.name not in own]
