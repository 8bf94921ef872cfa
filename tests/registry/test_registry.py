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
        ("aple", "unknown fruit 'aple'. Did you mean 'apple'? Known: apple, banana."),
        ("BANANA", "unknown fruit 'BANANA'. Did you mean 'banana'? Known: apple, banana."),
        ("zzz", "unknown fruit 'zzz'. Known: apple, banana."),
    ],
)
def test_an_unknown_name_tells_the_closest_and_the_known(fruits, name, expected):
    with pytest.raises(ValueError) as error:
        fruits.load(name)
    assert str(error.value) == expected


def test_a_hint_ends_the_message():
    assert str(unknown_name("x", "y", ["z"], hint="Try again.")).endswith("Known: z. Try again.")
