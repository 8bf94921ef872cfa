"""A drawn person: reproducible, of the stated size and place, lit from the light's side, with the bag where it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetic.appearance import Bag, Garment, Hair, Identity, sample_identity
from synthetic.figure import Light, View, draw_figure
from synthetic.skeleton import Pose

GREEN = (40, 220, 40)
MAN = Identity(
    seed=1,
    height_m=1.8,
    build=1.0,
    shoulders=1.0,
    hips=1.0,
    skin=(128, 160, 205),
    hair=Hair("short", (30, 36, 48)),
    top=Garment("sweater", (180, 180, 180), (180, 180, 180)),
    outer=None,
    bottom=Garment("trousers", (170, 170, 170), (170, 170, 170)),
    shoes=(60, 60, 60),
    bag=Bag("backpack", GREEN),
    hat=None,
    glasses=False,
    beard=False,
)
STANDING = Pose(0.0, 0.0)


def _green_share(azimuth_deg: float) -> float:
    sprite = draw_figure(MAN, STANDING, View(azimuth_deg), Light(), height_px=150, supersample=1)
    b, g, r = np.moveaxis(sprite.bgr, 2, 0)
    return float(((g > 1.5 * b) & (g > 1.5 * r)).sum() / sprite.alpha.sum())


def test_the_same_call_draws_the_same_pixels() -> None:
    first, second = (draw_figure(MAN, Pose(0.3), View(40), Light(), height_px=90, foot=(8.3, 90.6)) for _ in range(2))
    np.testing.assert_array_equal(first.bgr, second.bgr)
    np.testing.assert_array_equal(first.alpha, second.alpha)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 360), st.floats(60, 200))
def test_a_standing_person_is_as_tall_as_asked_and_stands_at_the_foot(seed: int, azimuth: float, tall: float) -> None:
    person = sample_identity(seed)
    sprite = draw_figure(person, STANDING, View(azimuth, 0.0), Light(), height_px=tall, foot=(200.0, 300.0))
    box = sprite.xyxy()
    assert box is not None
    x1, y1, x2, y2 = box
    assert y2 == pytest.approx(300, abs=0.03 * tall + 1)
    assert 0.96 * tall - 2 <= y2 - y1 <= 1.08 * tall + 2  # hair, hats and soles stand out a little
    assert x1 < 200 < x2
    assert 0.12 * tall < x2 - x1 < 0.75 * tall


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0, 1), st.floats(0, 360), st.floats(0, 30))
def test_coverage_and_colour_are_in_range(seed: int, phase: float, azimuth: float, elevation: float) -> None:
    sprite = draw_figure(sample_identity(seed), Pose(phase), View(azimuth, elevation), Light(), height_px=70)
    assert sprite.alpha.min() >= 0
    assert sprite.alpha.max() <= 1
    assert np.isfinite(sprite.bgr).all()
    assert (sprite.bgr >= 0).all()
    assert (sprite.bgr <= 255 * sprite.alpha[..., None] + 1e-2).all()
    # The sprite has room around the figure: nothing is cut off.
    assert not sprite.alpha[[0, -1]].any()
    assert not sprite.alpha[:, [0, -1]].any()


def test_a_whole_pixel_moves_the_sprite_and_nothing_else() -> None:
    here = draw_figure(MAN, Pose(0.1), View(70), Light(), height_px=80, foot=(30.25, 90.5))
    there = draw_figure(MAN, Pose(0.1), View(70), Light(), height_px=80, foot=(47.25, 95.5))
    assert (there.left - here.left, there.top - here.top) == (17, 5)
    np.testing.assert_allclose(there.alpha, here.alpha, atol=0.02)


def test_the_backpack_is_seen_from_behind_and_from_the_side_not_from_the_front() -> None:
    front, side, back = _green_share(0), _green_share(90), _green_share(180)
    assert front < 0.06  # the straps
    assert 0.06 < side < back
    assert back > 0.12


@pytest.mark.parametrize(("azimuth", "brighter"), [(-80.0, "left"), (80.0, "right")])
def test_the_side_toward_the_light_is_brighter(azimuth: float, brighter: str) -> None:
    light = Light(azimuth_deg=azimuth, elevation_deg=20)
    sprite = draw_figure(MAN, STANDING, View(0), light, height_px=150, foot=(100.0, 160.0))
    middle = 100 - sprite.left
    halves = {}
    for name, part in (("left", np.s_[:, :middle]), ("right", np.s_[:, middle:])):
        halves[name] = float(sprite.bgr[part].sum() / sprite.alpha[part].sum())
    other = "right" if brighter == "left" else "left"
    assert halves[brighter] > 1.1 * halves[other]


def test_walking_to_the_right_and_to_the_left_are_mirror_silhouettes() -> None:
    # The body is symmetric but for the phase: half a cycle later left and right have changed places.
    right = draw_figure(MAN, Pose(0.1), View(90, 0), Light(), height_px=100, foot=(60.0, 110.0)).alpha
    left = draw_figure(MAN, Pose(0.6), View(270, 0), Light(), height_px=100, foot=(60.0, 110.0)).alpha
    assert right.sum() == pytest.approx(left.sum(), rel=0.02)
    np.testing.assert_allclose(right.sum(axis=1)[2:-2].sum(), left.sum(axis=1)[2:-2].sum(), rtol=0.02)


def test_an_empty_sprite_has_no_box() -> None:
    sprite = draw_figure(MAN, STANDING, View(), Light(), height_px=60)
    assert sprite.xyxy(threshold=1.01) is None
