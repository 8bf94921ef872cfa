"""Encoders without a network: no embeddings, and features from a file."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from reid import Encoder, FileEncoder, NoEncoder
from reid.encoder import unit_length

XYXY = np.array([[0, 0, 10, 20], [5, 5, 15, 25]], np.float32)
NOTHING = np.empty((0, 4), np.float32)
NO_FEATURES = np.empty((2, 0), np.float32)


def test_none_gives_rows_of_width_zero() -> None:
    encoder: Encoder = NoEncoder()
    assert encoder.encode(None, XYXY, NO_FEATURES).shape == (2, 0)
    assert (encoder.embedding_dim, encoder.needs_images, encoder.gate) == (0, False, None)


def test_file_gives_the_features_at_unit_length() -> None:
    encoder: Encoder = FileEncoder()
    got = encoder.encode(None, XYXY, np.array([[3, 4], [0, -2]], np.float32))
    np.testing.assert_allclose(got, [[0.6, 0.8], [0, -1]], rtol=1e-7)
    assert (got.dtype, encoder.embedding_dim) == (np.float32, 2)


def test_file_keeps_its_width_through_a_frame_without_detections() -> None:
    encoder = FileEncoder()
    assert encoder.encode(None, NOTHING, np.empty((0, 0), np.float32)).shape == (0, 0)
    encoder.encode(None, XYXY, np.ones((2, 7), np.float32))
    assert encoder.encode(None, NOTHING, np.empty((0, 0), np.float32)).shape == (0, 7)


def test_file_says_so_where_detections_carry_no_features() -> None:
    with pytest.raises(ValueError, match=r"carry no features.*--reid none.*\.npy"):
        FileEncoder().encode(None, XYXY, NO_FEATURES)


def test_file_refuses_a_change_of_width() -> None:
    encoder = FileEncoder()
    encoder.encode(None, XYXY, np.ones((2, 7), np.float32))
    with pytest.raises(ValueError, match="8 features, but earlier ones with 7"):
        encoder.encode(None, XYXY, np.ones((2, 8), np.float32))


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf], ids=["zero", "nan", "infinite"])
def test_a_row_without_direction_becomes_a_fixed_one_and_is_reported(bad: float, caplog) -> None:
    rows = np.array([[bad, bad, bad], [3, 0, 4]], np.float32)
    with caplog.at_level(logging.WARNING, "reid"):
        got = unit_length(rows, "file")
    np.testing.assert_allclose(got, [[1, 0, 0], [0.6, 0, 0.8]], rtol=1e-6)
    assert "file: 1 of 2 embeddings have no direction" in caplog.text


def test_does_not_change_the_features_it_was_given() -> None:
    features = np.array([[0, 0], [3, 4]], np.float32)
    unit_length(features, "file")
    assert features.tolist() == [[0, 0], [3, 4]]
