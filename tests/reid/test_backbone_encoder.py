"""An embedding depends on its crop alone, and is the same on every run."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reid import Encoder, create_encoder
from reid.backbone_encoder import BackboneEncoder
from reid.backbones.dogenet import dogenet26
from reid.backbones.small_cnn import small_cnn
from reid.seeded import whitening_for

RNG = np.random.default_rng(5)
FRAME = np.repeat(np.repeat(RNG.integers(0, 256, (12, 16, 3), np.uint8), 20, axis=0), 20, axis=1)
NO_FEATURES = np.empty((0, 0), np.float32)


def random_boxes(count: int) -> np.ndarray:
    """Boxes of which some reach beyond the frame."""
    corner, size = RNG.uniform(-30, 250, (count, 2)), RNG.uniform(10, 90, (count, 2))
    return np.concatenate([corner, corner + size], axis=1).astype(np.float32)


BOXES = random_boxes(13)


def make(kind: str, batch_size: int = 8) -> BackboneEncoder:
    """Small crops make the attention network quick."""
    torch.manual_seed(1)
    backbone = small_cnn() if kind == "small-cnn" else dogenet26(input_size=(32, 16))
    whitening = whitening_for(backbone.eval(), 0) if kind == "whitened" else None
    return BackboneEncoder(backbone, device="cpu", batch_size=batch_size, whitening=whitening)


ENCODERS = {kind: make(kind) for kind in ("small-cnn", "dogenet26", "whitened")}
ALONE = {
    kind: np.concatenate([encoder.encode(FRAME, row[None], NO_FEATURES) for row in BOXES])
    for kind, encoder in ENCODERS.items()
}
# Whitening magnifies the last bit, where the processor's kernels sum in another order for another batch size.
TOLERANCE = {"small-cnn": 1e-6, "dogenet26": 1e-6, "whitened": 1e-4}


@pytest.mark.parametrize("kind", ENCODERS)
@settings(max_examples=8, deadline=None)
@given(rows=st.lists(st.integers(0, len(BOXES) - 1), max_size=9))
def test_embedding_does_not_depend_on_its_neighbours(kind: str, rows: list[int]) -> None:
    got = ENCODERS[kind].encode(FRAME, BOXES[np.array(rows, int)], NO_FEATURES)
    np.testing.assert_allclose(got, ALONE[kind][np.array(rows, int)], rtol=0, atol=TOLERANCE[kind])


@pytest.mark.parametrize("kind", ENCODERS)
@pytest.mark.parametrize("batch_size", [1, 64])
def test_embedding_does_not_depend_on_the_batch_size(kind: str, batch_size: int) -> None:
    got = make(kind, batch_size).encode(FRAME, BOXES, NO_FEATURES)
    np.testing.assert_allclose(got, ALONE[kind], rtol=0, atol=TOLERANCE[kind])


@pytest.mark.parametrize("kind", ENCODERS)
def test_embeddings_have_unit_length_and_differ(kind: str) -> None:
    np.testing.assert_allclose(np.linalg.norm(ALONE[kind], axis=1), 1, atol=1e-6)
    assert len(np.unique(ALONE[kind], axis=0)) == len(BOXES)


def test_no_boxes_give_no_rows_of_the_right_width() -> None:
    got = ENCODERS["dogenet26"].encode(FRAME, np.empty((0, 4), np.float32), NO_FEATURES)
    assert (got.shape, got.dtype) == ((0, 512), np.float32)


def test_boxes_without_pixels_still_get_a_finite_embedding() -> None:
    boxes = np.array([[900, 900, 950, 990], [np.nan, 0, 5, 5], [3, 3, 3, 3]], np.float32)
    got = ENCODERS["whitened"].encode(FRAME, boxes, NO_FEATURES)
    np.testing.assert_allclose(np.linalg.norm(got, axis=1), 1, atol=1e-6)


def test_without_images_is_one_clear_error() -> None:
    with pytest.raises(ValueError, match=r"dogenet26 looks at pixels.*use the encoder none"):
        ENCODERS["dogenet26"].encode(None, BOXES, NO_FEATURES)


def test_refuses_an_empty_batch_size() -> None:
    with pytest.raises(ValueError, match="batch_size"):
        make("dogenet26", 0)


def test_uses_evaluation_mode_whatever_mode_the_network_came_in() -> None:
    backbone = dogenet26(input_size=(32, 16)).train()
    BackboneEncoder(backbone, device="cpu").encode(FRAME, BOXES, NO_FEATURES)
    assert not backbone.training
    assert int(backbone.bn1.num_batches_tracked) == 0


def test_random_weights_warn_loudly_and_is_the_same_each_time(caplog) -> None:
    state = torch.get_rng_state()
    with caplog.at_level(logging.WARNING, "reid"):
        first = create_encoder("small-cnn", weights=Path("random"), device="cpu", seed=3)
    assert len(caplog.records) == 1
    assert "weak" in caplog.text
    same, other = (create_encoder("small-cnn", weights=Path("random"), device="cpu", seed=seed) for seed in (3, 4))
    rows = [encoder.encode(FRAME, BOXES, NO_FEATURES) for encoder in (first, same, other)]
    assert rows[0].tobytes() == rows[1].tobytes()
    assert np.abs(rows[0] - rows[2]).max() > 0.01
    assert torch.equal(torch.get_rng_state(), state)  # the global generator was not touched


def test_works_with_ultralytics_uninstalled(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "ultralytics", None)
    encoder: Encoder = create_encoder("small-cnn", device="cpu")
    assert encoder.encode(FRAME, BOXES[:1], NO_FEATURES).shape == (1, 128)
