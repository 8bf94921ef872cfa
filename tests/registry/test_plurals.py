"""Classes in words: how many of what."""

from __future__ import annotations

import pytest

from registry.words import plural_of


@pytest.mark.parametrize(
    ("one", "several"),
    [
        ("person", "people"),
        ("car", "cars"),
        ("bus", "buses"),
        ("couch", "couches"),
        ("toothbrush", "toothbrushes"),
        ("wine glass", "wine glasses"),
        ("sheep", "sheep"),
        ("skis", "skis"),
        ("mouse", "mice"),
        ("knife", "knives"),
    ],
)
def test_plural_of(one: str, several: str) -> None:
    assert plural_of(one) == several
