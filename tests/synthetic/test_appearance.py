"""Identities: reproducible, different from one another, and near misses that differ in one detail."""

from __future__ import annotations

import dataclasses

from hypothesis import given, settings
from hypothesis import strategies as st

from synthetic.appearance import Identity, sample_identity, similar_identity

seeds = st.integers(0, 2**31 - 1)


@settings(max_examples=100, deadline=None)
@given(seeds)
def test_a_seed_is_one_person(seed: int) -> None:
    person = sample_identity(seed)
    assert person == sample_identity(seed)
    assert 1.5 <= person.height_m <= 1.98
    assert hash(person) == hash(sample_identity(seed))


def test_a_thousand_seeds_are_a_thousand_wardrobes() -> None:
    wardrobes = {dataclasses.replace(sample_identity(seed), seed=0, height_m=1.7, build=1.0) for seed in range(1000)}
    assert len(wardrobes) == 1000


@settings(max_examples=200, deadline=None)
@given(seeds, seeds)
def test_a_similar_person_differs_in_one_detail_only(seed: int, choice: int) -> None:
    person = sample_identity(seed)
    other = similar_identity(person, choice)
    fields = [field.name for field in dataclasses.fields(Identity)]
    changed = {name for name in fields if getattr(person, name) != getattr(other, name)}
    # New hair is only seen without the hat.
    assert changed in ({"top"}, {"outer"}, {"bottom"}, {"shoes"}, {"bag"}, {"hair"}, {"hair", "hat"})
