"""Encoders without a network: no embeddings, and features from a file."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

from reid import Encoder, FileEncoder, NoEncoder, create_encoder
from reid.encoder import unit_length

PICTURE = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
XYXY = np.array([[0, 0, 10, 20], [5, 5, 15, 25]], np.float32)
NOTHING = np.empty((0, 4), np.float32)
NO_FEATURES = np.empty((2, 0), np.float32)


@dataclass(frozen=True)
class Detections:
    """As those of `detectors`, or of supervision."""

    xyxy: np.ndarray


@pytest.fixture(scope="module")
def small_cnn() -> Encoder:
    return create_encoder("small-cnn", runtime="torch", device="cpu")


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


BOXES = [[0.0, 0, 10, 20], [5, 5, 15, 25]]


class _OnAnotherDevice:
    """A tensor as a GPU has it: it must be fetched before NumPy can read it."""

    def detach(self) -> torch.Tensor:
        return torch.tensor(BOXES, dtype=torch.bfloat16)

    def __array__(self, *_: object) -> None:
        raise TypeError("can't convert cuda:0 device type tensor to numpy")


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(np.array(BOXES), id="array"),
        pytest.param(np.array(BOXES, np.float32), id="float32"),
        pytest.param(np.array(BOXES).astype(int), id="whole numbers"),
        pytest.param(BOXES, id="list"),
        pytest.param([np.array(row) for row in BOXES], id="list of arrays"),
        pytest.param(torch.tensor(BOXES), id="tensor"),
        pytest.param(torch.tensor(BOXES, requires_grad=True), id="tensor with gradient"),
        pytest.param(_OnAnotherDevice(), id="tensor elsewhere, of a type that NumPy lacks"),
    ],
)
def test_boxes_in_any_form_give_the_same_embeddings(given: Any, small_cnn: Encoder) -> None:
    assert np.array_equal(small_cnn.encode(PICTURE, given), small_cnn.encode(PICTURE, np.array(BOXES), NO_FEATURES))


@pytest.mark.parametrize(
    "given", [[], (), np.empty((0, 4)), torch.empty((0, 4))], ids=["list", "tuple", "array", "tensor"]
)
def test_no_boxes_give_no_rows(given: Any, small_cnn: Encoder) -> None:
    assert small_cnn.encode(PICTURE, given).shape == (0, small_cnn.embedding_dim)
    assert NoEncoder().encode(None, given).shape == (0, 0)
    assert FileEncoder().encode(None, given).shape == (0, 0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param([1.0, 2, 3, 4], r"but got \(4,\); one box is \[\[x1, y1, x2, y2\]\]$", id="one box"),
        pytest.param(np.ones((3, 6)), r"but got \(3, 6\); give the first four columns, xyxy\[:, :4\]", id="a table"),
        pytest.param(np.ones((2, 2)), r"but got \(2, 2\)$", id="points"),
        pytest.param([["a", "b", "c", "d"]], r"must be numbers .* but got \[\['a'", id="words"),
        pytest.param([[1.0, 2], [1.0]], "must be numbers of shape", id="rows of several lengths"),
        pytest.param([["1", "2", "3", "4"]], "must be numbers of shape", id="numbers as words"),
        pytest.param(None, "must be numbers of shape .* but got None", id="nothing"),
        pytest.param(Detections(XYXY), "is a Detections, expected boxes .*: give its .xyxy", id="detections"),
    ],
)
def test_other_boxes_are_refused_in_one_sentence(given: Any, message: str, small_cnn: Encoder) -> None:
    for encoder in (small_cnn, NoEncoder(), FileEncoder()):
        with pytest.raises(ValueError, match=message):
            encoder.encode(PICTURE, given)


def test_a_picture_that_is_no_array_is_refused(small_cnn: Encoder) -> None:
    with pytest.raises(ValueError, match="image is a Tensor, expected a NumPy array"):
        small_cnn.encode(torch.zeros((40, 40, 3), dtype=torch.uint8), BOXES)  # type: ignore[arg-type]


def test_file_takes_one_row_of_features_a_box() -> None:
    assert np.allclose(FileEncoder().encode(None, BOXES, [[3, 4], [0, -2]]), [[0.6, 0.8], [0, -1]])
    with pytest.raises(ValueError, match=r"features must have shape \(2, F\), one row a box, but got \(1, 2\)"):
        FileEncoder().encode(None, BOXES, [[3, 4]])
