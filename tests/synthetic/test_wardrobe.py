"""Pedestrians: reproducible, mostly dark and grey, and half of them have a look-alike who differs in one detail."""

from __future__ import annotations

from dataclasses import fields

import cv2
import numpy as np
import pytest

from synthetic.appearance import sample_identity
from synthetic.wardrobe import FAMILY_BLOCK, FAMILY_SIZE, family_of, sample_pedestrian

_ALWAYS_OTHER = {"seed", "height_m"}


def test_an_index_is_always_the_same_person_and_another_index_or_town_another() -> None:
    assert sample_pedestrian(3, 17) == sample_pedestrian(3, 17)
    people = {sample_pedestrian(seed, index) for seed in (0, 1) for index in range(60)}
    assert len(people) == 120


def test_families_are_the_first_of_each_block() -> None:
    heads = [family_of(index) for index in range(FAMILY_BLOCK + 2)]
    assert heads == [None, 0, 0, 0, None, None, None, None, None, FAMILY_BLOCK]


@pytest.mark.parametrize("seed", range(6))
def test_a_look_alike_differs_from_the_head_of_the_family_in_one_detail(seed: int) -> None:
    head = sample_pedestrian(seed, FAMILY_BLOCK)
    details = []
    for place in range(1, FAMILY_SIZE):
        other = sample_pedestrian(seed, FAMILY_BLOCK + place)
        changed = {field.name for field in fields(head) if getattr(head, field.name) != getattr(other, field.name)}
        visible = changed - _ALWAYS_OTHER
        # Another hair style takes the hat off, another closed coat changes what shows at the neck.
        assert visible in ({"bottom"}, {"hair"}, {"hair", "hat"}, {"shoes"}, {"bag"}, {"build"}) or visible <= {
            "top",
            "outer",
        }
        assert visible
        details.append(frozenset(visible))
    assert len(set(details)) == FAMILY_SIZE - 1


def test_clothes_are_as_dark_and_as_grey_as_on_a_street() -> None:
    people = [sample_pedestrian(1, index) for index in range(4, 4 + 150 * FAMILY_BLOCK, FAMILY_BLOCK)]
    saturation, value = _saturation_and_value([(person.outer or person.top).colour for person in people])
    bold = _saturation_and_value([sample_identity(seed).top.colour for seed in range(150)])
    assert (value < 110).mean() > 0.5
    assert (value > 180).mean() > 0.05
    # The demo's people dress boldly, so that a viewer tells them apart.
    assert saturation.mean() < 0.75 * bold[0].mean()
    assert ((saturation > 130) & (value > 130)).mean() < 0.5 * ((bold[0] > 130) & (bold[1] > 130)).mean()


def _saturation_and_value(colours: list[tuple[int, int, int]]) -> np.ndarray:
    return cv2.cvtColor(np.array([colours], np.uint8), cv2.COLOR_BGR2HSV)[0, :, 1:].T.astype(float)
