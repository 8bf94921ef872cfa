"""Cloth: every pattern shows its two colours, textures close around the body, and noise comes from the seed."""

from __future__ import annotations

import numpy as np
import pytest

from synthetic.fabric import PATTERNS, as_bgra, cloth, smooth_noise

RED, WHITE = (40, 40, 200), (230, 230, 230)


@pytest.mark.parametrize("pattern", sorted(PATTERNS))
def test_a_pattern_shows_its_main_colour_and_all_but_plain_the_accent(pattern: str) -> None:
    flat = PATTERNS[pattern](120, 160, RED, WHITE, 0.1)
    assert flat.shape == (120, 160, 3)
    share_main = np.all(flat == RED, axis=2).mean()
    share_accent = np.all(flat == WHITE, axis=2).mean()
    assert share_main > 0.2
    assert (share_accent > 0.1) == (pattern != "plain")


@pytest.mark.parametrize("pattern", ["pinstripes", "checks"])
def test_stripes_that_run_down_close_around_the_body(pattern: str) -> None:
    flat = PATTERNS[pattern](40, 250, RED, WHITE, 0.07)
    changes = np.flatnonzero(np.any(flat[0] != np.roll(flat[0], 1, axis=0), axis=1))
    gaps = np.diff(np.append(changes, changes[0] + 250))
    # Stripes and gaps alternate; the seam makes none narrower or wider than the rest by more than a texel.
    assert gaps[::2].max() - gaps[::2].min() <= 1
    assert gaps[1::2].max() - gaps[1::2].min() <= 1


def test_noise_has_no_seam_and_unit_deviation() -> None:
    noise = smooth_noise(80, 160, (16, 16), np.random.default_rng(3))
    steps = np.abs(np.diff(noise, axis=1)).max()
    assert np.abs(noise[:, 0] - noise[:, -1]).max() <= 1.5 * steps
    assert noise.std() == pytest.approx(1.0, rel=1e-3)


def test_folds_shade_the_cloth_without_changing_its_mean_colour() -> None:
    piece = cloth("plain", 168, 264, RED, WHITE, 0.1, 0.12, np.random.default_rng(1))
    assert piece.std(axis=(0, 1)).max() > 2
    np.testing.assert_allclose(piece.mean(axis=(0, 1)), RED, rtol=0.04)


def test_opacity_is_all_or_nothing() -> None:
    picture = np.full((2, 2, 3), 99.6, np.float32)
    bgra = as_bgra(picture, np.array([[True, False], [False, True]]))
    np.testing.assert_array_equal(bgra[..., 3], [[255, 0], [0, 255]])
    assert (bgra[..., :3] == 100).all()


def test_an_unknown_pattern_is_named_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'tartan'.*checks.*plain"):
        cloth("tartan", 8, 8, RED, WHITE, 0.1, 0.1, np.random.default_rng(0))
