"""The camera: ground positions survive the way through the picture, and sensor effects do what they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.camera import GroundCamera, Sensor, expose, motion_blur

CLEAN = Sensor(blur_px=0.0, vignette=0.0, exposure=1.0, noise=0.0)


@given(st.floats(-5, 5), st.floats(4, 40), st.floats(1.5, 2))
def test_size_falls_with_distance(x: float, z: float, tall: float) -> None:
    camera = GroundCamera()
    foot, head = camera.project(x, 0.0, z), camera.project(x, tall, z)
    assert foot[0] == pytest.approx(head[0])
    assert foot[1] - head[1] == pytest.approx(camera.focal_px * tall / z)


def test_ground_maps_invert_the_projection() -> None:
    camera = GroundCamera(width=64, height=48, focal_px=60, horizon_px=12)
    x, z = camera.ground_maps(2)
    assert x.shape == z.shape == (96, 128)
    assert np.isinf(z[:24]).all()
    for row, col in ((40, 5), (60, 90), (95, 127)):
        u, v = camera.project(float(x[row, col]), 0.0, float(z[row, col]))
        assert (u, v) == pytest.approx(((col + 0.5) / 2, (row + 0.5) / 2), abs=1e-3)


def test_a_clean_sensor_returns_the_picture_and_exposure_scales_it() -> None:
    picture = np.random.default_rng(0).uniform(0, 120, (20, 30, 3)).astype(np.float32)
    rng = np.random.default_rng(1)
    np.testing.assert_array_equal(expose(picture, CLEAN, rng), np.round(picture).astype(np.uint8))
    doubled = expose(picture, Sensor(0.0, 0.0, 2.0, 0.0), rng)
    np.testing.assert_allclose(doubled, 2 * picture, atol=0.51)


def test_noise_has_the_stated_strength_and_comes_from_the_generator() -> None:
    picture = np.full((120, 160, 3), 128, np.float32)
    noisy = Sensor(0.0, 0.0, 1.0, 3.0)
    first = expose(picture, noisy, np.random.default_rng(5))
    assert first.astype(float).std() == pytest.approx(3.0, rel=0.05)
    np.testing.assert_array_equal(first, expose(picture, noisy, np.random.default_rng(5)))
    assert (first != expose(picture, noisy, np.random.default_rng(6))).any()


@pytest.mark.parametrize("shift", [-7.3, -2.0, 1.4, 3.0, 6.5])
def test_motion_blur_spreads_a_line_over_the_way_and_keeps_its_light(shift: float) -> None:
    line = np.zeros((3, 41, 4), np.float32)
    line[:, 20] = 1
    blurred = motion_blur(line, shift)
    assert blurred.sum() == pytest.approx(line.sum(), rel=1e-5)
    assert abs(shift) <= (blurred[1, :, 0] > 0).sum() <= abs(shift) + 2


def test_motion_below_a_pixel_changes_nothing() -> None:
    line = np.eye(5, dtype=np.float32)
    assert motion_blur(line, 0.6) is line
