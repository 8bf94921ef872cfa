"""Settings that make no sense are refused by name."""

from __future__ import annotations

import pytest

from tracker import TrackerConfig


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("gallery_size", 0),
        ("gallery_size", 100_000_000_000),
        ("n_init", 0),
        ("max_age", 2.5),
        ("max_age", "3"),
        ("max_age", -1),
        ("iou_max_misses", 0),
        ("max_cosine_distance", 2.5),
        ("max_cosine_distance", float("nan")),
        ("max_iou_distance", 1.5),
        ("motion_gate", 0.0),
        ("weight_position", float("inf")),
        ("weight_velocity", -0.1),
        ("aspect_std", 0.0),
        ("birth_score", 2.0),
        ("low_score", -0.5),
        ("measured_noise", 0.0),
        ("score_noise", 1.5),
        ("recover_s", -1.0),
        ("max_age_s", float("inf")),
        ("confirm_evidence", -1.0),
        ("miss_evidence", float("nan")),
        ("most_evidence", 0.0),
        ("tentative_penalty", -0.1),
        ("doubt_penalty", -0.1),
        ("predicted_s", -0.1),
        ("appearance_weight", -0.1),
        ("birth_iou", 2.0),
        ("birth_inside", -0.1),
        ("lost_gate", 1.1),
        ("appearance_momentum", -0.1),
    ],
)
def test_out_of_range(setting, value):
    with pytest.raises(ValueError, match=f"{setting} is .*expected"):
        TrackerConfig(**{setting: value})


def test_defaults_are_the_published_numbers():
    config = TrackerConfig()
    published = (
        config.max_cosine_distance,
        config.gallery_size,
        config.max_iou_distance,
        config.max_age,
        config.n_init,
    )
    assert published == (0.2, 100, 0.7, 30, 3)
    assert config.motion_gate == pytest.approx(9.4877)
