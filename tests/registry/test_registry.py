"""Names are found, refused with help, and never imported before they are needed."""

from __future__ import annotations

import pytest

from registry import Registry, unknown_name


@pytest.fixture
def fruits():
    registry = Registry("fruit")
    registry.add("apple", "collections:OrderedDict", "round")
    registry.add("banana", "no_such_module:thing", "long")
    return registry


def test_a_name_loads_its_target(fruits):
    from collections import OrderedDict

    assert fruits.load("apple") is OrderedDict


def test_nothing_is_imported_before_it_is_asked_for(fruits):
    assert fruits.names() == ("apple", "banana")
    with pytest.raises(ModuleNotFoundError):
        fruits.load("banana")


def test_a_taken_name_is_refused(fruits):
    with pytest.raises(ValueError, match="'apple' is already registered as collections:OrderedDict"):
        fruits.add("apple", "x:y", "")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("aple", "unknown fruit 'aple'. Did you mean 'apple'?"),
        ("BANANA", "unknown fruit 'BANANA'. Did you mean 'banana'?"),
        ("zzz", "unknown fruit 'zzz'. Known: apple, banana."),
    ],
)
def test_an_unknown_name_tells_the_closest_or_else_the_known(fruits, name, expected):
    with pytest.raises(ValueError) as error:
        fruits.load(name)
    assert str(error.value) == expected


COLOURS = tuple(
    f"{tone}-{colour}" for tone in ("pale", "dark", "warm", "cold") for colour in ("red", "blue", "green", "teal")
)
WHERE = "All are listed by: paint colours."


@pytest.mark.parametrize(
    ("name", "known", "where", "expected"),
    [
        pytest.param("pale-reed", COLOURS, WHERE, f"Did you mean 'pale-red'? {WHERE}", id="close, of many"),
        pytest.param("pale-reed", COLOURS, "", "Did you mean 'pale-red'?", id="close, listed nowhere"),
        pytest.param("zzz", COLOURS, WHERE, WHERE, id="nothing close, of many"),
        pytest.param("zzz", COLOURS, "", f"Known: {', '.join(sorted(COLOURS))}.", id="many, listed nowhere else"),
        pytest.param("zzz", ("red", "blue"), WHERE, "Known: blue, red.", id="nothing close, of few"),
        pytest.param("big", ("bug", "bag", "frog"), "", "Did you mean 'bug' or 'bag'?", id="two as close"),
        pytest.param("bog", ("bug", "bag", "big"), "", "Did you mean 'bug', 'big' or 'bag'?", id="three as close"),
    ],
)
def test_a_long_list_is_named_not_printed(name: str, known: tuple[str, ...], where: str, expected: str) -> None:
    assert str(unknown_name("colour", name, known, where=where)) == f"unknown colour {name!r}. {expected}"


def test_a_prefix_that_all_names_have_makes_none_of_them_closer() -> None:
    assert str(unknown_name("key", "zzz", ["age"], prefix="tracker.")).endswith("'tracker.zzz'. Known: tracker.age.")
    assert "Did you mean 'tracker.age'?" in str(unknown_name("key", "agee", ["age"], prefix="tracker."))


def test_a_hint_ends_the_message():
    assert str(unknown_name("x", "y", ["z"], hint="Try again.")).endswith("Known: z. Try again.")
