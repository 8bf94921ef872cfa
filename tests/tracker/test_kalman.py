"""The block filter against filterpy's matrices, and the invariants that keep it alive."""

from __future__ import annotations

import numpy as np
import pytest
from filterpy.kalman import KalmanFilter
from hypothesis import given
from hypothesis import strategies as st

from tracker import kalman

NOISE = kalman.MotionNoise()
TOLERANCE = 1e-9


def dense(covariance):
    """`(4, 3)` blocks as the 8x8 matrix that they stand for."""
    matrix = np.zeros((8, 8))
    matrix[range(4), range(4)] = covariance[:, 0]
    matrix[range(4), range(4, 8)] = matrix[range(4, 8), range(4)] = covariance[:, 1]
    matrix[range(4, 8), range(4, 8)] = covariance[:, 2]
    return matrix


def variances(height, weight, aspect):
    return np.square([weight * height, weight * height, aspect, weight * height])


class Oracle:
    """filterpy with the matrices of the paper."""

    def __init__(self, xyah, steps=1.0):
        self.kf = KalmanFilter(dim_x=8, dim_z=4)
        self.kf.F = np.eye(8) + steps * np.eye(8, k=4)
        self.steps = steps
        self.kf.H = np.eye(4, 8)
        self.kf.x = np.r_[xyah, np.zeros(4)]
        self.kf.P = np.diag(np.r_[variances(xyah[3], 1 / 10, 1e-2), variances(xyah[3], 1 / 16, 1e-5)])

    def predict(self):
        height = self.kf.x[3]
        added = np.diag(np.r_[variances(height, 1 / 20, 1e-2), variances(height, 1 / 160, 1e-5)])
        self.kf.predict(Q=self.steps * added)

    def update(self, xyah):
        self.kf.update(xyah, R=np.diag(variances(self.kf.x[3], 1 / 20, 1e-1)))


def boxes(min_size=1, max_size=1):
    sizes = st.tuples(*(st.floats(low, high) for low, high in ((-500, 5000), (-500, 5000), (0.1, 5), (5, 2000))))
    return st.lists(sizes, min_size=min_size, max_size=max_size).map(lambda rows: np.array(rows, float))


@given(
    boxes(min_size=2, max_size=12),
    st.lists(st.booleans(), min_size=1, max_size=40),
    st.sampled_from([1.0, 0.0, 0.5, 3.0, 30.0]),
)
def test_equals_filterpy_over_any_pattern_of_hits_and_misses(measurements, hits, steps):
    mean, covariance = kalman.initiate(measurements[:1], NOISE)
    oracle = Oracle(measurements[0], steps)
    for step, hit in enumerate(hits):
        mean, covariance = kalman.predict(mean, covariance, NOISE, steps)
        oracle.predict()
        if hit:
            measurement = measurements[step % len(measurements)]
            mean, covariance = kalman.update(mean, covariance, measurement[None], NOISE)
            oracle.update(measurement)
        scale = max(1.0, float(np.abs(oracle.kf.x).max()))
        np.testing.assert_allclose(mean[0].T.ravel() / scale, oracle.kf.x / scale, atol=TOLERANCE)
        largest = float(np.abs(oracle.kf.P).max())
        np.testing.assert_allclose(dense(covariance[0]) / largest, oracle.kf.P / largest, atol=TOLERANCE)


@given(boxes(), boxes(min_size=3, max_size=3))
def test_gating_distance_is_the_mahalanobis_distance(start, measurements):
    mean, covariance = kalman.predict(*kalman.initiate(start, NOISE), NOISE)
    expected, innovation = kalman.project(mean, covariance, NOISE)
    distances = kalman.gating_distance(expected.T, innovation.T, measurements.T)
    precision = np.linalg.inv(dense(covariance[0])[:4, :4] + np.diag(variances(mean[0, 3, 0], 1 / 20, 1e-1)))
    residuals = measurements - expected
    np.testing.assert_allclose(distances, np.einsum("ni,ij,nj->n", residuals, precision, residuals), rtol=1e-8)


@pytest.mark.parametrize("num_steps", [1, 30, 3000])
def test_variances_stay_positive_without_measurements_and_with_a_height_driven_through_zero(num_steps):
    mean, covariance = kalman.initiate(np.array([[0.0, 0.0, 0.5, 10.0]]), NOISE)
    mean[0, 3, 1] = -5.0
    for _ in range(num_steps):
        mean, covariance = kalman.predict(mean, covariance, NOISE)
    assert np.isfinite(mean).all()
    assert (covariance[..., [0, 2]] > 0).all()


def test_rows_do_not_touch_each_other():
    start = np.array([[10.0, 20.0, 0.5, 100.0], [300.0, 200.0, 0.4, 50.0]])
    measured = start + [[3, 1, 0.01, 2], [-4, 2, -0.02, 1]]
    together = kalman.update(*kalman.predict(*kalman.initiate(start, NOISE), NOISE), measured, NOISE)
    for row in range(2):
        one = slice(row, row + 1)
        alone = kalman.update(*kalman.predict(*kalman.initiate(start[one], NOISE), NOISE), measured[one], NOISE)
        np.testing.assert_array_equal(together[0][one], alone[0])
        np.testing.assert_array_equal(together[1][one], alone[1])


def test_no_tracks():
    empty = np.empty((0, 4))
    mean, covariance = kalman.predict(*kalman.initiate(empty, NOISE), NOISE)
    assert mean.shape == (0, 4, 2)
    assert kalman.update(mean, covariance, empty, NOISE)[1].shape == (0, 4, 3)


def test_a_size_driven_below_zero_is_told_as_it_last_was_above():
    mean, covariance = kalman.initiate(np.array([[0.0, 0.0, 0.5, 10.0], [0.0, 0.0, 0.5, 10.0]]), NOISE)
    mean[0, 3, 1] = -3.0
    told = []
    for _ in range(8):
        mean, covariance = kalman.predict(mean, covariance, NOISE)
        told.append(kalman.upright(mean)[:, 3].tolist())
    assert [heights[0] for heights in told] == pytest.approx([7.0, 4.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    assert {heights[1] for heights in told} == {10.0}
    assert mean[0, 3, 0] == pytest.approx(-14.0), "the filter goes on as published"


@pytest.mark.parametrize("velocity", [-1e-9, 0.0, 5.0])
def test_a_size_below_zero_that_no_longer_shrinks_is_told_as_small(velocity):
    mean = np.zeros((1, 4, 2))
    mean[0, 2:, 0], mean[0, 2:, 1] = (-0.1, -4.0), velocity
    told = kalman.upright(mean)[0, 2:]
    assert (told > 0).all()
    assert (told <= 0.1).all()


@pytest.mark.parametrize("spread", [1e3, 1e9, 1e20, 1e40])
def test_variances_stay_positive_where_a_measurement_says_all_there_is_to_know(spread):
    """A camera that zooms in and in leaves a track that may be anywhere; S and P are then one number in float64."""
    mean, covariance = kalman.initiate(np.array([[0.0, 0.0, 0.5, 1.0]]), NOISE)
    covariance[..., 0], covariance[..., 1], covariance[..., 2] = spread, spread / 3, spread / 9
    for _ in range(3):
        mean, covariance = kalman.update(mean, covariance, np.array([[5.0, 5.0, 0.5, 2.0]]), NOISE)
        assert (covariance[..., [0, 2]] > 0).all()
        mean, covariance = kalman.predict(mean, covariance, NOISE)
        assert (covariance[..., [0, 2]] > 0).all()
    assert np.isfinite(mean).all()
