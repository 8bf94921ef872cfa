"""The size prior finds the line that sizes follow, though some blobs lost their legs."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.size_prior import SizePrior


@pytest.mark.parametrize(("slope", "offset"), [(0.0, 60.0), (0.2, 25.0), (0.6, -20.0)])
def test_line_is_found_among_fragments(slope: float, offset: float) -> None:
    generator = np.random.default_rng(0)
    prior = SizePrior(270)
    for _ in range(400):
        foot = generator.uniform(80, 260)
        whole = slope * foot + offset
        part = generator.uniform(0.5, 0.9) if generator.random() < 0.3 else generator.normal(1, 0.03)
        prior.add(foot, whole * part, 0.4 * whole)
    for foot in (100.0, 180.0, 250.0):
        assert prior.height(foot) == pytest.approx(slope * foot + offset, rel=0.1)
        top = foot - prior.height(foot)
        assert prior.height_from_top(top) == pytest.approx(prior.height(foot), rel=1e-6)


def test_nothing_is_known_from_a_few() -> None:
    prior = SizePrior(270)
    for _ in range(20):
        prior.add(200, 60, 25)
    assert not prior.known


def test_feet_in_one_row_give_no_slope() -> None:
    prior = SizePrior(270)
    for index in range(300):
        prior.add(200 + index % 3, 60 + index % 2, 25)
    assert prior.height(100) == prior.height(250) == pytest.approx(61, abs=1)
